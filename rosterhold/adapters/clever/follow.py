"""Following a district by events: the snapshot that a full fetch would give now.

The base are the lists as Clever gave them in the snapshot that was applied last, not the roster
that was made of it: what was left out or kept there is judged anew. Events change the lists, and
then they are sealed like those of a full fetch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from rosterhold.adapters.clever import feed, parts
from rosterhold.adapters.clever.client import CleverClient, Grant
from rosterhold.adapters.clever.columns import LISTINGS, Listing
from rosterhold.adapters.clever.errors import CleverError, NotFoundError, OutOfScopeError
from rosterhold.adapters.clever.feed import DoubtError
from rosterhold.adapters.clever.outcome import DistrictFacts, Fetched
from rosterhold.adapters.clever.paging import Place
from rosterhold.adapters.clever.parts import Reached
from rosterhold.adapters.clever.seal import is_empty, seal
from rosterhold.adapters.clever.threads import in_thread
from rosterhold.roster.events import Event, Story, stories, with_news
from rosterhold.roster.store import SnapshotLostError, SnapshotStore

# After so long, a district is read fully again: events are a convenience of Clever's, no promise.
FULL_AFTER_S: Final = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Base:
    """The snapshot that was applied last, and how far it reached in the feed."""

    prefix: str
    facts: DistrictFacts
    reached: Reached


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a full fetch is needed."""

    why: str


def base_at(store: SnapshotStore, prefix: str) -> Base | None:
    """The base in a snapshot; None where it was not fetched to be followed by events.

    Args:
        store: holds it.
        prefix: of the snapshot.
    """
    try:
        reached = parts.reached(store, prefix)
        if reached is None:
            return None
        return Base(prefix, parts.facts(store, prefix), reached)
    except SnapshotLostError:
        return None


def is_due_fully(base: Base, now: float) -> bool:
    """Whether its last full fetch is too old; `now` in Unix seconds."""
    return now - base.reached.full_at >= FULL_AFTER_S


@dataclass(frozen=True, slots=True)
class News:
    """Whether there is something to follow, and whether Clever is still writing it."""

    exist: bool
    settled: bool = True


async def look(client: CleverClient, clever_id: str, base: Base) -> News:
    """Ask for the newest event only.

    Raises:
        CleverError: Clever cannot be asked.
    """
    if is_due_fully(base, client.now()):
        return News(exist=True)
    grant = await client.token(clever_id)
    try:
        newest = await feed.newest(client, grant)
        if newest is None or newest.id < base.reached.event_id:
            return News(exist=True)
        if newest.id > base.reached.event_id:
            return News(exist=True, settled=feed.is_settled(newest, client.now()))
    except (DoubtError, NotFoundError, OutOfScopeError):
        return News(exist=True)
    facts = DistrictFacts.of(await client.district(clever_id, grant))
    return News(exist=facts.version != base.facts.version)


async def fetch_by_events(
    client: CleverClient, store: SnapshotStore, prefix: str, clever_id: str, base: Base
) -> Fetched | Doubt:
    """Make the snapshot of a district from the one before and the events since.

    Args:
        client: of Clever.
        store: holds the base, and will hold the snapshot.
        prefix: of everything this writes.
        clever_id: the district's.
        base: the snapshot that was applied last.

    Returns:
        The snapshot as a full fetch would give it; a doubt, and nothing written, when that is not
        certain.
    """
    if is_due_fully(base, client.now()):
        return Doubt("the last full fetch is a week old")
    try:
        grant = await client.token(clever_id)
        told = await _read(client, grant, base)
        facts = DistrictFacts.of(await client.district(clever_id, grant))
        _check_version(feed.district_told(told), facts, base)
        events = feed.events_of(told)
        lists = await in_thread(_follow, store, base, events)
        reached = Reached(told[-1].id if told else base.reached.event_id, base.reached.full_at)
        return await in_thread(_sealed, store, prefix, lists, facts, reached)
    except DoubtError as doubt:
        return Doubt(str(doubt))
    except CleverError as error:
        return Doubt(f"the events cannot be read: {error}")
    except SnapshotLostError as error:
        return Doubt(str(error))


