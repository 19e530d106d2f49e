"""Who may come in, and what they may see then.

An address that a district named is its administrator (`districts.emails_of`); support, operators,
and the district administrators whom Clever vouches for have accounts.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import districts
from rosterhold.adapters.database.account_tables import accounts
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.engine import Transaction


class Role(StrEnum):
    """What somebody is here."""

    DISTRICT_ADMIN = "district_admin"
    SUPPORT = "support"
    OPERATOR = "operator"

    @property
    def is_staff(self) -> bool:
        """Whether all districts are seen."""
        return self is not Role.DISTRICT_ADMIN

    @property
    def may_decide(self) -> bool:
        return self is not Role.SUPPORT


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it was read; only a district administrator's has a district."""

    id: str
    email: str
    role: Role
    district_id: str | None
    clever_id: str | None
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do now: districts are named for an administrator, staff see all."""

    role: Role
    districts: tuple[DistrictRow, ...] = ()


def plain(email: str) -> str:
    """An address as it is kept and compared."""
    return email.strip().lower()


def put_staff(tx: Transaction, email: str, role: Role) -> Account:
    """Give an address this role, and open its account again if it was disabled.

    Raises:
        ValueError: the role is not one of staff.
    """
    if not role.is_staff:
        raise ValueError("an administrator of a district is named with the district")
    known = staff(tx.conn, email, also_disabled=True)
    if known is None:
        return _insert(tx, plain(email), role)
    tx.conn.execute(
        sa.update(accounts).where(accounts.c.id == known.id).values(role=role, disabled_at=None)
    )
    return Account(
        known.id, known.email, role, None, known.clever_id, known.created_at, disabled_at=None
    )


def staff(conn: sa.Connection, email: str, *, also_disabled: bool = False) -> Account | None:
    """The account of support or an operator with this address."""
    own = sa.and_(accounts.c.email == plain(email), accounts.c.district_id.is_(None))
    row = conn.execute(sa.select(accounts).where(own)).one_or_none()
    found = None if row is None else _as_account(row)
    return None if found is None or (found.disabled_at and not also_disabled) else found


def operators(conn: sa.Connection) -> list[str]:
    """The addresses of all operators."""
    own = sa.and_(accounts.c.role == Role.OPERATOR.value, accounts.c.disabled_at.is_(None))
    return list(conn.execute(sa.select(accounts.c.email).where(own).order_by("email")).scalars())


def from_clever(tx: Transaction, *, district_id: str, clever_id: str, email: str) -> Account | None:
    """The account of a district administrator whom Clever vouches for; None if it is disabled.

    It is made at the first login, and its address follows Clever's.
    """
    own = sa.and_(accounts.c.district_id == district_id, accounts.c.clever_id == clever_id)
    row = tx.conn.execute(sa.select(accounts).where(own)).one_or_none()
    if row is None:
        return _insert(tx, plain(email), Role.DISTRICT_ADMIN, district_id, clever_id)
    tx.conn.execute(sa.update(accounts).where(own).values(email=plain(email)))
    return None if row.disabled_at else _as_account(row)


def disable(tx: Transaction, email: str) -> int:
    """Shut out every account of an address; how many there were."""
    done = tx.conn.execute(
        sa.update(accounts)
        .where(accounts.c.email == plain(email), accounts.c.disabled_at.is_(None))
        .values(disabled_at=tx.now)
    )
    return done.rowcount


def every(conn: sa.Connection) -> list[Account]:
    rows = conn.execute(sa.select(accounts).order_by(accounts.c.email, accounts.c.id))
    return [_as_account(row) for row in rows]


def is_known(conn: sa.Connection, email: str) -> bool:
    """Whether a link to come in may be sent to an address."""
    return staff(conn, email) is not None or bool(districts.of_email(conn, plain(email)))


def rights_of(conn: sa.Connection, email: str, account_id: str | None) -> Rights | None:
    """What the holder of a session may do now; None for nothing any more.

    Without an account it is an address, which counts as long as a district names it.
    """
    if account_id is None:
        own = districts.of_email(conn, email)
        return Rights(Role.DISTRICT_ADMIN, tuple(own)) if own else None
    row = conn.execute(sa.select(accounts).where(accounts.c.id == account_id)).one_or_none()
    if row is None or row.disabled_at is not None:
        return None
    role = Role(row.role)
    if role.is_staff:
        return Rights(role)
    district = districts.find(conn, row.district_id)
    return None if district is None else Rights(role, (district,))


def _insert(
    tx: Transaction,
    email: str,
    role: Role,
    district_id: str | None = None,
    clever_id: str | None = None,
) -> Account:
    made = Account(
        str(ULID.from_datetime(tx.now)), email, role, district_id, clever_id, tx.now, None
    )
    tx.conn.execute(
        sa.insert(accounts).values(
            id=made.id,
            email=email,
            role=role.value,
            district_id=district_id,
            clever_id=clever_id,
            created_at=tx.now,
        )
    )
    return made


def _as_account(row: sa.Row[Any]) -> Account:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public mapping view
    return Account(**{**values, "role": Role(row.role)})
