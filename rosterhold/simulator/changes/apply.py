"""Running a change: what is stamped, counted and told in events afterwards."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.changes.registry import (
    Change,
    ChangeError,
    Edit,
    after,
    change_named,
    seed_of,
)
from rosterhold.simulator.district import District
from rosterhold.simulator.events import (
    CREATED,
    ORDER,
    UPDATED,
    Event,
    differences,
    previous_attributes,
)
from rosterhold.simulator.instants import instant
from rosterhold.simulator.records import KINDS, ROLES, decode, encode, user_place

Found = dict[tuple[str, str], list[tuple[str, bytes, bytes | None]]]
"""(id, body, previous) by kind and what happened."""


@dataclass(frozen=True)
class Batch:
    """What a change did: counts by kind of what came, changed and went; events written."""

    change: str
    district: str
    last_sync: str | None
    events: int
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def apply_change(
    district: District,
    name: str,
    parameters: Mapping[str, Any],
    *,
    behaviour: Behaviour,
    now: datetime,
) -> Batch:
    """Run a change; if it cannot be done, the district stays as it was.

    Raises:
        ChangeError: no such change or parameter, or it cannot be done to this district.
    """
    change = change_named(name)
    read = change.read(parameters)
    _refuse_frozen(district, change)
    now = after(district.info.get("last_sync"), now)
    edit = Edit(district, behaviour, now, random.Random(seed_of(district)))
    if change.name != "undo":
        district.save()
    before = {kind: dict(table.bodies) for kind, table in district.tables.items()}
    info = encode(district.info)
    try:
        change.run(edit, **read)
    except ChangeError:
        if change.name != "undo":
            district.go_back()
        raise
    return _finish(edit, change, before, info)


def move_last_sync(district: District, now: datetime) -> None:
    """Let last_sync move on, without any other change."""
    district.info["last_sync"] = instant(after(district.info.get("last_sync"), now))


def _refuse_frozen(district: District, change: Change) -> None:
    if district.frozen and change.touches == "sis":
        raise ChangeError(
            f"the district is {district.frozen}: its data stand still; 'resume' lets them move"
        )


def _finish(edit: Edit, change: Change, before: dict[str, dict[str, bytes]], info: bytes) -> Batch:
    district = edit.district
    if edit.moves_sync:
        district.info["last_sync"] = edit.stamp
        if edit.behaviour.app_sync_notifications:
            district.info["last_clever_sync"] = edit.stamp
    found = _found(edit, before)
    district.settle()
    if encode(district.info) != info:
        found["districts", UPDATED] = [(district.id, encode(district.info), info)]
    written = 0
    if edit.behaviour.events_enabled and edit.writes_events:
        written = _write_events(edit, found)
    counts: dict[str, dict[str, int]] = {}
    for (kind, what), items in found.items():
        counts.setdefault(kind, {})[what] = len(items)
    return Batch(change.name, district.id, district.info.get("last_sync"), written, counts)


def _found(edit: Edit, before: dict[str, dict[str, bytes]]) -> Found:
    """Compare the tables with those before; new and changed records are stamped on the way."""
    found: Found = {}
    for kind in KINDS:
        table = edit.district.tables[kind]
        for what, identifier, body, old in list(differences(before[kind], table.bodies)):
            stamped = _stamped(edit, body) if what == UPDATED and edit.moves_sync else body
            if stamped is not body:
                table.put(identifier, stamped)
            found.setdefault((kind, what), []).append((identifier, stamped, old))
    return found


def _stamped(edit: Edit, body: bytes) -> bytes:
    record = decode(body)
    if "last_modified" not in record:
        return body
    record["last_modified"] = edit.stamp
    return encode(record)


def _write_events(edit: Edit, found: Found) -> int:
    written = 0
    second = edit.now.replace(microsecond=0)
    for kind, what in ORDER:
        items = found.get((kind, what), [])
        if kind == "users" and what == CREATED:
            items = sorted(items, key=_role_rank)
        for _identifier, body, old in items:
            if not _is_told(edit, kind, body, old):
                continue
            identifier = edit.district.event_ids.next()
            edit.district.events.append(
                Event(identifier, kind, what, second.timestamp(), instant(second), body, old)
            )
            written += 1
    return written


def _is_told(edit: Edit, kind: str, body: bytes, old: bytes | None) -> bool:
    """Leave out sections whose people alone changed, where Clever is set not to tell of them."""
    if edit.behaviour.enrolment_events or kind != "sections" or old is None:
        return True
    changed = previous_attributes(decode(old), decode(body))
    return bool(set(changed) - {"students", "teachers", "teacher", "last_modified"})


def _role_rank(item: tuple[str, bytes, bytes | None]) -> tuple[int, str]:
    """Order users in a batch by role (students, teachers, contacts last), then by id."""
    places = user_place(item[1]).roles
    rank = next((n for n, role in enumerate(ROLES) if getattr(places, role) is not None), 9)
    return rank, item[0]
