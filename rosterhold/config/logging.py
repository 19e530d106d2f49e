"""Logs: structlog and the standard library through one formatter, to standard error.

Lines carry ids. Names, mails, phones and tokens are masked before a line is written, wherever
they came from.
"""

import logging
import re
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK: Final = "[masked]"

# How often a log says that the queue is away.
QUEUE_AWAY_EVERY_S: Final = 60.0

# Libraries that tell every request or message of theirs.
QUIET: Final = ("httpx", "httpcore", "asyncio", "alembic", "dramatiq", "mail.log")

_PRIVATE_WORDS: Final = frozenset(
    {
        "name",
        "names",
        "username",
        "email",
        "emails",
        "mail",
        "mails",
        "phone",
        "phones",
        "recipient",
        "recipients",
        "dob",
        "birth",
        "token",
        "tokens",
        "ticket",
        "secret",
        "secrets",
        "password",
        "authorization",
        "cookie",
        "cookies",
    }
)
# Names of things and not of people, and ids.
_PUBLIC_KEYS: Final = frozenset(
    {"actor_name", "queue_name", "logger_name", "thread_name", "file_name", "email_id", "mail_id"}
)

_IN_TEXT: Final = (
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), "://[masked]@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 [masked]"),
    (
        re.compile(r"(?i)(\b(?:token|ticket|secret|password)|[?&]code)=[^&\s\"']+"),
        r"\1=[masked]",
    ),
    (re.compile(r"/enter/[^\s?\"']+"), "/enter/[masked]"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "[masked token]"),
    (re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)*"), "[masked mail]"),
    (re.compile(r"(?<![\w.:-])\+?(?:\d{1,2}[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?![\w-])"), MASK),
)


class _SaidLately(logging.Filter):
    """Holds back what each of dramatiq's consumers says every 3 s of a queue that is away.

    One of them is heard once a minute.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        of_consumer = record.name.startswith("dramatiq.worker.ConsumerThread")
        if not of_consumer or "connection error" not in str(record.msg):
            return True
        now = self._clock()
        if now - self._said < QUEUE_AWAY_EVERY_S:
            return False
        self._said = now
        return True


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is now: a progress display or a test may have replaced it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def configure(log_format: str, level: str = "INFO", *, for_good: bool = False) -> None:
    """Send every log line of this process to standard error, masked.

    Args:
        log_format: "json" (one object a line) or "console" (to be read on a terminal).
        level: the least severe level that is written.
        for_good: whether it is never configured again, which spares every line the question.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What is not written costs next to nothing.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=for_good,
    )
    handler = _StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                _renderer(log_format),
            ],
        )
    )
    handler.addFilter(_SaidLately())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _renderer(log_format: str) -> Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer(sort_keys=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def bound(**ids: object) -> AbstractContextManager[None]:
    """Bind ids (district, sync, state, message) to each line logged inside."""
    return structlog.contextvars.bound_contextvars(**ids)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask what no log may carry, by the key or by how the value looks."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: Any) -> Any:
    if _is_private(key) and value is not None:
        return MASK
    return _without_private(value)


def _without_private(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {key: _masked(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_without_private(inner) for inner in value]
        case _:
            text = value if isinstance(value, str) else str(value)
            for pattern, replacement in _IN_TEXT:
                text = pattern.sub(replacement, text)
            return text


def _is_private(key: str) -> bool:
    key = key.lower()
    if key in _PUBLIC_KEYS:
        return False
    return not _PRIVATE_WORDS.isdisjoint(re.split(r"[^a-z]+", key))
