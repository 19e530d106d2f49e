"""The mail with a link to come in.

It goes out at once and not by the outbox: somebody waits for it, after a quarter of an hour it is
worth nothing, and whoever got none asks again.
"""

import structlog

from rosterhold.adapters.database import accounts, login_links
from rosterhold.adapters.links import login_address
from rosterhold.adapters.mail import MailRefusedError, MailUnavailableError
from rosterhold.adapters.mail.login import compose_login
from rosterhold.roster.language import Language
from rosterhold.web.site import Site

log = structlog.get_logger(__name__)


def send_link(site: Site, email: str, page: str, language: Language) -> None:
    """Mail a fresh link to an address, if it is known here."""
    now = site.clock()
    with site.database.transaction() as tx:
        if not accounts.is_known(tx.conn, email):
            return
        token = login_links.issue(tx, email, page, now)
    message = compose_login(
        email,
        link=login_address(site.public_url, token),
        sender=site.mail_from,
        now=now,
        language=language,
    )
    try:
        site.mailer.send(message)
    except (MailRefusedError, MailUnavailableError) as error:
        log.warning("a link to come in could not be mailed", error=str(error))
