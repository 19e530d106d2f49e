"""What an evaluation left in the snapshot store, as the pages read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl
import sqlalchemy as sa

from rosterhold.adapters import layout
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import FindingView, HoldView, baseline_before
from rosterhold.adapters.manifests import frames_of, read_manifest
from rosterhold.roster.snapshot import Frames, no_frames
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.reasons import Reason

_KEPT_TALLIES: Final = 64
TALLIED: Final = ("kind", "school", "school_name", "grade")


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One evaluation of a sync.

    Attributes:
        prefix: where its files lie.
        baseline_ref: the manifest of the roster that it was compared with; None for none.
        target_ref: the manifest of the roster as it will be.
        counts: kind name → added, changed, removed, reidentified, total.
        findings: of the open reasons, as `HoldView` has them.
        schools: Clever id → name, of the roster as applied.
    """

    store: SnapshotStore
    prefix: str
    baseline_ref: str | None
    target_ref: str | None
    counts: Mapping[str, Mapping[str, int]]
    findings: Sequence[FindingView]
    schools: Mapping[str, str]

    @property
    def removed_ref(self) -> str:
        return layout.removed_ref(self.prefix)

    def baseline(self) -> Frames:
        return _frames(self.store, self.baseline_ref)

    def target(self) -> Frames:
        return _frames(self.store, self.target_ref)

    def tally(self) -> pl.DataFrame:
        """How many records (`n`) would be removed, by TALLIED; none when the file is gone."""
        try:
            return tally_of(self.store, self.removed_ref)
        except SnapshotLostError:
            return no_tally()


def no_tally() -> pl.DataFrame:
    """Nothing would be removed."""
    return pl.DataFrame(schema={**dict.fromkeys(TALLIED, pl.String()), "n": pl.UInt32()})


def evaluated(
    conn: sa.Connection,
    store: SnapshotStore,
    district: DistrictRow,
    sync: SyncRow,
    hold: HoldView,
) -> Evaluated:
    """What the open hold is about; without one, what the last evaluation found."""
    held = [line for line in hold.reasons if line.reason == Reason.DATA_REMOVALS]
    held = held or [line for line in hold.reasons if line.reason != Reason.DISCONNECTED]
    number = held[0].evaluation_no if held else sync.evaluation_no
    return Evaluated(
        store=store,
        prefix=layout.evaluation_prefix(sync.district_id, sync.id, number),
        baseline_ref=baseline_before(conn, district, sync),
        target_ref=sync.target_ref,
        counts=sync.counts,
        findings=hold.findings,
        schools=school_names(conn, district.id),
    )


def school_names(conn: sa.Connection, district_id: str) -> dict[str, str]:
    """Clever id → name, of all schools that ever were in a district's roster."""
    schools = ROSTER["schools"]
    rows = conn.execute(
        sa.select(schools.c.clever_id, schools.c.name).where(schools.c.district_id == district_id)
    )
    return {row.clever_id: row.name for row in rows}


def _frames(store: SnapshotStore, ref: str | None) -> Frames:
    try:
        return frames_of(store, read_manifest(store, ref))
    except SnapshotLostError:
        return no_frames()


@lru_cache(_KEPT_TALLIES)
def tally_of(store: SnapshotStore, ref: str) -> pl.DataFrame:
    """As `Evaluated.tally`. A file of the store never changes, so it is counted once.

    Raises:
        SnapshotLostError: it is gone.
    """
    grade = pl.when(pl.col("kind") == "students").then("detail").otherwise(pl.lit(""))
    return (
        store.scan([ref])
        .group_by("kind", "school", "school_name", grade.alias("grade"))
        .agg(pl.len().alias("n"))
        .collect()
    )
