"""Who may come in, by what, and who is in. A secret is kept as its SHA-256 only."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata
from rosterhold.adapters.database.types import UtcDateTime

# Support and operators, and the district administrators whom Clever vouches for. (Whom a district
# named as its administrator stands in `administrators`.)
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    # Of a district administrator, and who that is in Clever.
    sa.Column("district_id", sa.ForeignKey("districts.id")),
    sa.Column("clever_id", sa.String(64)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("disabled_at", UtcDateTime),
)
sa.Index(
    "uq_accounts_one_of_staff_an_address",
    accounts.c.email,
    unique=True,
    sqlite_where=accounts.c.district_id.is_(None),
    postgresql_where=accounts.c.district_id.is_(None),
)
sa.Index(
    "uq_accounts_one_a_person_in_clever",
    accounts.c.district_id,
    accounts.c.clever_id,
    unique=True,
    sqlite_where=accounts.c.clever_id.is_not(None),
    postgresql_where=accounts.c.clever_id.is_not(None),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("email", sa.Text, nullable=False),
    # The account that came in; without one it is an address among `administrators`.
    sa.Column("account_id", sa.ForeignKey("accounts.id")),
    # By which login: LoginBy.
    sa.Column("login_by", sa.Text, nullable=False),
    sa.Column("from_where", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
)
sa.Index("ix_sessions_email", sessions.c.email)
sa.Index("ix_sessions_ends_at", sessions.c.ends_at)

# A link that lets its holder in, once.
login_links = sa.Table(
    "login_links",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("email", sa.Text, nullable=False),
    # The page that it leads to.
    sa.Column("page", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ends_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)
sa.Index("ix_login_links_ends_at", login_links.c.ends_at)

# How often links were asked for in a span of time, by address and by where from.
login_requests = sa.Table(
    "login_requests",
    metadata,
    sa.Column("asker", sa.String(64), primary_key=True),
    sa.Column("span_at", UtcDateTime, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
)
sa.Index("ix_login_requests_span_at", login_requests.c.span_at)
