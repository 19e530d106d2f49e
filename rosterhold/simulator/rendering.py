"""Records on their way out: in the shape the settings ask for."""

import random
from typing import Any

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.records import decode, encode


def reshapes(behaviour: Behaviour) -> bool:
    """Tell whether the settings let records go out in another shape than they are kept in."""
    plain = behaviour.empty_values == "recorded"
    return not plain or behaviour.shuffled_keys or behaviour.unknown_fields


def rendered(body: bytes, behaviour: Behaviour) -> bytes:
    """Give a record as it goes out; by default as it is kept."""
    if behaviour.empty_values == "null":
        # In encoded JSON `:""` is always an empty value: a quote inside a text is escaped.
        body = body.replace(b':""', b":null")
    if not (
        behaviour.empty_values == "absent" or behaviour.shuffled_keys or behaviour.unknown_fields
    ):
        return body
    record = decode(body)
    if behaviour.empty_values == "absent":
        record = _without_empty(record)
    if behaviour.unknown_fields:
        record["field_of_tomorrow"] = {"version": 4}
    if behaviour.shuffled_keys:
        record = _shuffled(record, random.Random(body))
    return encode(record)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(item) for key, item in value.items() if item != ""}
    return value


def _shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: _shuffled(value[key], rng) for key in keys}
    if isinstance(value, list):
        return [_shuffled(item, rng) for item in value]
    return value
