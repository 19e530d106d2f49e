"""Districts, syncs, holds and work."""

import sqlalchemy as sa
from alembic import op

from rosterhold.adapters.database.types import UtcDateTime, big_id, json_column

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "districts",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("clever_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("policy", json_column(), nullable=False),
        sa.Column("leave_out_types", json_column(), nullable=False),
        sa.Column("leave_out_crowds", sa.Boolean(), nullable=False),
        sa.Column("baseline_ref", sa.Text(), nullable=True),
        sa.Column("baseline_sync_id", sa.String(length=26), nullable=True),
        sa.Column("clever_state", sa.Text(), nullable=True),
        sa.Column("clever_error", sa.Text(), nullable=True),
        sa.Column("clever_last_sync", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_districts")),
        sa.UniqueConstraint("clever_id", name=op.f("uq_districts_clever_id")),
    )
    op.create_table(
        "fired",
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "due_at", name=op.f("pk_fired")),
    )
    op.create_table(
        "processes",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
    )
    op.create_table(
        "administrators",
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_administrators_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "email", name=op.f("pk_administrators")),
    )
    op.create_table(
        "school_settings",
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("school_clever_id", sa.Text(), nullable=False),
        sa.Column("policy", json_column(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_school_settings_district_id")
        ),
        sa.PrimaryKeyConstraint("district_id", "school_clever_id", name=op.f("pk_school_settings")),
    )
    op.create_table(
        "syncs",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("fetch_no", sa.Integer(), nullable=False),
        sa.Column("evaluation_no", sa.Integer(), nullable=False),
        sa.Column("snapshot_ref", sa.Text(), nullable=True),
        sa.Column("target_ref", sa.Text(), nullable=True),
        sa.Column("counts", json_column(), nullable=False),
        sa.Column("set_aside", json_column(), nullable=False),
        sa.Column("receipt", json_column(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("held_since", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_syncs_district_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_syncs")),
    )
    with op.batch_alter_table("syncs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_syncs_district_id_started_at", ["district_id", "started_at"], unique=False
        )
        batch_op.create_index("ix_syncs_state", ["state"], unique=False)
        batch_op.create_index(
            "uq_syncs_one_open_a_district",
            ["district_id"],
            unique=True,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("from_where", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("evaluation_no", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_decisions_district_id")
        ),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_decisions_sync_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("ix_decisions_sync_id", ["sync_id"], unique=False)
    op.create_table(
        "findings",
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("evaluation_no", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("school", sa.Text(), nullable=False),
        sa.Column("school_name", sa.Text(), nullable=False),
        sa.Column("measured", sa.Float(), nullable=False),
        sa.Column("limit", sa.Float(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_findings_district_id")
        ),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_findings_sync_id")),
        sa.PrimaryKeyConstraint("sync_id", "evaluation_no", "no", name=op.f("pk_findings")),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("evaluation_no", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_holds_district_id")
        ),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_holds_sync_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index("ix_holds_district_id", ["district_id"], unique=False)
        batch_op.create_index(
            "uq_holds_one_open_a_reason",
            ["sync_id", "reason"],
            unique=True,
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        )
    op.create_table(
        "outbox",
        sa.Column("id", big_id(), autoincrement=True, nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("sync_id", sa.String(length=26), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("given_up_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_outbox_district_id")
        ),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_outbox_sync_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("given_up_at IS NULL"),
            postgresql_where=sa.text("given_up_at IS NULL"),
        )
        batch_op.create_index("ix_outbox_sync_id", ["sync_id"], unique=False)
    op.create_table(
        "progress",
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_progress_sync_id")),
        sa.PrimaryKeyConstraint("sync_id", "kind", name=op.f("pk_progress")),
    )
    op.create_table(
        "transitions",
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_transitions_sync_id")),
        sa.PrimaryKeyConstraint("sync_id", "seq", name=op.f("pk_transitions")),
    )
    op.create_table(
        "acceptances",
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_acceptances_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_acceptances_district_id")
        ),
        sa.PrimaryKeyConstraint(
            "district_id", "rule", "kind", "key", "fact", name=op.f("pk_acceptances")
        ),
    )
    op.create_table(
        "emails",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("district_id", sa.String(length=26), nullable=False),
        sa.Column("sync_id", sa.String(length=26), nullable=False),
        sa.Column("hold_id", sa.String(length=26), nullable=True),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["district_id"], ["districts.id"], name=op.f("fk_emails_district_id")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_emails_hold_id")),
        sa.ForeignKeyConstraint(["sync_id"], ["syncs.id"], name=op.f("fk_emails_sync_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emails")),
        sa.UniqueConstraint("intent", name=op.f("uq_emails_intent")),
    )
    with op.batch_alter_table("emails", schema=None) as batch_op:
        batch_op.create_index("ix_emails_sync_id", ["sync_id"], unique=False)
