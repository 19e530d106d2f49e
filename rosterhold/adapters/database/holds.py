"""Hold rows: one a reason of a sync, from the first finding until good data or a decision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.tables import findings as findings_table
from rosterhold.adapters.database.tables import holds
from rosterhold.adapters.database.versions import known
from rosterhold.statemachine.reasons import Reason

if TYPE_CHECKING:
    # A finding has its subjects as a frame: who only reads holds need not wait for Polars.
    from rosterhold.statemachine.findings import Finding

DECIDED: Final = "decided"


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold as it was read; `answered_at` is set from a decision until the next evaluation."""

    id: str
    sync_id: str
    district_id: str
    reason: Reason
    digest: str
    evaluation_no: int
    sentence: str
    records: int
    opened_at: datetime
    answered_at: datetime | None
    resolved_at: datetime | None
    resolution: str | None


def of_sync(conn: sa.Connection, sync_id: str, *, only_open: bool = False) -> list[HoldRow]:
    """The holds of a sync, oldest first."""
    query = sa.select(holds).where(holds.c.sync_id == sync_id).order_by(holds.c.opened_at)
    if only_open:
        query = query.where(holds.c.resolved_at.is_(None))
    return [_as_hold(row) for row in conn.execute(query)]


def load(conn: sa.Connection, hold_id: str) -> HoldRow | None:
    row = conn.execute(sa.select(holds).where(holds.c.id == hold_id)).one_or_none()
    return None if row is None else _as_hold(row)


def _as_hold(row: sa.Row[Any]) -> HoldRow:
    return HoldRow(**{**row._mapping, "reason": known(Reason, row.reason)})  # noqa: SLF001 - public view


@dataclass(frozen=True, slots=True)
class HoldIntent:
    """A reason that is (still) true, as an evaluation or a fetch found it."""

    reason: Reason
    digest: str
    evaluation_no: int
    sentence: str
    records: int


def put(tx: Transaction, sync: SyncRow, intent: HoldIntent) -> tuple[str, bool]:
    """Open a hold, or refresh the open one of the same reason: it keeps its age.

    Returns:
        The hold's id, and whether it is new (a mail is due).
    """
    fresh = {
        "digest": intent.digest,
        "evaluation_no": intent.evaluation_no,
        "sentence": intent.sentence,
        "records": intent.records,
        "answered_at": None,
    }
    known: str | None = tx.conn.execute(
        sa.update(holds)
        .where(
            holds.c.sync_id == sync.id,
            holds.c.reason == intent.reason.value,
            holds.c.resolved_at.is_(None),
        )
        .values(fresh)
        .returning(holds.c.id)
    ).scalar_one_or_none()
    if known is not None:
        return known, False
    hold_id = str(ULID.from_datetime(tx.now))
    tx.conn.execute(
        sa.insert(holds).values(
            id=hold_id,
            sync_id=sync.id,
            district_id=sync.district_id,
            reason=intent.reason.value,
            opened_at=tx.now,
            **fresh,
        )
    )
    return hold_id, True


def resolve(
    tx: Transaction, sync_id: str, reasons: Iterable[Reason], resolution: str
) -> dict[Reason, str]:
    """Close the open holds of some reasons: as decided, or else as `resolution` says.

    Returns:
        The reasons that were open, each with its resolution.
    """
    names = [reason.value for reason in reasons]
    if not names:
        return {}
    closed = tx.conn.execute(
        sa.update(holds)
        .where(
            holds.c.sync_id == sync_id,
            holds.c.reason.in_(names),
            holds.c.resolved_at.is_(None),
        )
        .values(
            resolved_at=tx.now,
            resolution=sa.case((holds.c.answered_at.is_not(None), DECIDED), else_=resolution),
        )
        .returning(holds.c.reason, holds.c.resolution)
    )
    return {known(Reason, row.reason): row.resolution for row in closed}


def answer(tx: Transaction, sync_id: str, reason: Reason) -> None:
    """Note that somebody decided; the next evaluation resolves the hold or opens it again."""
    tx.conn.execute(
        sa.update(holds)
        .where(
            holds.c.sync_id == sync_id,
            holds.c.reason == reason.value,
            holds.c.resolved_at.is_(None),
        )
        .values(answered_at=tx.now)
    )


def write_findings(
    tx: Transaction, sync: SyncRow, evaluation_no: int, found: Sequence["Finding"]
) -> None:
    """Keep what an evaluation found, in its order."""
    if not found:
        return
    tx.conn.execute(
        sa.insert(findings_table),
        [
            {
                "sync_id": sync.id,
                "district_id": sync.district_id,
                "evaluation_no": evaluation_no,
                "no": no,
                "reason": finding.reason.value,
                "rule": finding.rule,
                "kind": finding.kind,
                "school": finding.school,
                "school_name": finding.school_name,
                "measured": finding.measured,
                "limit": finding.limit,
                "records": finding.records,
                "of": finding.of,
                "sentence": finding.sentence,
            }
            for no, finding in enumerate(found, start=1)
        ],
    )
