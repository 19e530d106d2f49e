"""How what is on hold now differs from what was on the page that somebody answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from rosterhold.adapters import layout
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import HoldView
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.decisions import ANSWERS, Action
from rosterhold.statemachine.findings import SUBJECT_COLUMNS
from rosterhold.statemachine.reasons import Reason

# So many places tell what moved.
_SHOWN_PLACES: Final = 12
_PLACE: Final = ("kind", "school", "school_name")


@dataclass(frozen=True, slots=True)
class Difference:
    """What is new and what is gone; places are kind, school's Clever id and name, and number.

    Attributes:
        list: what the address of a list of the new records has beside kind and school.
    """

    fresh_total: int
    fresh: Sequence[tuple[str, str, str, int]]
    gone_total: int
    gone: Sequence[tuple[str, str, str, int]]
    list: str


def difference(
    store: SnapshotStore, sync: SyncRow, hold: HoldView, action: Action, evaluation: str
) -> Difference | None:
    """Compare with the evaluation that a form was drawn from; None when that cannot be done."""
    line = next((one for one in hold.reasons if Reason(one.reason) in ANSWERS[action]), None)
    if line is None or not (evaluation.isascii() and evaluation.isdecimal()):
        return None
    reason = Reason(line.reason)
    prefixes = [
        layout.evaluation_prefix(sync.district_id, sync.id, number)
        for number in (int(evaluation), line.evaluation_no)
    ]
    try:
        then, now = (
            store.scan([layout.subjects_ref(prefix, reason)]).select(SUBJECT_COLUMNS).unique()
            for prefix in prefixes
        )
        fresh = now.join(then, on=SUBJECT_COLUMNS, how="anti")
        gone = then.join(now, on=SUBJECT_COLUMNS, how="anti")
        before, after = (
            _at_places(store, prefix, records)
            for prefix, records in zip(prefixes, (gone, fresh), strict=True)
        )
        numbers = [
            n.item() for n in pl.collect_all([fresh.select(pl.len()), gone.select(pl.len())])
        ]
    except SnapshotLostError:
        return None
    is_held = reason is Reason.DATA_CONFIGURATION
    return Difference(numbers[0], after, numbers[1], before, "&change=held" if is_held else "")


def _at_places(
    store: SnapshotStore, prefix: str, records: pl.LazyFrame
) -> list[tuple[str, str, str, int]]:
    """How many of some records there are of each kind at each school, most first."""
    removed = store.scan([layout.removed_ref(prefix)]).select("key", *_PLACE)
    counted = (
        records.join(removed, on=("kind", "key"), how="left")
        .with_columns(pl.col("school", "school_name").fill_null(""))
        .group_by(_PLACE)
        .agg(pl.len().alias("n"))
        .sort("n", *_PLACE, descending=[True, False, False, False])
        .head(_SHOWN_PLACES)
        .collect()
    )
    return list(counted.iter_rows())
