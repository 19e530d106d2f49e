"""Living beside a newer version of this program, which may write what this one does not know."""

from enum import StrEnum
from typing import TypeVar


class NewerVersionError(Exception):
    """Raised for what only a newer version of this program knows: it is left to that one."""


Name = TypeVar("Name", bound=StrEnum)


def known(names: type[Name], value: str) -> Name:
    """A stored name as one of those that this version knows.

    Raises:
        NewerVersionError: it is none of them.
    """
    try:
        return names(value)
    except ValueError as error:
        raise NewerVersionError(f"{names.__name__} {value!r} is not known here") from error
