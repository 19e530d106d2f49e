"""What is known of the mail addresses of a district: which do not work, who wants no reminders.

An address that nothing is known of has no row: it is taken to work and to want reminders.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import mail_addresses

_REFUSAL_LENGTH = 500


@dataclass(frozen=True, slots=True)
class AddressRow:
    """A mail address of a district.

    Attributes:
        refused_at: since when the mail server takes no mail for it; None while it works.
        refusal: the server's words.
        no_reminders_since: since when its owner wants no reminders; None while they do.
    """

    email: str
    refused_at: datetime | None = None
    refusal: str | None = None
    no_reminders_since: datetime | None = None


def load(conn: sa.Connection, district_id: str, email: str) -> AddressRow:
    columns = [mail_addresses.c[name] for name in AddressRow.__dataclass_fields__]
    row = conn.execute(sa.select(*columns).where(_own(district_id, email))).one_or_none()
    return AddressRow(email) if row is None else AddressRow(*row)


def works(tx: Transaction, district_id: str, email: str) -> None:
    """Note that a mail to it was accepted, or that somebody gave the address anew."""
    tx.conn.execute(
        sa.update(mail_addresses)
        .where(_own(district_id, email), mail_addresses.c.refused_at.is_not(None))
        .values(refused_at=None, refusal=None)
    )


def does_not_work(tx: Transaction, district_id: str, email: str, refusal: str) -> None:
    """Note that the mail server refuses the address; the time is that of the first refusal."""
    since = sa.func.coalesce(mail_addresses.c.refused_at, _moment(tx))
    words = refusal[:_REFUSAL_LENGTH]
    _put(tx, district_id, email, refused_at=since, refusal=words)


def want_reminders(tx: Transaction, district_id: str, email: str, *, wanted: bool) -> None:
    """Note whether the owner of the address wants reminders; holds are told in any case."""
    since = sa.func.coalesce(mail_addresses.c.no_reminders_since, _moment(tx))
    _put(tx, district_id, email, no_reminders_since=None if wanted else since)


def _put(tx: Transaction, district_id: str, email: str, **values: object) -> None:
    """Change the row of an address, which is made if it is not there."""
    # Two writers of a new address meet at the primary key: made first, then changed.
    blank = sa.select(sa.literal(district_id), sa.literal(email))
    known = sa.exists().where(_own(district_id, email))
    columns = [mail_addresses.c.district_id, mail_addresses.c.email]
    tx.conn.execute(sa.insert(mail_addresses).from_select(columns, blank.where(~known)))
    tx.conn.execute(sa.update(mail_addresses).where(_own(district_id, email)).values(values))


def _moment(tx: Transaction) -> sa.BindParameter[datetime]:
    return sa.literal(tx.now, mail_addresses.c.refused_at.type)


def _own(district_id: str, email: str) -> sa.ColumnElement[bool]:
    return sa.and_(mail_addresses.c.district_id == district_id, mail_addresses.c.email == email)
