"""Links that let their holder in once, and how often somebody may ask for one."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from rosterhold.adapters.database.account_tables import login_links, login_requests
from rosterhold.adapters.database.accounts import plain
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.sessions import hash_of, new_token

MINUTES: Final = 15
LASTS: Final = timedelta(minutes=MINUTES)

# How many links may be asked for in one span, for an address and from one place. Many people of a
# district office come from the same place.
SPAN: Final = timedelta(minutes=15)
MOST_AN_ADDRESS: Final = 5
MOST_A_PLACE: Final = 30
_PLACE_OF_IPV6: Final = 64


# So long an ended link still tells whose it was, to send that person a fresh one.
KNOWN_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link was made for: who comes in, and the page that they wanted."""

    email: str
    page: str
    works: bool


def issue(tx: Transaction, email: str, page: str, now: datetime) -> str:
    """Make a link for an address; its token, which is kept nowhere. Old links go at this time."""
    tx.conn.execute(sa.delete(login_links).where(login_links.c.ends_at <= now - KNOWN_FOR))
    token = new_token()
    tx.conn.execute(
        sa.insert(login_links).values(
            token_hash=hash_of(token),
            email=plain(email),
            page=page,
            created_at=now,
            ends_at=now + LASTS,
        )
    )
    return token


def look(conn: sa.Connection, token: str, now: datetime) -> Link | None:
    """What a link is for, without using it up; None when nothing is known of it."""
    row = conn.execute(
        sa.select(login_links).where(login_links.c.token_hash == hash_of(token))
    ).one_or_none()
    if row is None or row.ends_at <= now - KNOWN_FOR:
        return None
    return Link(row.email, row.page, works=row.used_at is None and row.ends_at > now)


def use(tx: Transaction, token: str, now: datetime) -> Link | None:
    """Use a link up; of two at the same time one gets it, the other None."""
    row = tx.conn.execute(
        sa.update(login_links)
        .where(
            login_links.c.token_hash == hash_of(token),
            login_links.c.used_at.is_(None),
            login_links.c.ends_at > now,
        )
        .values(used_at=now)
        .returning(login_links.c.email, login_links.c.page)
    ).one_or_none()
    return None if row is None else Link(row.email, row.page, works=False)


def withdraw(tx: Transaction, email: str) -> None:
    """No link that was sent to an address works any more."""
    tx.conn.execute(sa.delete(login_links).where(login_links.c.email == plain(email)))


def may_ask(tx: Transaction, email: str, from_where: str, now: datetime) -> bool:
    """Count that somebody asks for a link; False when it was too often.

    It is counted alike for addresses that nobody has.
    """
    span = datetime.fromtimestamp(now.timestamp() // SPAN.total_seconds() * SPAN.seconds, UTC)
    tx.conn.execute(sa.delete(login_requests).where(login_requests.c.span_at < span))
    by_address = _count(tx, f"address {plain(email)}", span)
    by_place = _count(tx, f"place {_place(from_where)}", span)
    return by_address <= MOST_AN_ADDRESS and by_place <= MOST_A_PLACE


def _count(tx: Transaction, asker: str, span: datetime) -> int:
    """Count one more in one statement, so that no two processes count the same."""
    dialect = postgresql if tx.conn.dialect.name == "postgresql" else sqlite
    # Whoever typed an address of no account does not leave it here.
    values = {"asker": hashlib.sha256(asker.encode()).hexdigest(), "span_at": span, "times": 1}
    statement = (
        dialect.insert(login_requests)
        .values(values)
        .on_conflict_do_update(
            index_elements=["asker", "span_at"], set_={"times": login_requests.c.times + 1}
        )
        .returning(login_requests.c.times)
    )
    times: int = tx.conn.execute(statement).scalar_one()
    return times


def _place(from_where: str) -> str:
    """Where somebody asks from: of IPv6 the network, since everybody has a whole one."""
    try:
        address = ipaddress.ip_address(from_where)
    except ValueError:
        return from_where
    if address.version == 4:  # noqa: PLR2004 - IPv4
        return str(address)
    return str(ipaddress.ip_network((address, _PLACE_OF_IPV6), strict=False))
