"""Which findings a decision answered: one row each, so that none is answered twice."""

import sqlalchemy as sa

from rosterhold.adapters.database.tables import metadata

answered_findings = sa.Table(
    "answered_findings",
    metadata,
    sa.Column("sync_id", sa.ForeignKey("syncs.id"), primary_key=True),
    # A finding is known by its number in its evaluation.
    sa.Column("evaluation_no", sa.Integer, primary_key=True),
    sa.Column("no", sa.Integer, primary_key=True),
    sa.Column("district_id", sa.ForeignKey("districts.id"), nullable=False),
    sa.Column("decision_id", sa.ForeignKey("decisions.id"), nullable=False),
)
