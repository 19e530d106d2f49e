"""Email: send one mail of the log, and note what became of it."""

import random
from email.message import EmailMessage

from rosterhold.adapters.database import addresses, claims, emails
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.emails import ENDED, EmailRow, EmailStatus, Template
from rosterhold.adapters.links import report_link
from rosterhold.adapters.mail import AddressRefusedError, MailRefusedError, MailUnavailableError
from rosterhold.adapters.mail.about import mail_context
from rosterhold.adapters.mail.compose import compose
from rosterhold.adapters.metrics import MAILS
from rosterhold.adapters.tickets import unsubscribe_link
from rosterhold.config.wiring import Services
from rosterhold.workers.step import Follow

# About two days: a server that is away over a night is no reason to lose a mail.
MAX_FAILURES = 240


def email(services: Services, claim: Claim) -> Follow:
    """Send outside any transaction, then note it; the Message-ID is the same at every try."""
    with services.database.reading() as conn:
        mail = emails.load(conn, claim.subject)
        needed = mail is not None and emails.is_needed(conn, mail)
    if mail is None or mail.status in ENDED:
        with services.database.transaction() as tx:
            claims.settle(tx, claim)
        return ()
    if not needed:
        with services.database.transaction() as tx:
            claims.settle(tx, claim)
            emails.drop(tx, mail.id)
        return ()
    try:
        services.mailer.send(_compose(services, mail))
    except AddressRefusedError as error:
        _end(services, claim, mail, EmailStatus.REFUSED, str(error), address_works=False)
    except MailRefusedError as error:
        _end(services, claim, mail, EmailStatus.REFUSED, str(error))
    except MailUnavailableError as error:
        _try_later(services, claim, mail, str(error))
    else:
        _end(services, claim, mail, EmailStatus.SENT, address_works=True)
    return ()


def _compose(services: Services, mail: EmailRow) -> EmailMessage:
    with services.database.reading() as conn:
        context = mail_context(conn, mail)
    public_url = services.settings.public_url
    to_operators = mail.template == Template.ENDPOINT_OFF
    return compose(
        mail,
        context,
        link=(
            f"{public_url}/operations/webhooks"
            if to_operators
            else report_link(public_url, mail.sync_id, mail.id)
        ),
        unsubscribe=unsubscribe_link(
            public_url, services.tickets.to_unsubscribe(mail.district_id, mail.recipient)
        ),
        sender=services.settings.mail_from,
    )


def _end(
    services: Services,
    claim: Claim,
    mail: EmailRow,
    status: EmailStatus,
    error: str = "",
    *,
    address_works: bool | None = None,
) -> None:
    """Note the end of a mail, and what it shows of the address; None for nothing."""
    with services.database.transaction() as tx:
        claims.settle(tx, claim)
        emails.mark(tx, mail.id, status, error=error or None)
        if address_works:
            addresses.works(tx, mail.district_id, mail.recipient)
        elif address_works is False:
            addresses.does_not_work(tx, mail.district_id, mail.recipient, error)
    services.meter.count(MAILS, status.value)


def _try_later(services: Services, claim: Claim, mail: EmailRow, error: str) -> None:
    with services.database.transaction() as tx:
        emails.mark(tx, mail.id, EmailStatus.RETRYING, error=error)
        failures = claim.failures + 1
        is_last = failures >= MAX_FAILURES
        if is_last:
            claims.give_up(tx, claim, error=error)
        else:
            due_at = claims.retry_at(tx.now, failures, random.Random())  # noqa: S311
            claims.put_back(tx, claim, error=error, due_at=due_at)
    services.meter.count(MAILS, "given_up" if is_last else EmailStatus.RETRYING.value)
