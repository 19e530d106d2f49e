"""Limits as people write them: `max_removed_share=20%`."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rosterhold.cli.output import CliError
from rosterhold.statemachine.policy import Policy

DEFAULT: Final = "default"
_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(Policy)}


def changed(own: Mapping[str, object], words: Sequence[str]) -> dict[str, object]:
    """The settings of one place after what was said; KEY=default takes a setting back.

    Raises:
        CliError: a limit has no such name or not such a value.
    """
    settings = dict(own)
    for word in words:
        key, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not value:
            raise CliError(f"a limit is said as KEY=VALUE, not {word!r}")
        if key not in _TYPES:
            raise CliError(f"there is no limit {key!r}; there are {', '.join(_TYPES)}")
        if value == DEFAULT:
            settings.pop(key, None)
        else:
            settings[key] = _value(key, value)
    return settings


def _value(key: str, text: str) -> object:
    if _TYPES[key] is float:
        return _share(key, text)
    if _TYPES[key] is int:
        if not text.isascii() or not text.isdigit():
            raise CliError(f"{key} must be a whole number, not {text!r}")
        return int(text)
    return [part.strip() for part in text.split(",") if part.strip()]


def _share(key: str, text: str) -> float:
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise CliError(f"{key} must be a share from 0 to 1, or 0% to 100%, not {text!r}")
    return number
