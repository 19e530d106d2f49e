"""What a mail tells, read from the database as it is now."""

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database import districts, emails, holds, views, webhooks
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.emails import EmailRow, Template
from rosterhold.adapters.database.holds import HoldRow
from rosterhold.adapters.database.tables import findings
from rosterhold.adapters.database.views import DecisionView, SyncView
from rosterhold.adapters.database.webhooks import EndpointRow
from rosterhold.adapters.languages import language
from rosterhold.roster.language import ENGLISH, Language

SENTENCES: Final = 12


@dataclass(frozen=True, slots=True)
class MailContext:
    """What a mail is about.

    Attributes:
        hold: None for a mail about the sync as a whole.
        holds: all holds that the sync has had.
        causes: the rules or codes of the hold's findings, each once, the gravest first.
        sentences: of the hold's findings, the first SENTENCES of them, without the hold's own.
        more: how many findings there are beside these.
        answers_to: the Message-ID of the mail that this one follows, if it follows one.
        endpoint: what a mail to operators is about.
    """

    district: DistrictRow
    sync: SyncView
    hold: HoldRow | None
    holds: tuple[HoldRow, ...]
    decisions: tuple[DecisionView, ...]
    causes: tuple[str, ...]
    sentences: tuple[str, ...]
    more: int
    answers_to: str | None
    endpoint: EndpointRow | None = None

    @property
    def cause(self) -> str:
        """The first of the causes, "" without a hold."""
        return next(iter(self.causes), "")

    @property
    def language(self) -> Language:
        """The district's; operators are written to in English, as their pages are."""
        return ENGLISH if self.endpoint is not None else language(self.district.language)


def mail_context(conn: sa.Connection, mail: EmailRow) -> MailContext:
    """Read what a mail tells, as it is now.

    Raises:
        LookupError: the sync of the mail is gone.
    """
    sync = views.sync_view(conn, mail.sync_id)
    district = districts.find(conn, mail.district_id)
    if sync is None or district is None:
        raise LookupError(f"the mail {mail.id} tells of a sync that is gone")
    of_sync = holds.of_sync(conn, sync.id)
    hold = next((h for h in of_sync if h.id == mail.hold_id), None)
    found = [] if hold is None else _findings(conn, hold)
    sentences = [sentence for _, sentence in found if hold and sentence != hold.sentence]
    return MailContext(
        district=district,
        sync=sync,
        hold=hold,
        holds=tuple(of_sync),
        decisions=tuple(views.decision_views(conn, sync.id)),
        causes=tuple(dict.fromkeys(rule for rule, _ in found)),
        sentences=tuple(sentences[:SENTENCES]),
        more=max(len(sentences) - SENTENCES, 0),
        answers_to=emails.first_of_thread(conn, mail),
        endpoint=(
            webhooks.find_endpoint(conn, mail.about)
            if mail.template == Template.ENDPOINT_OFF
            else None
        ),
    )


def _findings(conn: sa.Connection, hold: HoldRow) -> list[tuple[str, str]]:
    """Rule and sentence of each finding of a hold."""
    rows = conn.execute(
        sa.select(findings.c.rule, findings.c.sentence)
        .where(
            findings.c.sync_id == hold.sync_id,
            findings.c.evaluation_no == hold.evaluation_no,
            findings.c.reason == hold.reason.value,
        )
        .order_by(findings.c.no)
    )
    return [(row.rule, row.sentence) for row in rows]
