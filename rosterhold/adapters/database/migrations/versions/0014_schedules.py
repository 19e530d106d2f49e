"""A schedule for each district, which knows when it is due next."""

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime, json_column

revision = "0014"
down_revision = "0013"

NIGHT_BEGINS_H = 19


def upgrade() -> None:
    schedules = op.create_table(
        "schedules",
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("blackouts", json_column(), nullable=False),
        sa.Column("next_due_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_schedules_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", name=op.f("pk_schedules")),
    )
    op.create_index("ix_schedules_next_due_at", "schedules", ["next_due_at"])
    districts = sa.table(
        "districts",
        sa.column("id", sa.Text),
        sa.column("time_zone", sa.Text),
        sa.column("created_at", UtcDateTime),
    )
    if op.get_context().as_sql:
        # Written down instead of run: there are no districts to look at.
        return
    now = datetime.now(UTC)
    found = op.get_bind().execute(sa.select(districts)).all()
    rows = [_schedule(row.id, row.time_zone, row.created_at, now) for row in found]
    if rows:
        op.bulk_insert(schedules, rows)


def _schedule(district_id: str, zone: str, created_at: datetime, now: datetime) -> dict[str, object]:
    """What the release before did: the same minute of every night, drawn from the id.

    Due is tonight's or, if that has come already, that one: if it was used, it fires no second time.
    """
    drawn = int.from_bytes(hashlib.sha256(district_id.encode()).digest()[:4]) % 600
    clock = ZoneInfo(zone)
    today = now.astimezone(clock).date()
    slots = [_slot(today + timedelta(days=day), drawn, clock) for day in (-2, -1, 0, 1)]
    due = max((slot for slot in slots if created_at < slot <= now), default=None)
    return {
        "district_id": district_id,
        "cron": f"{drawn % 60} {(NIGHT_BEGINS_H + drawn // 60) % 24} * * *",
        "blackouts": [],
        "next_due_at": due or min(slot for slot in slots if slot > now),
    }


def _slot(day: date, drawn: int, clock: ZoneInfo) -> datetime:
    evening = datetime.combine(day, time(NIGHT_BEGINS_H))
    slot = (evening + timedelta(minutes=drawn)).replace(tzinfo=clock)
    return slot.astimezone(UTC)
