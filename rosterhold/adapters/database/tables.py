"""The system of record: districts, syncs and their history, holds, work and mails.

Every table that tells of a district has its `district_id`, and every query goes by it.
"""

import sqlalchemy as sa

from rosterhold.adapters.database.types import UtcDateTime, big_id, json_column

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _district() -> sa.Column[str]:
    return sa.Column("district_id", sa.ForeignKey("districts.id"), nullable=False)


def _sync() -> sa.Column[str]:
    return sa.Column("sync_id", sa.ForeignKey("syncs.id"), nullable=False)


districts = sa.Table(
    "districts",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("clever_id", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"),
    # Limits of the district that differ from the default policy, by name.
    sa.Column("policy", json_column(), nullable=False),
    # Contact types left out from now on, and whether a crowd of guardians is.
    sa.Column("leave_out_types", json_column(), nullable=False),
    sa.Column("leave_out_crowds", sa.Boolean, nullable=False),
    # The manifest of what the roster is, and the sync that applied it.
    sa.Column("baseline_ref", sa.Text),
    sa.Column("baseline_sync_id", sa.String(26)),
    # What Clever said of the district at the last fetch.
    sa.Column("clever_state", sa.Text),
    sa.Column("clever_error", sa.Text),
    sa.Column("clever_last_sync", UtcDateTime),
    # Days or moments in ISO 8601, as Clever gave them; NULL for none that can be read.
    sa.Column("clever_pause_start", sa.Text),
    sa.Column("clever_pause_end", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    # Local times between which no mail goes out, as "20:00-07:00"; NULL for none.
    sa.Column("quiet_hours", sa.Text),
    sa.Column("language", sa.Text, nullable=False, server_default="en"),
    # Who is written to as well when nobody has answered for some days.
    sa.Column("second_contact", sa.Text),
    # Since when it is not among the districts that granted the app at Clever; NULL while it is.
    sa.Column("disconnected_since", UtcDateTime),
    # Whether Clever's events are followed between full syncs.
    sa.Column("events", sa.Boolean, nullable=False, server_default="0"),
)

administrators = sa.Table(
    "administrators",
    metadata,
    sa.Column("district_id", sa.ForeignKey("districts.id"), primary_key=True),
    sa.Column("email", sa.Text, primary_key=True),
)

school_settings = sa.Table(
    "school_settings",
    metadata,
    sa.Column("district_id", sa.ForeignKey("districts.id"), primary_key=True),
    sa.Column("school_clever_id", sa.Text, primary_key=True),
    sa.Column("policy", json_column(), nullable=False),
)

syncs = sa.Table(
    "syncs",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    _district(),
    sa.Column("state", sa.Text, nullable=False),
    # Counts the transitions; every change of the row is a compare and set on it.
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("trigger", sa.Text, nullable=False),
    sa.Column("fetch_no", sa.Integer, nullable=False),
    sa.Column("evaluation_no", sa.Integer, nullable=False),
    # Manifests in the snapshot store: what was fetched, and what the roster is to be.
    sa.Column("snapshot_ref", sa.Text),
    sa.Column("target_ref", sa.Text),
    # kind → added, changed, removed, reidentified, total
    sa.Column("counts", json_column(), nullable=False),
    # kind → how many records could not be read; how many contacts and links were left out
    sa.Column("set_aside", json_column(), nullable=False),
    # approved and removed, approved but came back, removed within the limits
    sa.Column("receipt", json_column()),
    sa.Column("failure", sa.Text),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("held_since", UtcDateTime),
    # Of a sync that ended because Clever had nothing new: since when it has not. Such a sync read
    # and applied nothing, and the baseline stays that of an earlier one.
    sa.Column("nothing_new_since", UtcDateTime),
)
sa.Index(
    "uq_syncs_one_open_a_district",
    syncs.c.district_id,
    unique=True,
    sqlite_where=syncs.c.finished_at.is_(None),
    postgresql_where=syncs.c.finished_at.is_(None),
)
sa.Index("ix_syncs_district_id_started_at", syncs.c.district_id, syncs.c.started_at)
# What ended lately. A sync's end changes the index above anyway.
sa.Index(
    "ix_syncs_finished_at",
    syncs.c.finished_at,
    sqlite_where=syncs.c.finished_at.is_not(None),
    postgresql_where=syncs.c.finished_at.is_not(None),
)

transitions = sa.Table(
    "transitions",
    metadata,
    sa.Column("sync_id", sa.ForeignKey("syncs.id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)

progress = sa.Table(
    "progress",
    metadata,
    sa.Column("sync_id", sa.ForeignKey("syncs.id"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("records", sa.Integer, nullable=False),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    _sync(),
    _district(),
    sa.Column("reason", sa.Text, nullable=False),
    # Names what is to be reviewed; changes when the findings do.
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("evaluation_no", sa.Integer, nullable=False),
    # One sentence of what happened, for the list and the mail.
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    # Somebody decided; it is resolved when the sync has read Clever again.
    sa.Column("answered_at", UtcDateTime),
    sa.Column("resolved_at", UtcDateTime),
    sa.Column("resolution", sa.Text),
)
sa.Index(
    "uq_holds_one_open_a_reason",
    holds.c.sync_id,
    holds.c.reason,
    unique=True,
    sqlite_where=holds.c.resolved_at.is_(None),
    postgresql_where=holds.c.resolved_at.is_(None),
)
sa.Index("ix_holds_district_id", holds.c.district_id)

findings = sa.Table(
    "findings",
    metadata,
    sa.Column("sync_id", sa.ForeignKey("syncs.id"), primary_key=True),
    sa.Column("evaluation_no", sa.Integer, primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True),
    _district(),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("school", sa.Text, nullable=False),
    sa.Column("school_name", sa.Text, nullable=False),
    sa.Column("measured", sa.Float, nullable=False),
    sa.Column("limit", sa.Float),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("of", sa.Integer, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    _sync(),
    _district(),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("from_where", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("evaluation_no", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    # By which login the person came in; empty for one at the command line.
    sa.Column("login", sa.Text),
)
sa.Index("ix_decisions_sync_id", decisions.c.sync_id)

# Doubtful configuration that a person accepted, record by record, for this district from then on.
acceptances = sa.Table(
    "acceptances",
    metadata,
    sa.Column("district_id", sa.ForeignKey("districts.id"), primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fact", sa.Text, primary_key=True),
    sa.Column("decision_id", sa.ForeignKey("decisions.id")),
)

# A row is a piece of work and the right to do it: see outbox.py and claims.py.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", big_id(), primary_key=True, autoincrement=True),
    sa.Column("work", sa.Text, nullable=False),
    _district(),
    sa.Column("sync_id", sa.ForeignKey("syncs.id")),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("sends", sa.Integer, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("leased_until", UtcDateTime),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("given_up_at", UtcDateTime),
    # Who claimed it last, and when. Processes go; what one was at may outlive it.
    sa.Column("process_id", sa.String(26)),
    sa.Column("claimed_at", UtcDateTime),
    sqlite_autoincrement=True,
)
sa.Index(
    "ix_outbox_due_at",
    outbox.c.due_at,
    sqlite_where=outbox.c.given_up_at.is_(None),
    postgresql_where=outbox.c.given_up_at.is_(None),
)
sa.Index("ix_outbox_sync_id", outbox.c.sync_id)

emails = sa.Table(
    "emails",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    # One mail an intent, however often the work for it is written.
    sa.Column("intent", sa.Text, nullable=False, unique=True),
    _district(),
    _sync(),
    sa.Column("hold_id", sa.ForeignKey("holds.id")),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    # The day of the hold that a reminder is about.
    sa.Column("day", sa.Integer),
)
sa.Index("ix_emails_sync_id", emails.c.sync_id)
sa.Index("ix_emails_created_at", emails.c.created_at)

# What is known of a mail address of a district; one that nothing is known of has no row.
mail_addresses = sa.Table(
    "mail_addresses",
    metadata,
    sa.Column("district_id", sa.ForeignKey("districts.id"), primary_key=True),
    sa.Column("email", sa.Text, primary_key=True),
    # Since when the mail server refuses it, and its words; until a mail is accepted.
    sa.Column("refused_at", UtcDateTime),
    sa.Column("refusal", sa.Text),
    # Since when its owner wants no reminders.
    sa.Column("no_reminders_since", UtcDateTime),
)

# Processes that work: who is there to take work over.
processes = sa.Table(
    "processes",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    # Its machine and its number there, as "roster-2, 4711".
    sa.Column("place", sa.Text),
)

# A slot of a schedule that was used; the primary key makes each fire once.
fired = sa.Table(
    "fired",
    metadata,
    sa.Column("schedule", sa.Text, primary_key=True),
    sa.Column("due_at", UtcDateTime, primary_key=True),
)

# A sync whose files were deleted from the snapshot store, as the retention says.
purges = sa.Table(
    "purges",
    metadata,
    sa.Column("sync_id", sa.ForeignKey("syncs.id"), primary_key=True),
    _district(),
    sa.Column("at", UtcDateTime, nullable=False),
)
