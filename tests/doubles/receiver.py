"""An app's endpoint for webhooks, on a real port: it verifies, and answers as it is told."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass
class Receiver:
    """Remembers what it took; `answers` is given to the next requests in turn, then 204.

    One that is in another time than the sender takes messages of any time.
    """

    secret: str = ""
    is_in_another_time: bool = False
    answers: list[int] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    forged: int = 0

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receiver.receives(dict(self.headers), body))
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks"

    def receives(self, headers: dict[str, str], body: bytes) -> int:
        names = {name.lower(): value for name, value in headers.items()}
        verifier = Webhook(self.secret)
        try:
            if self.is_in_another_time:
                at = datetime.fromtimestamp(int(names["webhook-timestamp"]), UTC)
                genuine = verifier.sign(names["webhook-id"], at, body.decode())
                event = json.loads(body) if names["webhook-signature"] == genuine else None
            else:
                event = verifier.verify(body, headers)
        except WebhookVerificationError:
            event = None
        if event is None:
            self.forged += 1
            return 401
        self.ids[names["webhook-id"]] += 1
        status = self.answers.pop(0) if self.answers else 204
        if status < 300:
            self.taken.append(event)
        return status

    def took(self) -> list[str]:
        """The names of the events, in the order in which they came."""
        return [event["type"] for event in self.taken]
