"""The change set: how the roster as applied (the baseline) differs from what Clever gave now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from rosterhold.roster.identity import same_records
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.matching import Matched, match
from rosterhold.roster.references import REFERENCES, Renames, among, under_todays_ids
from rosterhold.roster.snapshot import Frames
from rosterhold.roster.unreadable import Unreadable

ADDED: Final = "added"
CHANGED: Final = "changed"
REMOVED: Final = "removed"
REIDENTIFIED: Final = "reidentified"


@dataclass(frozen=True, slots=True)
class ChangeCounts:
    """How many records of one kind change, and the size of the roster (`total`) after it."""

    added: int
    changed: int
    removed: int
    reidentified: int
    total: int


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What applying a snapshot does to the roster.

    Removed rows carry the ids of the baseline, all other rows those of today. So it is applied in
    this order: take away the removed; give the re-identified, and pairs of theirs, their new id;
    then write the added, changed and re-identified rows.

    Attributes:
        frames: kind name → rows in columns ``change`` (added, changed, removed or reidentified),
            ``was`` (the old id of a re-identified row, else "") and ``kind.all_columns``: the
            values after, or before for a removed row.
        kept: kind name → baseline rows that stay because they, or what they hang on, could not
            be read, under today's ids. Only kinds with such rows are there.
        unjoined: kind name → pairs of the snapshot that wait for a record which could not be read
            and is not in the roster: they come with it. Only kinds with such pairs are there.
        counts: kind name → how many records change.
        baseline_counts: kind name → how many records the baseline has.
    """

    frames: Mapping[str, pl.DataFrame]
    kept: Mapping[str, pl.DataFrame]
    unjoined: Mapping[str, pl.DataFrame]
    counts: Mapping[str, ChangeCounts]
    baseline_counts: Mapping[str, int]

    def rows(self, kind: str, change: str) -> pl.DataFrame:
        """The rows of one kind with one change."""
        return self.frames[kind].filter(pl.col("change") == change)

    def renames(self) -> Renames:
        """Old and new ids of the re-identified records, of the kinds that have any."""
        return {
            name: self.rows(name, REIDENTIFIED).select("was", "clever_id")
            for name, counts in self.counts.items()
            if counts.reidentified
        }


def difference(baseline: Frames, snapshot: Frames, invalid: pl.DataFrame) -> ChangeSet:
    """Compare the baseline with a snapshot.

    Each frame has every column of its kind and no key twice.

    Args:
        baseline: kind name → rows as applied last; ``no_frames()`` when nothing ever was.
        snapshot: kind name → rows as Clever gave them now.
        invalid: the records Clever gave that could not be read, in INVALID_COLUMNS.
    """
    unreadable = Unreadable.of(invalid)
    renames: dict[str, pl.DataFrame] = {}
    removed_ids: dict[str, pl.Series] = {}
    found: dict[str, _KindChanges] = {}
    unjoined: dict[str, pl.DataFrame] = {}
    # Records come before the records and pairs that name them: KINDS is in that order.
    for name, kind in KINDS.items():
        before, after = pl.collect_all([baseline[name], snapshot[name]])
        if kind.is_pair:
            joined = after.select(_joins_what_is_there(kind, unreadable, found)).to_series()
            unjoined[name], after = after.filter(~joined), after.filter(joined)
        matched = match(kind, before, after, renames)
        if matched.missing.is_empty():
            found[name] = _nothing_missing(matched)
        elif kind.is_pair:
            found[name] = _pair_changes(kind, matched, unreadable, renames, removed_ids)
        else:
            found[name] = _record_changes(kind, matched, unreadable, renames)
        if not kind.is_pair:
            removed_ids[name] = found[name].removed["clever_id"]
        if found[name].reidentified.height:
            renames[name] = found[name].reidentified.select("was", "clever_id")
    return ChangeSet(
        frames={name: changes.frame() for name, changes in found.items()},
        kept={name: changes.kept for name, changes in found.items() if changes.kept.height},
        unjoined={name: pairs for name, pairs in unjoined.items() if pairs.height},
        counts={name: changes.counts() for name, changes in found.items()},
        baseline_counts={name: changes.matched.before.height for name, changes in found.items()},
    )


