"""Pure work over frames, done once: a town has few faces, and a simulation sees each often."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from rosterhold.roster.changes import ChangeSet
from rosterhold.roster.snapshot import no_frames
from rosterhold.statemachine.policy import Policies
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
    if isinstance(value, ChangeSet):
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


_REMEMBERED = {
    name: Remembered(getattr(evaluate_module, name))
    for name in ("judge", "subjects_of", "digest", "removed_records")
}


@contextmanager
def pure_work_is_remembered() -> Iterator[None]:
    """Judging is pure, so that simulations may keep its answers."""
    real = {name: getattr(evaluate_module, name) for name in _REMEMBERED}
    for name, function in _REMEMBERED.items():
        setattr(evaluate_module, name, function)
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(evaluate_module, name, function)
