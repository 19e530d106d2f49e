"""Districts: who they are, whom to write to, and their settings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import addresses, discovery, schedules
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.tables import (
    acceptances,
    administrators,
    districts,
    school_settings,
)
from rosterhold.roster.district_settings import LeaveOut
from rosterhold.roster.language import ENGLISH, Language
from rosterhold.statemachine.policy import Policies, policies
from rosterhold.statemachine.reminders import USUAL_QUIET_HOURS, QuietHours, quiet_hours
from rosterhold.statemachine.upstream import AtClever, at_clever

# What a district has until somebody says where it is.
UNKNOWN_ZONE: Final = "UTC"


class SaidByClever:
    """Of what has these columns of a district: what Clever does with its data."""

    __slots__ = ()

    clever_state: str | None
    clever_error: str | None
    clever_pause_end: str | None
    time_zone: str

    def at_clever(self, now: datetime, language: Language = ENGLISH) -> AtClever:
        """What Clever does, as it said at the last fetch."""
        return at_clever(
            self.clever_state,
            self.clever_error,
            self.clever_pause_end,
            zone=self.time_zone,
            now=now,
            language=language,
        )


@dataclass(frozen=True, slots=True)
class DistrictRow(SaidByClever):
    """A district as it was read."""

    id: str
    clever_id: str
    name: str
    time_zone: str
    policy: dict[str, Any]
    leave_out_types: list[str]
    leave_out_crowds: bool
    baseline_ref: str | None
    baseline_sync_id: str | None
    clever_state: str | None
    clever_error: str | None
    clever_last_sync: datetime | None
    clever_pause_start: str | None
    clever_pause_end: str | None
    created_at: datetime
    quiet_hours: str | None
    language: str
    second_contact: str | None
    disconnected_since: datetime | None
    events: bool

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def leave_out(self) -> LeaveOut:
        return LeaveOut(tuple(self.leave_out_types), self.leave_out_crowds)

    @property
    def quiet(self) -> QuietHours | None:
        return quiet_hours(self.quiet_hours)


class DistrictExistsError(Exception):
    """Raised when a district with this Clever id is there already."""


def add(
    tx: Transaction,
    *,
    clever_id: str,
    name: str,
    emails: Sequence[str],
    time_zone: str = UNKNOWN_ZONE,
) -> str:
    """Add a district with the administrators to write to.

    It no longer waits for set-up. It has the usual quiet hours, unless nobody said when its night
    is.

    Raises:
        DistrictExistsError: its Clever id is taken.
    """
    if find(tx.conn, clever_id) is not None:
        raise DistrictExistsError(f"a district with the Clever id {clever_id} is there already")
    district_id = str(ULID.from_datetime(tx.now))
    tx.conn.execute(
        sa.insert(districts).values(
            id=district_id,
            clever_id=clever_id,
            name=name,
            time_zone=time_zone,
            policy={},
            leave_out_types=[],
            leave_out_crowds=False,
            created_at=tx.now,
            quiet_hours=None if time_zone == UNKNOWN_ZONE else str(USUAL_QUIET_HOURS),
        )
    )
    discovery.remove(tx, clever_id)
    set_administrators(tx, district_id, emails)
    schedules.add(tx, district_id, time_zone)
    return district_id


def find(conn: sa.Connection, word: str) -> DistrictRow | None:
    """The district with this id, ours or Clever's."""
    row = conn.execute(
        sa.select(districts).where(
            sa.or_(districts.c.id == word.upper(), districts.c.clever_id == word)
        )
    ).one_or_none()
    return None if row is None else as_district(row)


def every(conn: sa.Connection) -> list[DistrictRow]:
    rows = conn.execute(sa.select(districts).order_by(districts.c.name, districts.c.id))
    return [as_district(row) for row in rows]