def target(snapshot: Frames, changes: ChangeSet) -> Frames:
    """What the roster is after applying: the snapshot, and what stays beside it.

    Kinds that are neither in ``changes.kept`` nor in ``changes.unjoined`` are the snapshot's own
    frames.
    """
    return {name: _target(KINDS[name], rows, changes) for name, rows in snapshot.items()}


def _target(kind: Kind, rows: pl.LazyFrame, changes: ChangeSet) -> pl.LazyFrame:
    if kind.name in changes.unjoined:
        waiting = changes.unjoined[kind.name].lazy()
        rows = rows.join(waiting, on=kind.key, how="anti", maintain_order="left")
    if kind.name in changes.kept:
        rows = pl.concat([rows, changes.kept[kind.name].lazy()])
    return rows


@dataclass(frozen=True, slots=True)
class _KindChanges:
    matched: Matched
    added: pl.DataFrame
    removed: pl.DataFrame
    reidentified: pl.DataFrame  # with `was`
    kept: pl.DataFrame

    def frame(self) -> pl.DataFrame:
        parts = {
            ADDED: self.added,
            CHANGED: self.matched.changed,
            REMOVED: self.removed,
            REIDENTIFIED: self.reidentified,
        }
        some = {change: part for change, part in parts.items() if part.height}
        return pl.concat(
            part.select(
                pl.lit(change).alias("change"),
                pl.col("was") if change == REIDENTIFIED else pl.lit("").alias("was"),
                *self.added.columns,
            )
            for change, part in (some or {ADDED: self.added}).items()
        )

    def counts(self) -> ChangeCounts:
        return ChangeCounts(
            added=self.added.height,
            changed=self.matched.changed.height,
            removed=self.removed.height,
            reidentified=self.reidentified.height,
            total=self.matched.after.height + self.kept.height,
        )


def _joins_what_is_there(
    kind: Kind, unreadable: Unreadable, found: Mapping[str, _KindChanges]
) -> pl.Expr:
    """Whether a pair joins no record that could not be read and is not in the roster either."""
    strangers = {}
    for column in kind.key:
        end = REFERENCES[column]
        if end in unreadable.ids:
            ids = unreadable.ids[end]
            strangers[column] = ids.filter(~ids.is_in(found[end].kept["clever_id"].implode()))
    return ~pl.any_horizontal(
        pl.lit(False), *(among(column, ids) for column, ids in strangers.items())
    )


def _nothing_reidentified(matched: Matched) -> pl.DataFrame:
    return matched.added.clear().with_columns(was=pl.lit(""))


def _nothing_missing(matched: Matched) -> _KindChanges:
    return _KindChanges(
        matched=matched,
        added=matched.added,
        removed=matched.missing,
        reidentified=_nothing_reidentified(matched),
        kept=matched.missing,
    )


def _record_changes(
    kind: Kind, matched: Matched, unreadable: Unreadable, renames: Renames
) -> _KindChanges:
    missing = under_todays_ids(matched.missing, renames)
    # A record that is there and unreadable is not there under another id as well.
    known = missing.select(unreadable.is_known(kind)).to_series()
    same = same_records(kind, missing.filter(~known), matched.added)
    found_again = missing.select(among("clever_id", same["was"])).to_series()
    stays = known | (~found_again & unreadable.may_be_any(kind))
    return _KindChanges(
        matched=matched,
        added=matched.added.join(same, on="clever_id", how="anti", maintain_order="left"),
        removed=matched.missing.filter(~stays & ~found_again),
        reidentified=matched.added.join(same, on="clever_id", maintain_order="left"),
        kept=missing.filter(stays),
    )


def _pair_changes(
    kind: Kind,
    matched: Matched,
    unreadable: Unreadable,
    renames: Renames,
    removed_ids: Mapping[str, pl.Series],
) -> _KindChanges:
    missing = under_todays_ids(matched.missing, renames)
    unread = missing.select(unreadable.is_known(kind)).to_series() | unreadable.may_be_any(kind)
    # What cannot be read is kept, but a pair goes with the records that it joins.
    loses_an_end = matched.missing.select(
        pl.any_horizontal(among(column, removed_ids[REFERENCES[column]]) for column in kind.key)
    ).to_series()
    stays = unread & ~loses_an_end
    return _KindChanges(
        matched=matched,
        added=matched.added,
        removed=matched.missing.filter(~stays),
        reidentified=_nothing_reidentified(matched),
        kept=missing.filter(stays),
    )
