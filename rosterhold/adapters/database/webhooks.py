"""Webhooks: who is told, and the log of what they were told.

An event is written in the transaction that it tells of, once for each endpoint, with the work to
send it. The events of one district reach one endpoint in their order: only the first that waits is
sent, the others wait for it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import outbox
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.holds import HoldIntent
from rosterhold.adapters.database.tables import districts, syncs
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.adapters.database.webhook_tables import webhook_deliveries as deliveries
from rosterhold.adapters.database.webhook_tables import webhook_endpoints as endpoints
from rosterhold.statemachine.announcements import TRIED_FOR, Announcement, has_changes
from rosterhold.statemachine.chart import Work
from rosterhold.statemachine.reasons import Reason

PAGE: Final = 100


class DeliveryStatus(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    # Its endpoint is switched off: kept, so that it can be sent later.
    OFF = "off"


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint as it was read; without a district it is told of all."""

    id: str
    district_id: str | None
    url: str
    events: list[str]
    sealed_secret: str
    created_at: datetime
    switched_off_at: datetime | None
    switched_off_why: str | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as it was read. `answer` is the HTTP status of the last try."""

    no: int
    id: str
    endpoint_id: str
    district_id: str
    work_id: int | None
    event_id: str
    event: str
    data: dict[str, Any]
    status: str
    tries: int
    answer: int | None
    last_error: str | None
    created_at: datetime
    tried_at: datetime | None
    delivered_at: datetime | None


def add_endpoint(
    tx: Transaction,
    *,
    url: str,
    events: Collection[Announcement],
    district_id: str | None,
    sealed_secret: str,
) -> str:
    """Let an endpoint be told of what happens from now on; returns its id."""
    endpoint_id = str(ULID.from_datetime(tx.now))
    tx.conn.execute(
        sa.insert(endpoints).values(
            id=endpoint_id,
            district_id=district_id,
            url=url,
            events=sorted(event.value for event in events),
            sealed_secret=sealed_secret,
            created_at=tx.now,
        )
    )
    return endpoint_id


def every_endpoint(conn: sa.Connection, *, district_id: str | None = None) -> list[EndpointRow]:
    """All endpoints, oldest first, or those of one district alone."""
    query = sa.select(endpoints).order_by(endpoints.c.created_at, endpoints.c.id)
    if district_id is not None:
        query = query.where(endpoints.c.district_id == district_id)
    return [EndpointRow(**row._mapping) for row in conn.execute(query)]  # noqa: SLF001 - public view


def find_endpoint(conn: sa.Connection, endpoint_id: str) -> EndpointRow | None:
    row = conn.execute(sa.select(endpoints).where(endpoints.c.id == endpoint_id)).one_or_none()
    return None if row is None else EndpointRow(**row._mapping)  # noqa: SLF001 - public view


def switch_off(tx: Transaction, endpoint_id: str, why: str) -> bool:
    """Send it nothing from now on; what it misses is kept. False when it is off already."""
    switched = tx.conn.execute(
        sa.update(endpoints)
        .where(endpoints.c.id == endpoint_id, endpoints.c.switched_off_at.is_(None))
        .values(switched_off_at=tx.now, switched_off_why=why)
    )
    return switched.rowcount == 1


def switch_on(tx: Transaction, endpoint_id: str) -> None:
    """Send it what happens from now on."""
    tx.conn.execute(
        sa.update(endpoints)
        .where(endpoints.c.id == endpoint_id)
        .values(switched_off_at=None, switched_off_why=None)
    )


def remove_endpoint(tx: Transaction, endpoint_id: str) -> None:
    """Forget an endpoint with its log; work that waits for it ends quietly."""
    tx.conn.execute(sa.delete(deliveries).where(deliveries.c.endpoint_id == endpoint_id))
    tx.conn.execute(sa.delete(endpoints).where(endpoints.c.id == endpoint_id))


def announce(
    tx: Transaction, event: Announcement, *, district_id: str, sync_id: str, **more: Any
) -> None:
    """Tell every endpoint that asked for it, once this transaction is committed.

    Args:
        tx: the transaction of what is told.
        event: what happened.
        district_id: where.
        sync_id: in which sync.
        more: what else is told; numbers, words and names of schools, never of people.
    """
    for_all = endpoints.c.district_id.is_(None)
    rows = tx.conn.execute(
        sa.select(
            endpoints.c.id, endpoints.c.events, endpoints.c.switched_off_at, districts.c.clever_id
        )
        .join(districts, districts.c.id == district_id)
        .where(sa.or_(for_all, endpoints.c.district_id == district_id))
        .order_by(endpoints.c.id)
    )
    told = [row for row in rows if event in row.events]
    event_id = str(ULID())
    for row in told:
        data = {"district": district_id, "district_clever_id": row.clever_id, "sync": sync_id}
        is_off = row.switched_off_at is not None
        _write(tx, row.id, event_id, event, district_id, {**data, **more}, is_off=is_off)


def _write(
    tx: Transaction,
    endpoint_id: str,
    event_id: str,
    event: Announcement,
    district_id: str,
    data: dict[str, Any],
    *,
    is_off: bool,
) -> None:
    delivery_id = str(ULID())
    work_id = None if is_off else _ask_for(tx, delivery_id, district_id)
    tx.conn.execute(
        sa.insert(deliveries).values(
            id=delivery_id,
            endpoint_id=endpoint_id,
            district_id=district_id,
            work_id=work_id,
            event_id=event_id,
            event=event.value,
            data=data,
            status=(DeliveryStatus.OFF if is_off else DeliveryStatus.WAITING).value,
            tries=0,
            created_at=tx.now,
        )
    )


def _ask_for(tx: Transaction, delivery_id: str, district_id: str) -> int:
    outbox.add(tx, Work.WEBHOOK, district_id=district_id, sync_id=None, subject=delivery_id)
    return tx.work[-1].work_id


def load(conn: sa.Connection, delivery_id: str) -> DeliveryRow | None:
    row = conn.execute(sa.select(deliveries).where(deliveries.c.id == delivery_id)).one_or_none()
    return None if row is None else DeliveryRow(**row._mapping)  # noqa: SLF001 - public view


def due_before(conn: sa.Connection, delivery: DeliveryRow) -> datetime | None:
    """When an earlier event of the same district is sent to the same endpoint; None without one."""
    return conn.execute(
        sa.select(outbox_table.c.due_at)
        .join(deliveries, deliveries.c.work_id == outbox_table.c.id)
        .where(_same_way(delivery), deliveries.c.no < delivery.no)
        .order_by(deliveries.c.no)
        .limit(1)
    ).scalar_one_or_none()


def _same_way(delivery: DeliveryRow) -> sa.ColumnElement[bool]:
    return sa.and_(
        deliveries.c.endpoint_id == delivery.endpoint_id,
        deliveries.c.district_id == delivery.district_id,
        deliveries.c.status == DeliveryStatus.WAITING.value,
    )


def tried(
    tx: Transaction,
    delivery: DeliveryRow,
    status: DeliveryStatus,
    *,
    answer: int | None = None,
    error: str | None = None,
) -> None:
    """Note a try and how it ended; when it was the last one, the next event has its turn."""
    is_over = status is not DeliveryStatus.WAITING
    values: dict[str, Any] = {
        "status": status.value,
        "tries": deliveries.c.tries + int(status is not DeliveryStatus.OFF),
        "answer": answer,
        "last_error": error,
        "tried_at": tx.now,
    }
    if is_over:
        values["work_id"] = None
    if status is DeliveryStatus.DELIVERED:
        values["delivered_at"] = tx.now
    tx.conn.execute(sa.update(deliveries).where(deliveries.c.id == delivery.id).values(values))
    if is_over:
        following = tx.conn.execute(
            sa.select(deliveries.c.work_id)
            .where(_same_way(delivery))
            .order_by(deliveries.c.no)
            .limit(1)
        ).scalar_one_or_none()
        if following is not None:
            outbox.wake(tx, following)


def not_delivered(tx: Transaction, delivery_id: str, why: str) -> None:
    """Note that a delivery is not tried again, so that the next event has its turn."""
    delivery = load(tx.conn, delivery_id)
    if delivery is not None and delivery.status == DeliveryStatus.WAITING:
        tried(tx, delivery, DeliveryStatus.FAILED, error=why)


def took_any(conn: sa.Connection, endpoint_id: str, now: datetime) -> bool:
    """Whether an endpoint took anything in the time for which a delivery is tried."""
    return (
        conn.execute(
            sa.select(deliveries.c.no)
            .where(
                deliveries.c.endpoint_id == endpoint_id,
                deliveries.c.delivered_at > now - TRIED_FOR,
            )
            .limit(1)
        ).first()
        is not None
    )


def resend(tx: Transaction, delivery: DeliveryRow) -> bool:
    """Send it once more, under the same event id; False for one that waits anyway."""
    if delivery.status == DeliveryStatus.WAITING:
        return False
    work_id = _ask_for(tx, delivery.id, delivery.district_id)
    tx.conn.execute(
        sa.update(deliveries)
        .where(deliveries.c.id == delivery.id)
        .values(status=DeliveryStatus.WAITING.value, work_id=work_id)
    )
    return True


def log_of(
    conn: sa.Connection,
    *,
    endpoint_id: str | None = None,
    district_id: str | None = None,
    statuses: Collection[DeliveryStatus] = (),
    since: datetime | None = None,
    before_no: int | None = None,
    limit: int = PAGE,
) -> Sequence[DeliveryRow]:
    """Deliveries, newest first; `before_no` is the last one of the page before."""
    query = sa.select(deliveries).order_by(deliveries.c.no.desc()).limit(limit)
    if endpoint_id is not None:
        query = query.where(deliveries.c.endpoint_id == endpoint_id)
    if district_id is not None:
        query = query.where(deliveries.c.district_id == district_id)
    if statuses:
        query = query.where(deliveries.c.status.in_([status.value for status in statuses]))
    if since is not None:
        query = query.where(deliveries.c.created_at >= since)
    if before_no is not None:
        query = query.where(deliveries.c.no < before_no)
    return [DeliveryRow(**row._mapping) for row in conn.execute(query)]  # noqa: SLF001 - public view


def forget_before(tx: Transaction, when: datetime) -> int:
    """Delete the log of what is over since then."""
    over = sa.and_(
        deliveries.c.created_at < when, deliveries.c.status != DeliveryStatus.WAITING.value
    )
    return tx.conn.execute(sa.delete(deliveries).where(over)).rowcount


def switched_off(conn: sa.Connection) -> int:
    """How many endpoints are switched off."""
    query = sa.select(sa.func.count()).where(endpoints.c.switched_off_at.is_not(None))
    return conn.execute(query.select_from(endpoints)).scalar_one()


def waiting_by_endpoint(conn: sa.Connection) -> dict[str, int]:
    """How many deliveries wait, by endpoint."""
    rows = conn.execute(
        sa.select(deliveries.c.endpoint_id, sa.func.count())
        .where(deliveries.c.status == DeliveryStatus.WAITING.value)
        .group_by(deliveries.c.endpoint_id)
    )
    return {row[0]: row[1] for row in rows}


def announce_released(
    tx: Transaction, district_id: str, sync_id: str, released: Mapping[Reason, str]
) -> None:
    """Tell that holds are closed, each reason with how."""
    if released:
        reasons = {reason.value: resolution for reason, resolution in released.items()}
        announce(
            tx,
            Announcement.HOLD_RELEASED,
            district_id=district_id,
            sync_id=sync_id,
            reasons=reasons,
        )


def announce_held(
    tx: Transaction, district_id: str, sync_id: str, opened: Sequence[HoldIntent]
) -> None:
    """Tell that a sync is on hold for new reasons."""
    if opened:
        reasons = [
            {
                "reason": one.reason.value,
                "sentence": one.sentence,
                "records": one.records,
                "digest": one.digest,
            }
            for one in opened
        ]
        announce(
            tx, Announcement.SYNC_HELD, district_id=district_id, sync_id=sync_id, reasons=reasons
        )


def announce_completed(tx: Transaction, district_id: str, sync_id: str) -> None:
    """Tell that a sync is completed, and, if it changed anything, that the roster has changed."""
    sync = tx.conn.execute(
        sa.select(
            syncs.c.trigger, syncs.c.counts, syncs.c.receipt, syncs.c.nothing_new_since
        ).where(syncs.c.id == sync_id)
    ).one()
    since = sync.nothing_new_since
    own = {"district_id": district_id, "sync_id": sync_id, "counts": sync.counts}
    announce(
        tx,
        Announcement.SYNC_COMPLETED,
        trigger=sync.trigger,
        receipt=sync.receipt or {},
        nothing_new_since=None if since is None else since.isoformat(),
        **own,
    )
    if has_changes(sync.counts):
        announce(tx, Announcement.ROSTER_CHANGED, **own)
