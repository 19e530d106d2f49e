"""Clever ids that become part of an address or of a file's name."""

import re
from typing import Final

# Clever's are 24 hexadecimal digits; test tokens and sandboxes use words.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_plain_id(text: str) -> bool:
    """Whether an id can stand in a path without leading out of it."""
    return _PLAIN.fullmatch(text) is not None


def checked_id(text: str) -> str:
    """Raises ValueError when the id could lead out of a path."""
    if not is_plain_id(text):
        raise ValueError("a Clever id is up to 64 letters, digits, hyphens and underscores")
    return text