async def _read(client: CleverClient, grant: Grant, base: Base) -> list[feed.Told]:
    event_id = base.reached.event_id
    if await feed.begins_after(client, grant, event_id):
        raise DoubtError("the feed does not reach back to the last event that was read")
    told = await feed.read_after(client, grant, event_id)
    if told and not feed.is_settled(told[-1], client.now()):
        raise DoubtError("Clever is just writing events")
    return told


def _check_version(told: DistrictFacts | None, facts: DistrictFacts, base: Base) -> None:
    """Every sync of the district at Clever moves `last_sync`, which an event tells (recorded)."""
    last_sync, last_clever_sync = base.facts.version
    if told is not None:
        last_sync = told.last_sync
        # Only in Clever's documentation, not in the schema: events may lack it.
        last_clever_sync = told.last_clever_sync or facts.last_clever_sync
    if facts.version != (last_sync, last_clever_sync):
        raise DoubtError("the district's data moved at Clever without an event that says so")


def _follow(store: SnapshotStore, base: Base, events: Sequence[Event]) -> dict[str, pl.DataFrame]:
    refs = parts.part_refs(store, base.prefix)
    before = {listing.name: _rows(store, listing, refs[listing.name]) for listing in LISTINGS}
    found = stories(events)
    lists = {}
    for listing in LISTINGS:
        own = [story for story in found if story.group == listing.path]
        lists[listing.name] = _after(listing, before[listing.name], own)
    for group in {listing.path for listing in LISTINGS}:
        own = [story for story in found if story.group == group]
        _check(own, [(one, before[one.name]) for one in LISTINGS if one.path == group])
    return lists


def _rows(store: SnapshotStore, listing: Listing, refs: Sequence[str]) -> pl.DataFrame:
    if not refs:
        raise DoubtError("the lists of the last snapshot are gone")
    rows = store.scan(refs).collect()
    if rows.columns != list(listing.part_schema):
        raise DoubtError("the last snapshot was written by another release")
    return rows


def _after(listing: Listing, rows: pl.DataFrame, own: Sequence[Story]) -> pl.DataFrame:
    if not own:
        return rows
    bodies = [story.last.body for story in own if listing.name in story.last.lists]
    told = pl.Series([story.record for story in own], dtype=pl.String())
    return with_news(rows, told, _read_bodies(listing, bodies))


def _read_bodies(listing: Listing, bodies: Sequence[bytes]) -> pl.DataFrame:
    """As the list's own page would hold them, the unreadable ones too."""
    elements = b",".join(b'{"data":' + body + b"}" for body in bodies)
    return listing.read(b'{"data":[' + elements + b'],"links":[]}').rows


def _check(own: Sequence[Story], lists: Sequence[tuple[Listing, pl.DataFrame]]) -> None:
    """Whether the events go with what was there before.

    Raises:
        DoubtError: they do not, so some were missed.
    """
    known = {record for _, rows in lists for record in rows["clever_id"]} if own else set()
    for story in own:
        is_known = story.record in known
        if story.was_missed(known=is_known):
            raise DoubtError("a record changed that is not in the last snapshot")
        if is_known and story.begins_with_creation:
            _check_told_again(story, lists)


def _check_told_again(story: Story, lists: Sequence[tuple[Listing, pl.DataFrame]]) -> None:
    """What came before the full fetch was over may be told again, but not otherwise."""
    for listing, rows in lists:
        had = rows.filter(clever_id=story.record)
        bodies = [event.body for event in story.events if listing.name in event.lists]
        if had.join(_read_bodies(listing, bodies), on=had.columns, how="anti").height:
            raise DoubtError("a record came that was there already, with other data")


def _sealed(
    store: SnapshotStore,
    prefix: str,
    lists: dict[str, pl.DataFrame],
    facts: DistrictFacts,
    reached: Reached,
) -> Fetched:
    store.delete_tree(prefix)
    for listing in LISTINGS:
        ref = parts.part_ref(prefix, listing, Place(1, ended=True))
        store.write(ref, lists[listing.name])
    manifest = seal(store, prefix, parts.part_refs(store, prefix))
    if is_empty(manifest):
        store.delete_tree(prefix)
        raise DoubtError("no school and no user is left")
    fetched = Fetched(manifest, facts)
    parts.finish(store, prefix, fetched, reached)
    return fetched
