"""A mail server that keeps what it takes, and that is not always in the mood."""

import contextlib
import email
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from aiosmtpd.controller import Controller

from chaos.servers import free_port

MOODS = ("kind", "refuses", "breaks off before", "breaks off after")


@dataclass(frozen=True)
class Delivery:
    """A mail as the server took it."""

    message_id: str
    recipient: str
    subject: str


class PostOffice:
    """An SMTP server on one port of loopback, with a mood of MOODS.

    *Refuses* says 451; *breaks off after* keeps the mail and cuts the line before it says so, which
    is the case in which a sender cannot know.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.mood = "kind"
        self.taken: dict[str, list[Delivery]] = defaultdict(list)
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

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        mood = self.mood
        if mood == "refuses":
            return "451 4.3.0 not now"
        if mood == "breaks off before":
            server.transport.abort()
            return "451 4.3.0 gone"
        message = email.message_from_bytes(envelope.content)
        message_id = str(message["Message-ID"])
        with self._lock:
            for recipient in envelope.rcpt_tos:
                delivery = Delivery(message_id, recipient, str(message["Subject"]))
                self.taken[message_id].append(delivery)
        if mood == "breaks off after":
            server.transport.abort()
        return "250 OK"
