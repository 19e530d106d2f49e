"""Events: what a batch of changes tells a reader of `/events`.

A sync of Clever writes one batch: its events have the same second, and come in an order of kinds
(seen in recorded feeds: the district, schools, then users).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rosterhold.simulator.records import Record, decode, encode, section_place, user_place

CREATED, UPDATED, DELETED = "created", "updated", "deleted"

ORDER = (
    ("districts", UPDATED),
    ("schools", CREATED),
    ("schools", UPDATED),
    ("terms", CREATED),
    ("terms", UPDATED),
    ("courses", CREATED),
    ("courses", UPDATED),
    ("users", CREATED),
    ("users", UPDATED),
    ("sections", CREATED),
    ("sections", UPDATED),
    ("sections", DELETED),
    ("users", DELETED),
    ("courses", DELETED),
    ("terms", DELETED),
    ("schools", DELETED),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event; bodies are shared with the tables, so a large batch stays small in memory.

    `body` is the encoded record after the change (or its last state, if deleted), `previous` the
    encoded record before an update. `created` is a Unix time in seconds.
    """

    id: str
    kind: str
    what: str
    created: float
    instant: str
    body: bytes
    previous: bytes | None = None

    def encoded(self) -> bytes:
        """Write the event as the API gives it under `data`."""
        data: dict[str, Any] = {"object": decode(self.body)}
        if self.previous is not None:
            data["previous_attributes"] = previous_attributes(decode(self.previous), data["object"])
        return encode(
            {
                "type": f"{self.kind}.{self.what}",
                "id": self.id,
                "created": self.instant,
                "data": data,
            }
        )

    def schools(self) -> set[str]:
        """Name the schools the record belongs to; a contact, term or course belongs to none."""
        if self.kind == "users":
            return user_place(self.body).schools()
        if self.kind == "sections":
            return {section_place(self.body).school}
        return {decode(self.body)["id"]} if self.kind == "schools" else set()


def previous_attributes(before: Record, after: Record) -> Record:
    """Give the changed leaves of `before`, nested as they stand; an array counts as one leaf."""
    changed: Record = {}
    for key, old in before.items():
        new = after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = previous_attributes(old, new)
        else:
            changed[key] = old
    return changed


def differences(
    before: dict[str, bytes], after: dict[str, bytes]
) -> Iterator[tuple[str, str, bytes, bytes | None]]:
    """Give (what, id, body, previous) of each record that came, changed or went."""
    for identifier, body in after.items():
        old = before.get(identifier)
        if old is None:
            yield CREATED, identifier, body, None
        elif old is not body and old != body:
            yield UPDATED, identifier, body, old
    for identifier, body in before.items():
        if identifier not in after:
            yield DELETED, identifier, body, None
