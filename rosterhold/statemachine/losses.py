"""What each place loses: the removed records that nobody has approved, against the baseline."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from rosterhold.roster.changes import REMOVED, ChangeSet
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.references import Renames, record_key
from rosterhold.roster.schools import at_schools, count_at_schools
from rosterhold.roster.snapshot import Frames
from rosterhold.statemachine.findings import SUBJECT_COLUMNS

DISTRICT = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """What one place loses of one kind; there is none where it loses nothing.

    A record of several schools counts in each. A school under a new Clever id is the same school,
    named here by its id of today.

    Attributes:
        kind: the kind of record.
        school: the school's Clever id, or DISTRICT.
        before: how many records the place had in the baseline.
        after: how many it would have once all removals happen, approved ones too.
        subjects: the removed records nobody has approved, in SUBJECT_COLUMNS; never empty.
    """

    kind: Kind
    school: str
    before: int
    after: int
    subjects: pl.DataFrame

    @property
    def removed(self) -> int:
        return self.subjects.height

    @property
    def share(self) -> float:
        return self.removed / self.before


def losses_of(
    changes: ChangeSet, *, baseline: Frames, roster: Frames, approved: pl.DataFrame
) -> tuple[Loss, ...]:
    """The losses of the district and of its schools, kind by kind."""
    renames = changes.renames()
    return tuple(
        loss
        for kind in KINDS.values()
        if changes.counts[kind.name].removed
        for loss in _losses_of_kind(kind, changes, baseline, roster, approved, renames)
    )


def _losses_of_kind(
    kind: Kind,
    changes: ChangeSet,
    baseline: Frames,
    roster: Frames,
    approved: pl.DataFrame,
    renames: Renames,
) -> Iterator[Loss]:
    removed = _not_approved(kind, changes.rows(kind.name, REMOVED), approved)
    if removed.is_empty():
        return
    yield Loss(
        kind,
        DISTRICT,
        changes.baseline_counts[kind.name],
        changes.counts[kind.name].total,
        removed.select(SUBJECT_COLUMNS),
    )
    if not kind.has_school:
        return
    before = _by_school(_todays_school(count_at_schools(kind, baseline[kind.name]), renames))
    after = _by_school(count_at_schools(kind, roster[kind.name]))
    places = _todays_school(at_schools(kind, removed), renames)
    for (school,), rows in places.partition_by("school", as_dict=True).items():
        subjects = rows.select(SUBJECT_COLUMNS)
        yield Loss(kind, str(school), before[school], after.get(school, 0), subjects)


def _not_approved(kind: Kind, removed: pl.DataFrame, approved: pl.DataFrame) -> pl.DataFrame:
    return removed.with_columns(
        pl.lit(kind.name).alias("kind"),
        record_key(kind.key).alias("key"),
        pl.lit("").alias("fact"),
    ).join(approved, on=SUBJECT_COLUMNS, how="anti", maintain_order="left")


def _todays_school(rows: pl.DataFrame, renames: Renames) -> pl.DataFrame:
    if "schools" not in renames:
        return rows
    old, new = renames["schools"]["was"], renames["schools"]["clever_id"]
    return rows.with_columns(pl.col("school").replace(old, new))


def _by_school(counts: pl.DataFrame) -> dict[object, int]:
    return dict(counts.select("school", "records").iter_rows())
