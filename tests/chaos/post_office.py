"""A mail server that keeps what it takes, and that is not always in the mood."""

import contextlib
import email
import email.policy
import re
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Self

from aiosmtpd.controller import Controller

from chaos.servers import free_port

# What it says instead of taking a mail; 5xx is for good.
REFUSALS = {
    "refuses": "451 4.3.0 not now",
    "is full": "452 4.3.1 insufficient system storage",
    "refuses for good": "550 5.7.1 not from you",
}
MOODS = ("kind", *REFUSALS, "breaks off before", "breaks off after")
LINK = re.compile(r"https?://\S+/syncs/\S+")


@dataclass(frozen=True)
class Delivery:
    """A mail as the server took it, with the link to the report that it is about."""

    message_id: str
    recipient: str
    subject: str
    link: str


class PostOffice:
    """An SMTP server on one port of loopback, with a mood of MOODS.

    *Breaks off after* keeps the mail and cuts the line before it says so, and a sender
    cannot know what became of it.

    Attributes:
        taken: Message-ID → how often and for whom the mail was taken.
        refused: Message-IDs of mails that were refused for good.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.mood = "kind"
        self.taken: dict[str, list[Delivery]] = defaultdict(list)
        self.refused: set[str] = set()
        self._lock = threading.Lock()
        self._controller: Controller | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            with contextlib.suppress(RuntimeError, OSError):
                self._controller.stop()
            self._controller = None

    def be(self, mood: str, seconds: float) -> None:
        """Be in a mood for a while."""
        self.mood = mood
        time.sleep(seconds)
        self.mood = "kind"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        mood = self.mood
        if mood == "breaks off before":
            server.transport.abort()
            return "451 4.3.0 gone"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        message_id, subject = str(message["Message-ID"]), str(message["Subject"])
        if mood in REFUSALS:
            if mood == "refuses for good":
                self.refused.add(message_id)
            return REFUSALS[mood]
        text = message.get_body(("plain",))
        found = LINK.search(text.get_content()) if text is not None else None
        link = found.group() if found else ""
        with self._lock:
            for recipient in envelope.rcpt_tos:
                delivery = Delivery(message_id, recipient, subject, link)
                self.taken[message_id].append(delivery)
        if mood == "breaks off after":
            server.transport.abort()
        return "250 OK"