def as_district(row: sa.Row[Any]) -> DistrictRow:
    return DistrictRow(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public mapping view


def update(tx: Transaction, district_id: str, values: Mapping[str, object]) -> None:
    tx.conn.execute(sa.update(districts).where(districts.c.id == district_id).values(dict(values)))
    if "time_zone" in values:
        schedules.retime(tx, district_id)


def emails_of(conn: sa.Connection, district_id: str) -> list[str]:
    rows = conn.execute(
        sa.select(administrators.c.email)
        .where(administrators.c.district_id == district_id)
        .order_by(administrators.c.email)
    )
    return [row.email for row in rows]


def of_email(conn: sa.Connection, email: str) -> list[DistrictRow]:
    """The districts that name this address as their administrator's."""
    rows = conn.execute(
        sa.select(districts)
        .join(administrators, administrators.c.district_id == districts.c.id)
        .where(administrators.c.email == email)
        .order_by(districts.c.name, districts.c.id)
    )
    return [as_district(row) for row in rows]


def set_administrators(tx: Transaction, district_id: str, emails: Sequence[str]) -> None:
    """Write to these from now on; an address that is set again is taken to work."""
    tx.conn.execute(sa.delete(administrators).where(administrators.c.district_id == district_id))
    wanted = sorted({as_address(email) for email in emails})
    if wanted:
        tx.conn.execute(
            sa.insert(administrators),
            [{"district_id": district_id, "email": email} for email in wanted],
        )
    for email in wanted:
        addresses.works(tx, district_id, email)


def set_second_contact(tx: Transaction, district_id: str, email: str | None) -> None:
    """Write to this address as well when nobody has answered for some days; None to nobody."""
    address = None if email is None else as_address(email)
    update(tx, district_id, {"second_contact": address})
    if address is not None:
        addresses.works(tx, district_id, address)


def as_address(email: str) -> str:
    return email.strip().lower()


def set_school_policy(
    tx: Transaction, district_id: str, school_clever_id: str, policy: Mapping[str, object]
) -> None:
    """Give a school limits of its own; an empty policy takes them away."""
    own = sa.and_(
        school_settings.c.district_id == district_id,
        school_settings.c.school_clever_id == school_clever_id,
    )
    tx.conn.execute(sa.delete(school_settings).where(own))
    if policy:
        tx.conn.execute(
            sa.insert(school_settings).values(
                district_id=district_id, school_clever_id=school_clever_id, policy=dict(policy)
            )
        )


def school_policies(conn: sa.Connection, district_id: str) -> dict[str, dict[str, object]]:
    rows = conn.execute(
        sa.select(school_settings.c.school_clever_id, school_settings.c.policy).where(
            school_settings.c.district_id == district_id
        )
    )
    return {row.school_clever_id: row.policy for row in rows}


def policies_of(conn: sa.Connection, district: DistrictRow) -> Policies:
    """The limits of a district and of its schools."""
    return policies(district.policy, school_policies(conn, district.id))


def carry_acceptances(
    tx: Transaction, district_id: str, subjects: Collection[tuple[str, str, str, str]]
) -> None:
    """Make these the accepted records: those that were re-identified go on under their new id.

    A record under a new id keeps the decision of one that it takes the place of.
    """
    ours = acceptances.c.district_id == district_id
    rows = tx.conn.execute(sa.select(acceptances).where(ours)).all()
    gone = [row for row in rows if (row.rule, row.kind, row.key, row.fact) not in subjects]
    known = {(row.rule, row.kind, row.key, row.fact) for row in rows}
    decided = {(row.rule, row.kind, row.fact): row.decision_id for row in gone}
    for row in gone:
        tx.conn.execute(
            sa.delete(acceptances).where(
                ours,
                acceptances.c.rule == row.rule,
                acceptances.c.kind == row.kind,
                acceptances.c.key == row.key,
                acceptances.c.fact == row.fact,
            )
        )
    for rule, kind, key, fact in sorted(set(subjects) - known):
        tx.conn.execute(
            sa.insert(acceptances).values(
                district_id=district_id,
                rule=rule,
                kind=kind,
                key=key,
                fact=fact,
                decision_id=decided.get((rule, kind, fact)),
            )
        )


def accepted_subjects(conn: sa.Connection, district_id: str) -> list[tuple[str, str, str, str]]:
    """What was accepted for the district: rule, kind, key and fact of each record."""
    rows = conn.execute(
        sa.select(
            acceptances.c.rule, acceptances.c.kind, acceptances.c.key, acceptances.c.fact
        ).where(acceptances.c.district_id == district_id)
    )
    return [(row.rule, row.kind, row.key, row.fact) for row in rows]
