from collections import Counter
from email.message import EmailMessage

from doubles.mishaps import Mishaps
from rosterhold.adapters.mail import AddressRefusedError, MailUnavailableError


class PostOffice:
    """Takes mails, refuses them, or is away; it remembers what was handed over."""

    def __init__(self, mishaps: Mishaps) -> None:
        self._mishaps = mishaps
        self.mood = "takes"
        self.taken: Counter[str] = Counter()
        self.messages: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        self._mishaps.point("before handing a mail over", may_freeze=True)
        if self.mood == "refuses":
            raise AddressRefusedError("550 no such mailbox")
        if self.mood == "away":
            raise MailUnavailableError("connection refused")
        self.taken[message["Message-ID"]] += 1
        self.messages.append(message)
        self._mishaps.point("after handing a mail over", may_freeze=True)
