"""The feed of events ("Updating Data with Events"): reading it, and what each event says.

Events come oldest first, by rising ids, and are kept for 30 days. `data.object` is the whole record
after the change; `previous_attributes` holds what changed, beside the object (as recorded) or one
level higher (as the schema says).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from rosterhold.adapters.clever import structs
from rosterhold.adapters.clever.client import CleverClient, Grant
from rosterhold.adapters.clever.columns import LISTINGS
from rosterhold.adapters.clever.outcome import DistrictFacts
from rosterhold.adapters.clever.paging import Place, read_list
from rosterhold.adapters.clever.structs import Missing, PageDecoder, PageRead, Present, Text
from rosterhold.roster.events import Event, What

PATH: Final = "events"
# Above any id that Clever gives; an id need not exist to be paged from.
ABOVE_ALL: Final = "f" * 24
# More than so many are read no faster than the whole district.
MAX_EVENTS: Final = 50_000
# A batch of Clever is written within seconds; what is younger may be half of one.
SETTLED_AFTER_S: Final = 60.0

_USERS: Final = "users"
_GROUPS: Final = frozenset(listing.path for listing in LISTINGS)
_DISTRICTS: Final = "districts"
_NOT_OURS: Final = "resources"
_LIST_OF_ROLE: Final = {listing.role: listing.name for listing in LISTINGS if listing.role}
_NOT_READ: Final = "ext"
_ABSENT: Final = Raw()


class DoubtError(Exception):
    """Raised when events cannot be trusted to tell everything: only a full fetch can."""


class _Change(Struct):
    object: Raw
    previous_attributes: Raw = _ABSENT


class Told(Struct):
    """An event as it comes."""

    id: Present
    type: Present
    data: _Change
    created: Text = None
    previous_attributes: Raw = _ABSENT


class _Record(Struct):
    id: Present
    roles: dict[str, Any] | Missing = None


_FEED: Final[PageDecoder[Told]] = PageDecoder(Told)
_RECORD: Final = msgspec.json.Decoder(_Record)
_DISTRICT: Final = msgspec.json.Decoder(structs.District)


async def newest(client: CleverClient, grant: Grant) -> Told | None:
    """The newest event; None for an empty feed."""
    asked = {"ending_before": ABOVE_ALL, "limit": "1"}
    page = await client.page(PATH, asked, grant, _FEED.read)
    return _all_read(page)[-1] if page.ids else None


async def begins_after(client: CleverClient, grant: Grant, event_id: str) -> bool:
    """Whether the feed no longer reaches back to an event."""
    page = await client.page(PATH, {"limit": "1"}, grant, _FEED.read)
    return not page.ids or page.ids[0] > event_id


async def read_after(client: CleverClient, grant: Grant, event_id: str) -> list[Told]:
    """All events after one, oldest first.

    Raises:
        DoubtError: one of them cannot be read, or they are too many.
        CleverError: Clever did not give them.
    """
    told: list[Told] = []

    async def ask(cursor: str) -> PageRead[Told]:
        return await client.page(PATH, {"starting_after": cursor}, grant, _FEED.read)

    async def keep(page: PageRead[Told], place: Place) -> None:  # noqa: ARG001 - as read_list tells
        told.extend(_all_read(page))
        if len(told) > MAX_EVENTS:
            raise DoubtError(f"there are more than {MAX_EVENTS} events")

    await read_list(PATH, Place(cursor=event_id), ask, keep)
    return told


def _all_read(page: PageRead[Told]) -> list[Told]:
    if page.invalid:
        raise DoubtError(f"an event cannot be read: {page.invalid[0].reason}")
    return page.records


def is_settled(event: Told, now: float) -> bool:
    """Whether nothing more of its batch is to come; `now` in Unix seconds.

    Raises:
        DoubtError: it does not say when it was written.
    """
    written = structs.moment(event.created or "")
    if written is None:
        raise DoubtError("an event does not say when it was written")
    return now - written.timestamp() >= SETTLED_AFTER_S


def events_of(told: Iterable[Told]) -> list[Event]:
    """What they say of records.

    Raises:
        DoubtError: one is of an unknown type or shape.
    """
    return [event for one in told if (event := _event_of(one)) is not None]


def district_told(told: Sequence[Told]) -> DistrictFacts | None:
    """What they say last of the district itself."""
    for one in reversed(told):
        if one.type == f"{_DISTRICTS}.{What.UPDATED}":
            return DistrictFacts.of(_decoded(_DISTRICT, one.data.object))
    return None


def _event_of(told: Told) -> Event | None:
    group, _, word = told.type.partition(".")
    if group == _NOT_OURS or told.type == f"{_DISTRICTS}.{What.UPDATED}":
        return None
    if group not in _GROUPS or word not in tuple(What):
        raise DoubtError(f"an event is of the type {told.type[:40]!r}")
    what = What(word)
    record = _decoded(_RECORD, told.data.object)
    if what is What.DELETED:
        return Event(what, group, record.id, frozenset(), b"")
    if what is What.UPDATED:
        _check_nothing_vanished(told)
    return Event(what, group, record.id, _lists(group, record), bytes(told.data.object))


def _lists(group: str, record: _Record) -> frozenset[str]:
    if group != _USERS:
        return frozenset([group])
    roles = record.roles or {}
    lists = frozenset(_LIST_OF_ROLE[role] for role in roles if role in _LIST_OF_ROLE)
    if not lists:
        raise DoubtError("an event of a user names no role")
    return lists


def _check_nothing_vanished(told: Told) -> None:
    """Fields that are no longer shared look like fields that a record lost (recorded, v1.2)."""
    given = (told.data.previous_attributes, told.previous_attributes)
    previous = next((raw for raw in given if bytes(raw)), None)
    if previous is None:
        return
    before = _decoded(_ATTRIBUTES, previous)
    after = _decoded(_ATTRIBUTES, told.data.object)
    if before and _vanished(before, after or {}):
        raise DoubtError("a record lost whole fields: they may be shared no longer")


_ATTRIBUTES: Final = msgspec.json.Decoder(dict[str, Any] | None)


def _vanished(before: Mapping[str, Any], after: Mapping[str, Any], inside: str = "") -> bool:
    for name, old in before.items():
        if not old or name == _NOT_READ:
            continue
        new = after.get(name)
        # Somebody may lose a role.
        if name not in after and inside != "roles":
            return True
        if isinstance(old, dict) and isinstance(new, dict) and _vanished(old, new, name):
            return True
    return False


def _decoded(decoder: "msgspec.json.Decoder[structs.T]", raw: Raw) -> structs.T:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DoubtError("an event does not hold a record as it should") from error
