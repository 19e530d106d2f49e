"""Answers before they are sent: status, body and headers as Clever's hosts give them."""

import html
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.records import encode

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"

ERRORS_WITHOUT_JSON = 500


@dataclass
class Answer:
    """What is sent; `cut` lets the connection end in the middle of the body."""

    status: int
    body: bytes
    content_type: str | None = JSON
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False

    def all_headers(self) -> dict[str, str]:
        headers = {
            "server": "envoy",
            "cache-control": "no-store",
            "etag": f'W/"{len(self.body):x}-{zlib.crc32(self.body):08x}"',
            "access-control-allow-origin": "*",
            "access-control-allow-methods": "GET, OPTIONS",
            "access-control-allow-headers": "Authorization, Content-Type",
        }
        if self.content_type is not None:
            headers["content-type"] = self.content_type
        return headers | self.headers


def links_json(links: Iterable[tuple[str, str]]) -> bytes:
    return encode([{"rel": rel, "uri": uri} for rel, uri in links])


def list_answer(
    items: Iterable[tuple[bytes, str]], stem: str, links: Iterable[tuple[str, str]]
) -> Answer:
    """Wrap encoded records and their ids as a list; `stem` is what their uris begin with."""
    middle = f',"uri":"{stem}'.encode()
    parts = [b'{"data":[']
    for body, identifier in items:
        parts += (b'{"data":', body, middle, identifier.encode(), b'"}', b",")
    if len(parts) > 1:
        parts.pop()
    parts += (b'],"links":', links_json(links), b"}")
    return Answer(200, b"".join(parts))


def one_answer(body: bytes, links: Iterable[tuple[str, str]]) -> Answer:
    return Answer(200, b'{"data":' + body + b',"links":' + links_json(links) + b"}")


def error_answer(status: int, behaviour: Behaviour, message: str | None = None) -> Answer:
    """Build a JSON error; server errors are HTML where the settings say so."""
    text = behaviour.messages.get(status, "Error") if message is None else message
    if status >= ERRORS_WITHOUT_JSON and not behaviour.server_error_json:
        return html_answer(status, text)
    return Answer(status, encode({behaviour.error_key: text}))


def html_answer(status: int, text: str) -> Answer:
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n'
        f"</head>\n<body>\n<pre>{html.escape(text)}</pre>\n</body>\n</html>\n"
    )
    return Answer(status, page.encode(), HTML)


def no_such_path(method: str, path: str) -> Answer:
    """Answer an unknown path as recorded: 404 with a page that repeats the path."""
    return html_answer(404, f"Cannot {method} {path}")
