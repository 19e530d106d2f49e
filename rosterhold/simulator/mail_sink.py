"""A mail server on loopback that keeps what it is given."""

import asyncio
import socket
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

STOP_SECONDS = 5.0


class MailSink:
    """Takes every mail on a free port of 127.0.0.1, from a thread.

    Use it in a `with`, or call `start` and `stop`.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        self._serves = threading.Event()
        self._end: Callable[[], object] = self._listener.close
        self._thread = threading.Thread(target=self._run, name="mail-sink", daemon=True)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Begin to serve; the port answers when this returns."""
        self._thread.start()
        self._serves.wait()
        return self

    def stop(self) -> None:
        """Stop serving; what was taken stays in `messages`."""
        self._end()
        self._thread.join(STOP_SECONDS)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del server, session
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        self.messages.append(message)
        return "250 Kept"

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        self._end = partial(loop.call_soon_threadsafe, stopped.set)
        server = await loop.create_server(lambda: SMTP(self, loop=loop), sock=self._listener)
        self._serves.set()
        await stopped.wait()
        server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
