"""From a row of the mail log to the mail as it goes out: text and HTML from templates."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Final

import sqlalchemy as sa
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from rosterhold.adapters.database import holds, views
from rosterhold.adapters.database.emails import EmailRow
from rosterhold.adapters.database.holds import HoldRow
from rosterhold.adapters.database.tables import findings
from rosterhold.adapters.database.versions import NewerVersionError
from rosterhold.adapters.database.views import SyncView
from rosterhold.adapters.tickets import LINK_DAYS
from rosterhold.roster.changes import REIDENTIFIED, REMOVED
from rosterhold.roster.wording import counted, most_telling, receipt_lines
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.reasons import Reason

HOLD_OPENED: Final = "hold_opened"
HOLD_RESOLVED: Final = "hold_resolved"
SENTENCES: Final = 12


@dataclass(frozen=True, slots=True)
class MailContext:
    """What a mail is about.

    Attributes:
        hold: None for a mail about the sync as a whole.
        sentences: of the hold's findings, the first SENTENCES of them, without the hold's own.
        more: how many findings there are beside these.
    """

    district_name: str
    sync: SyncView
    hold: HoldRow | None
    sentences: tuple[str, ...]
    more: int


def mail_context(conn: sa.Connection, mail: EmailRow) -> MailContext:
    """Read what a mail tells, as it is now.

    Raises:
        LookupError: the sync of the mail is gone.
    """
    sync = views.sync_view(conn, mail.sync_id)
    if sync is None:
        raise LookupError(f"the mail {mail.id} tells of a sync that is gone")
    hold = next((h for h in holds.of_sync(conn, sync.id) if h.id == mail.hold_id), None)
    found = [] if hold is None else _sentences(conn, hold)
    return MailContext(
        district_name=sync.district_name,
        sync=sync,
        hold=hold,
        sentences=tuple(found[:SENTENCES]),
        more=max(len(found) - SENTENCES, 0),
    )


def _sentences(conn: sa.Connection, hold: HoldRow) -> list[str]:
    rows = conn.execute(
        sa.select(findings.c.sentence)
        .where(
            findings.c.sync_id == hold.sync_id,
            findings.c.evaluation_no == hold.evaluation_no,
            findings.c.reason == hold.reason.value,
        )
        .order_by(findings.c.no)
    )
    return [row.sentence for row in rows if row.sentence != hold.sentence]


def compose(mail: EmailRow, context: MailContext, *, link: str, sender: str) -> EmailMessage:
    """Write a mail. Composing it again gives the same Message-ID.

    Raises:
        NewerVersionError: there is no such template in this version.
        ValueError: the template tells of a hold and there is none.
    """
    if mail.template not in _SUBJECTS:
        raise NewerVersionError(f"the mail template {mail.template} is not known here")
    message = EmailMessage()
    message["Subject"] = " ".join(_SUBJECTS[mail.template](context).split())
    message["From"] = sender
    message["To"] = mail.recipient
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    # Vacation responders leave mails with this header alone.
    message["Auto-Submitted"] = "auto-generated"
    words = {
        "about": context,
        "sync": context.sync,
        "hold": context.hold,
        "link": link,
        "link_days": LINK_DAYS,
        "subject": message["Subject"],
        "receipt": receipt_lines(context.sync.receipt or {}),
    }
    message.set_content(_environment().get_template(f"{mail.template}.txt").render(words))
    html = _environment().get_template(f"{mail.template}.html").render(words)
    message.add_alternative(html, subtype="html")
    return message


def _subject_opened(context: MailContext) -> str:
    if context.hold is None:
        raise ValueError("a mail about an opened hold needs the hold")
    return f"Your roster sync is on hold: {_in_short(context)}"


def _in_short(context: MailContext) -> str:
    hold = context.hold
    if hold is None or hold.reason is Reason.DISCONNECTED:
        return "we cannot read your roster from Clever"
    if hold.reason is Reason.DATA_CONFIGURATION:
        return "some data needs your decision"
    removed, renamed = (
        most_telling({kind: of.get(change, 0) for kind, of in context.sync.counts.items()})
        for change in (REMOVED, REIDENTIFIED)
    )
    if renamed and not removed:
        return f"{renamed} would get a new id"
    return f"{removed or counted('', hold.records)} would be removed"


def _subject_resolved(context: MailContext) -> str:
    if context.sync.state == SyncState.COMPLETED:
        return "Your roster sync is complete"
    if context.sync.state == SyncState.CANCELLED:
        return "Your roster sync was cancelled; nothing was changed"
    return "Your roster sync goes on"


_SUBJECTS: Final = {HOLD_OPENED: _subject_opened, HOLD_RESOLVED: _subject_resolved}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("rosterhold.adapters.mail"),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(counted=counted)
    return environment
