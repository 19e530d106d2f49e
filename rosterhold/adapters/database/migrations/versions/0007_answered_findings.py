"""Findings are answered one by one, for chosen schools."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "answered_findings",
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("evaluation_no", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("decision_id", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_answered_findings_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_answered_findings_district_id")
        ),
        sa.ForeignKeyConstraint(
            ["sync_id"], ["syncs.id"], name=op.f("fk_answered_findings_sync_id")
        ),
        sa.PrimaryKeyConstraint(
            "sync_id", "evaluation_no", "no", name=op.f("pk_answered_findings")
        ),
    )
