"""What operations pages and the command line show of mails and addresses. It only reads."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec
import sqlalchemy as sa

from rosterhold.adapters.database.emails import EmailStatus
from rosterhold.adapters.database.tables import (
    administrators,
    districts,
    emails,
    mail_addresses,
    outbox,
)
from rosterhold.statemachine.chart import Work

PAGE: Final = 50
# A mail that no further try is made of; it is so by its piece of work, which waits for an operator.
GIVEN_UP: Final = "given_up"
STATUSES: Final = (*(status.value for status in EmailStatus), GIVEN_UP)


class MailLine(msgspec.Struct, frozen=True):
    """A mail of the log.

    Attributes:
        day: the day of the hold, of a reminder.
        status: one of STATUSES.
        due_at: when it is tried next; None when it is not.
    """

    id: str
    district: str
    district_name: str
    sync: str
    template: str
    day: int | None
    recipient: str
    status: str
    attempts: int
    last_error: str | None
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None


def mail_lines(
    conn: sa.Connection,
    *,
    district_id: str | None = None,
    status: str | None = None,
    recipient: str | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> list[MailLine]:
    """The log of mails, the newest first.

    Args:
        conn: where to read.
        district_id: only of this district; operators may leave it out.
        status: only with this one of STATUSES.
        recipient: only to addresses that contain this.
        before: only older ones than the mail with this id: the last of the page before.
        limit: how many.
    """
    query = _LOG.order_by(emails.c.id.desc()).limit(limit)
    if district_id is not None:
        query = query.where(emails.c.district_id == district_id)
    if status is not None:
        query = query.where(_STATUS == status)  # noqa: SIM300 - an expression
    if recipient is not None:
        query = query.where(emails.c.recipient.contains(recipient.strip().lower(), autoescape=True))
    if before is not None:
        query = query.where(emails.c.id < before)
    return [MailLine(*tuple(row)) for row in conn.execute(query)]


_IS_GIVEN_UP: Final = outbox.c.given_up_at.is_not(None)
_STATUS: Final = sa.case((_IS_GIVEN_UP, GIVEN_UP), else_=emails.c.status)
_LOG: Final = (
    sa.select(
        emails.c.id,
        emails.c.district_id,
        districts.c.name,
        emails.c.sync_id,
        emails.c.template,
        emails.c.day,
        emails.c.recipient,
        _STATUS,
        emails.c.attempts,
        emails.c.last_error,
        emails.c.created_at,
        sa.case((_IS_GIVEN_UP, None), else_=outbox.c.due_at),
        emails.c.sent_at,
    )
    .join(districts, districts.c.id == emails.c.district_id)
    .outerjoin(
        outbox,
        sa.and_(
            outbox.c.sync_id == emails.c.sync_id,
            outbox.c.work == Work.EMAIL.value,
            outbox.c.subject == emails.c.id,
        ),
    )
)


class Part(StrEnum):
    """Why mails go to an address."""

    ADMINISTRATOR = "administrator"
    SECOND_CONTACT = "second contact"


class AddressView(msgspec.Struct, frozen=True):
    """An address that mails of a district go to.

    Attributes:
        refused_at: since when the mail server takes none: *this address does not work*.
        refusal: the server's words.
        no_reminders_since: since when its owner wants no reminders.
    """

    email: str
    part: str
    refused_at: datetime | None
    refusal: str | None
    no_reminders_since: datetime | None

    @property
    def works(self) -> bool:
        return self.refused_at is None


def address_views(conn: sa.Connection, district_id: str) -> list[AddressView]:
    """The addresses of a district: administrators first, then the second contact."""
    rows = conn.execute(
        sa.select(*_ADDRESSES.c)
        .where(_ADDRESSES.c.district_id == district_id)
        .order_by(_ADDRESSES.c.part, _ADDRESSES.c.email)
    )
    return [AddressView(*row[1:]) for row in rows]


class UnreachableDistrict(msgspec.Struct, frozen=True):
    """A district that no mail comes to: it has no address that works."""

    id: str
    name: str
    since: datetime | None


def unreachable_districts(conn: sa.Connection, *, limit: int = 100) -> list[UnreachableDistrict]:
    """Districts of which every address does not work, or that have none, by name."""
    addresses = _ADDRESSES
    query = (
        sa.select(districts.c.id, districts.c.name, sa.func.max(addresses.c.refused_at))
        .outerjoin(addresses, addresses.c.district_id == districts.c.id)
        .group_by(districts.c.id, districts.c.name)
        .having(sa.func.count(addresses.c.email) == sa.func.count(addresses.c.refused_at))
        .order_by(districts.c.name, districts.c.id)
        .limit(limit)
    )
    return [UnreachableDistrict(*row) for row in conn.execute(query)]


def _addresses() -> sa.Subquery:
    """Every address of every district, with what is known of it."""
    second = sa.select(
        districts.c.id.label("district_id"),
        districts.c.second_contact.label("email"),
        sa.literal(Part.SECOND_CONTACT.value).label("part"),
    ).where(districts.c.second_contact.is_not(None))
    first = sa.select(
        administrators.c.district_id,
        administrators.c.email,
        sa.literal(Part.ADMINISTRATOR.value).label("part"),
    )
    everybody = sa.union_all(first, second).subquery()
    known = sa.and_(
        mail_addresses.c.district_id == everybody.c.district_id,
        mail_addresses.c.email == everybody.c.email,
    )
    return (
        sa.select(
            *everybody.c,
            mail_addresses.c.refused_at,
            mail_addresses.c.refusal,
            mail_addresses.c.no_reminders_since,
        )
        .outerjoin_from(everybody, mail_addresses, known)
        .subquery()
    )


_ADDRESSES: Final = _addresses()
