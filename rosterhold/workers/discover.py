"""Discovery: reads which districts granted the app at Clever, and who the unknown ones are."""

import asyncio
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from rosterhold.adapters.clever.client import CleverClient, Grant
from rosterhold.adapters.clever.description import Description, describe
from rosterhold.adapters.clever.errors import CleverError
from rosterhold.adapters.clever.ids import is_plain_id
from rosterhold.adapters.clever.outcome import DistrictFacts
from rosterhold.adapters.database import discovery, slots
from rosterhold.adapters.database.discovery import Noted
from rosterhold.config.wiring import Services, clever_client

# What the hourly slots are called among those that were used.
SCHEDULE: Final = "discovery"
LOOK_EVERY_S: Final = 60.0
# Districts that Clever is asked about at a time; the others are described an hour later.
MOST_DESCRIBED: Final = 500

log = structlog.get_logger(__name__)


def run_discovery(services: Services, stop: threading.Event) -> None:
    """Discover once an hour until told to stop."""
    while not stop.is_set():
        try:
            discover_when_due(services)
        except CleverError as error:
            log.warning("Clever did not say who granted the app", why=error.code, error=str(error))
        except SQLAlchemyError as error:
            log.warning("the database is away; discovery waits", error=str(error))
        stop.wait(LOOK_EVERY_S)


def discover_when_due(services: Services, now: datetime | None = None) -> Noted | None:
    """Discover if this hour's reading was not done yet, by anybody; None when it was.

    Raises:
        CleverError: see `discover`; the next hour's reading makes up for this one.
    """
    now = now or _now(services)
    hour = now.replace(minute=0, second=0, microsecond=0)
    if not slots.use(services.database, SCHEDULE, hour):
        return None
    return discover(services)


def discover(services: Services) -> Noted:
    """Read which districts granted the app, and note it; syncs are left as they are.

    Raises:
        CleverError: Clever could not be asked; what was known stays.
    """
    return asyncio.run(_discover(services))


async def _discover(services: Services) -> Noted:
    async with clever_client(services) as client:
        granted = await client.grants()
        grants = {id_: grant for id_, grant in granted.items() if is_plain_id(id_)}
        noted = _note(services, grants)
        await _describe(services, client, grants)
    return noted


def _note(services: Services, grants: Mapping[str, Grant]) -> Noted:
    try:
        with services.database.transaction() as tx:
            noted = discovery.note(tx, grants)
    except IntegrityError:
        # Somebody else noted the same districts in the same moment; now they are there.
        with services.database.transaction() as tx:
            noted = discovery.note(tx, grants)
    if noted.new or noted.lost or noted.back:
        log.info("grants moved", new=noted.new, lost=noted.lost, back=noted.back)
    return noted


async def _describe(services: Services, client: CleverClient, grants: Mapping[str, Grant]) -> None:
    """Ask who waits, and how large they are; when Clever is away, the rest waits for an hour."""
    with services.database.reading() as conn:
        now = services.database.now(conn)
        clever_ids = discovery.undescribed(conn, now, MOST_DESCRIBED)
    for clever_id in clever_ids:
        grant = grants.get(clever_id)
        if grant is None:
            continue
        try:
            said = await describe(client, grant)
        except CleverError as error:
            log.warning("not described", clever_id=clever_id, why=error.code, error=str(error))
            if not error.permanent:
                return
            # It is asked about tomorrow again, after those that were not asked about yet.
            said = Description(DistrictFacts(clever_id), None, None)
        with services.database.transaction() as tx:
            discovery.put(
                tx,
                clever_id,
                name=said.facts.name,
                contact_name=said.facts.contact_name,
                contact_email=said.facts.contact_email,
                schools=said.schools,
                students=said.students,
            )


def _now(services: Services) -> datetime:
    with services.database.reading() as conn:
        return services.database.now(conn)
