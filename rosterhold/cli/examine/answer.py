"""What an examination of `rosterhold check` can say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Fit to start with; `warnings` say what will hurt later."""

    detail: str
    warnings: tuple[str, ...] = ()


class UnfitError(Exception):
    """Raised when a service is not fit to start with; the text says why."""
