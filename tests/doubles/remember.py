"""Pure work over frames, done once: a town has few faces, and a simulation sees each often."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any, Final

import polars as pl

from rosterhold.adapters import destination
from rosterhold.adapters.database.emails import EmailRow
from rosterhold.adapters.mail.compose import MailContext
from rosterhold.roster.changes import ChangeSet
from rosterhold.roster.snapshot import no_frames
from rosterhold.statemachine.policy import Policies
from rosterhold.workers import email as email_module
from rosterhold.workers import evaluate as evaluate_module

KEPT = 20_000
# A first sync does not look at the baseline, so that all its baselines are one.
NOTHING = no_frames()


def _name_of(value: object) -> object:
    """What two equal arguments have in common; frames of equal content are one object."""
    if isinstance(value, dict):
        return tuple(id(frame) for frame in value.values())
    if isinstance(value, pl.DataFrame):
        return tuple(sorted(value.rows()))
    if isinstance(value, Policies):
        return repr(value)
    if isinstance(value, (ChangeSet, pl.LazyFrame)):
        return id(value)
    return value if not isinstance(value, (list, tuple)) else tuple(map(id, value))


class Remembered:
    """A pure function that keeps its answers, and its arguments so that no id is used twice."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._answers: dict[object, tuple[object, object]] = {}

    def __call__(self, *args: Any, **named: Any) -> Any:
        if named.get("first"):
            named["baseline"] = NOTHING
        name = tuple(_name_of(value) for value in (*args, *named.values()))
        known = self._answers.get(name)
        if known is None:
            if len(self._answers) > KEPT:
                self._answers.clear()
            known = self._answers[name] = (self._function(*args, **named), (args, named))
        return known[0]


class RememberedMails:
    """Composes a mail of each content once; another one of it differs in its Message-ID alone."""

    def __init__(self, compose: Callable[..., EmailMessage]) -> None:
        self._compose = compose
        self._composed: dict[object, EmailMessage] = {}

    def __call__(self, mail: EmailRow, context: MailContext, **named: Any) -> EmailMessage:
        hold, sync = context.hold, context.sync
        content = (
            mail.template,
            mail.day,
            sync.state,
            str(sync.receipt),
            hold and (hold.reason, hold.sentence, hold.records),
            context.sentences,
            context.more,
        )
        known = self._composed.get(content)
        if known is None:
            known = self._composed[content] = self._compose(mail, context, **named)
        message = copy.copy(known)
        message._headers = list(known._headers)  # type: ignore[attr-defined]  # noqa: SLF001
        message.replace_header("Message-ID", mail.message_id)
        return message


_REMEMBERED: Final[list[tuple[Any, str, Callable[..., Any]]]] = [
    (module, name, Remembered(getattr(module, name)))
    for module, name in (
        (evaluate_module, "judge"),
        (evaluate_module, "subjects_of"),
        (evaluate_module, "named_by"),
        (evaluate_module, "digest"),
        (evaluate_module, "removed_records"),
        (destination, "gone"),
        (destination, "come"),
    )
] + [(email_module, "compose", RememberedMails(email_module.compose))]


@contextmanager
def pure_work_is_remembered() -> Iterator[None]:
    """Judging is pure, and so is composing, so that simulations may keep the answers."""
    real = [getattr(module, name) for module, name, _ in _REMEMBERED]
    for module, name, function in _REMEMBERED:
        setattr(module, name, function)
    try:
        yield
    finally:
        for (module, name, _), function in zip(_REMEMBERED, real, strict=True):
            setattr(module, name, function)
