"""Reminders, quiet hours, a second contact and a language; what is known of mail addresses."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("districts", sa.Column("quiet_hours", sa.Text()))
    op.add_column(
        "districts", sa.Column("language", sa.Text(), nullable=False, server_default="en")
    )
    op.add_column("districts", sa.Column("second_contact", sa.Text()))
    op.add_column("emails", sa.Column("day", sa.Integer()))
    op.create_table(
        "mail_addresses",
        sa.Column("district_id", sa.String(26), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("refused_at", UtcDateTime()),
        sa.Column("refusal", sa.Text()),
        sa.Column("no_reminders_since", UtcDateTime()),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_mail_addresses_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "email", name=op.f("pk_mail_addresses")),
    )
