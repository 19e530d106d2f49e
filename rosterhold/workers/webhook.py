"""Webhook: send one event to one endpoint, in its turn, and note what became of it."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Final

import structlog

from rosterhold.adapters.database import claims, notices, webhooks
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.webhooks import DeliveryRow, DeliveryStatus, EndpointRow
from rosterhold.adapters.metrics import WEBHOOKS
from rosterhold.adapters.webhooks.sending import Outcome, body_of, send
from rosterhold.config.wiring import Services
from rosterhold.statemachine.announcements import next_try
from rosterhold.workers.step import Follow

# How soon an event whose turn has not come is looked at again, at the earliest. It is woken by the
# one before it.
TURN_AFTER: Final = timedelta(seconds=10)
SWITCHED_OFF: Final = "the endpoint is switched off"
DEAD: Final = "it took nothing for three days"
GONE: Final = "it answered 410: it wants nothing any more"

log = structlog.get_logger(__name__)


def webhook(services: Services, claim: Claim) -> Follow:
    """Send outside any transaction, then note it; the event's id is the same at every try."""
    with services.database.reading() as conn:
        now = services.database.now(conn)
        delivery = webhooks.load(conn, claim.subject)
        endpoint = webhooks.find_endpoint(conn, delivery.endpoint_id) if delivery else None
        turn_at = webhooks.due_before(conn, delivery) if delivery else None
    if delivery is None or endpoint is None or delivery.status != DeliveryStatus.WAITING:
        with services.database.transaction() as tx:
            claims.settle(tx, claim)
        return ()
    if endpoint.switched_off_at is not None:
        return _end(services, claim, delivery, DeliveryStatus.OFF, Outcome(None, SWITCHED_OFF))
    if turn_at is not None:
        with services.database.transaction() as tx:
            claims.postpone(tx, claim, max(turn_at, tx.now) + TURN_AFTER)
        return ()
    return _note(services, claim, delivery, endpoint, _send(services, delivery, endpoint, now))


def _send(
    services: Services, delivery: DeliveryRow, endpoint: EndpointRow, now: datetime
) -> Outcome:
    secret = services.sealing.open(endpoint.sealed_secret)
    return asyncio.run(
        send(
            endpoint.url,
            secret,
            delivery.event_id,
            body_of(delivery.event, delivery.created_at, delivery.data),
            now=now,
            private_allowed=services.settings.webhooks_to_private,
        )
    )


def _note(
    services: Services,
    claim: Claim,
    delivery: DeliveryRow,
    endpoint: EndpointRow,
    outcome: Outcome,
) -> Follow:
    log.info("webhook", event_id=delivery.event_id, endpoint=endpoint.id, answer=outcome.answer)
    if outcome.error is None:
        return _end(services, claim, delivery, DeliveryStatus.DELIVERED, outcome)
    if outcome.is_gone:
        return _end(services, claim, delivery, DeliveryStatus.OFF, outcome, switch_off=GONE)
    with services.database.transaction() as tx:
        chance = random.random()  # noqa: S311 - spreads retries, keeps no secret
        due_at = next_try(delivery.created_at, tx.now, claim.failures + 1, chance)
        if due_at is not None:
            claims.put_back(tx, claim, error=outcome.error, due_at=due_at)
            webhooks.tried(
                tx, delivery, DeliveryStatus.WAITING, answer=outcome.answer, error=outcome.error
            )
            services.meter.count(WEBHOOKS, DeliveryStatus.WAITING.value)
            return ()
        is_dead = not webhooks.took_any(tx.conn, endpoint.id, tx.now)
    dead = DEAD if is_dead else None
    return _end(services, claim, delivery, DeliveryStatus.FAILED, outcome, switch_off=dead)


def _end(
    services: Services,
    claim: Claim,
    delivery: DeliveryRow,
    status: DeliveryStatus,
    outcome: Outcome,
    *,
    switch_off: str | None = None,
) -> Follow:
    with services.database.transaction() as tx:
        claims.settle(tx, claim)
        webhooks.tried(tx, delivery, status, answer=outcome.answer, error=outcome.error)
        if switch_off is not None:
            _switch_off(tx, delivery, switch_off)
        services.meter.count(WEBHOOKS, status.value)
        return tuple(tx.work)


def _switch_off(tx: Transaction, delivery: DeliveryRow, why: str) -> None:
    if webhooks.switch_off(tx, delivery.endpoint_id, why):
        log.error("an endpoint was switched off", endpoint=delivery.endpoint_id, why=why)
        notices.endpoint_switched_off(tx, delivery.endpoint_id, str(delivery.data.get("sync")))
