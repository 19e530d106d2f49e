"""The change feed of a district: every record that every applied sync changed, in that order.

It is read from the change sets in the snapshot store, which nobody changes any more. A position is
a place in them, so that reading on from it neither misses a change nor gives one twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters import layout
from rosterhold.adapters.database import feed
from rosterhold.adapters.database.feed import Completion
from rosterhold.adapters.database.roster_tables import part_id
from rosterhold.roster.changes import ADDED, CHANGED, REIDENTIFIED, REMOVED
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.store import SnapshotStore

# One page looks at so many syncs at most, however few of them changed anything.
_SYNCS_AT_ONCE: Final = 100
_CHANGES: Final = (ADDED, CHANGED, REMOVED, REIDENTIFIED)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """The next change to be read: of which applied sync, which kind (by its place), which row."""

    seq: int
    kind: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What one sync did to one record.

    Attributes:
        own_id: of the roster; None for one that the roster never had.
        parts: for a pair, the own ids of the records that it joins, by column.
        keys: the Clever ids that name it, by column; those of before for what was removed.
        was: its Clever id before, when it was re-identified; else "".
        values: its other columns after the change; None for what was removed.
    """

    seq: int
    sync_id: str
    at: datetime
    kind: str
    change: str
    own_id: int | None
    parts: dict[str, int]
    keys: dict[str, str]
    was: str
    values: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes in their order, where the next ones are, and whether there are any by now."""

    changes: list[Change]
    next: Position
    has_more: bool


def read(
    conn: sa.Connection, store: SnapshotStore, district_id: str, start: Position, limit: int
) -> FeedPage:
    """Up to `limit` changes from a position on.

    Raises:
        SnapshotLostError: the change set at the position is kept no longer.
    """
    found: list[Change] = []
    at = start
    completed = feed.completed_from(conn, district_id, start.seq, _SYNCS_AT_ONCE + 1)
    for completion in completed[:_SYNCS_AT_ONCE]:
        at = max(at, Position(completion.seq))
        for number, kind in enumerate(KINDS.values()):
            count = _count(completion, kind)
            first = at.row if number == at.kind else 0
            if number < at.kind or first >= count:
                continue
            wanted = min(count - first, limit - len(found))
            rows = _rows(store, district_id, completion, kind, first, wanted)
            found += _changes(conn, district_id, completion, kind, rows)
            if first + wanted < count:
                at = Position(completion.seq, number, first + wanted)
                return FeedPage(found, at, has_more=True)
            at = Position(completion.seq, number + 1)
        at = Position(completion.seq + 1)
        if len(found) >= limit:
            break
    return FeedPage(found, at, has_more=feed.next_seq(conn, district_id) > at.seq)


def _count(completion: Completion, kind: Kind) -> int:
    counts = completion.counts.get(kind.name, {})
    return sum(counts.get(change, 0) for change in _CHANGES)


def _rows(
    store: SnapshotStore,
    district_id: str,
    completion: Completion,
    kind: Kind,
    start: int,
    count: int,
) -> list[dict[str, str]]:
    if not count:
        return []
    prefix = layout.evaluation_prefix(district_id, completion.sync_id, completion.evaluation_no)
    changes = store.scan([layout.changes_ref(prefix, kind.name)])
    columns = ("change", "was", *kind.key, *kind.columns)
    return changes.slice(start, count).select(columns).collect().to_dicts()


def _changes(
    conn: sa.Connection,
    district_id: str,
    completion: Completion,
    kind: Kind,
    rows: list[dict[str, str]],
) -> Iterator[Change]:
    gone = [row for row in rows if row["change"] == REMOVED]
    there = [row for row in rows if row["change"] != REMOVED]
    # What was removed is named as before the change set, everything else as after it.
    ids = {
        True: _own_ids(conn, district_id, kind, gone, before=completion.seq),
        False: _own_ids(conn, district_id, kind, there, before=completion.seq + 1),
    }
    for row in rows:
        is_gone = row["change"] == REMOVED
        own = ids[is_gone].get(tuple(row[name] for name in kind.key), ())
        yield Change(
            seq=completion.seq,
            sync_id=completion.sync_id,
            at=completion.at,
            kind=kind.name,
            change=row["change"],
            own_id=own[0] if own else None,
            parts=dict(zip(map(part_id, kind.key), own[1:], strict=False)),
            keys={name: row[name] for name in kind.key},
            was=row["was"],
            values=None if is_gone else {name: row[name] for name in kind.columns},
        )


def _own_ids(
    conn: sa.Connection, district_id: str, kind: Kind, rows: list[dict[str, str]], *, before: int
) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Key of each row → its own id, and those of its parts."""
    if not rows:
        return {}
    if kind.is_pair:
        first, second = kind.key
        keys = [(row[first], row[second]) for row in rows]
        pairs = feed.pair_ids(conn, district_id, kind, keys, before=before)
        return {(*key,): (*ids,) for key, ids in pairs.items()}
    names = [row["clever_id"] for row in rows]
    own = feed.own_ids(conn, district_id, kind.name, names, before=before)
    return {(name,): (number,) for name, number in own.items()}
