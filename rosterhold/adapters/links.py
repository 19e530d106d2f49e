"""Links to our own pages: what a mail leads to, and what may be led to."""

import re
from typing import Final

# Nothing that could be read as another host or scheme, by whatever browser; and no page that
# changes who is in.
_OWN_PAGE: Final = re.compile(
    r"/(?!(?:enter|login|logout)\b)(?:[\w~-][\w.~-]*/)*(?:[\w~-][\w.~-]*)?(?:\?[\w.~&=%+:-]*)?",
    re.ASCII,
)
_LONGEST: Final = 500


def own_page(wanted: str) -> str:
    """A page of ours that somebody asked to be led to; "/" when it could be anything else."""
    fits = len(wanted) <= _LONGEST and _OWN_PAGE.fullmatch(wanted)
    return wanted if fits else "/"


def report_link(public_url: str, sync_id: str, mail_id: str) -> str:
    """The address of a sync's report for the reader of a mail.

    It opens nothing by itself: the mail's id only says to whom a link to come in may be sent.
    """
    return f"{public_url}/syncs/{sync_id}?mail={mail_id}"


def login_address(public_url: str, token: str) -> str:
    """The address that lets its holder in, once."""
    return f"{public_url}/enter/{token}"
