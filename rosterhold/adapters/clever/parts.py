"""What a fetch leaves in the snapshot store while it runs, and by which a killed one goes on.

Below the fetch's prefix:

``begin.json``                              what the district looked like at the start
``parts/<list>/000001.<cursor>.more.parquet``   a page, and where the list goes on
``parts/<list>/000002.last.parquet``        the last page of a list
``<kind>.parquet``, ``invalid.parquet``     the sealed snapshot
``reached.json``                            how far events were read; the parts stay then
``district.json``, ``manifest.json``        written last, the manifest at the very end
"""

import re
from typing import Final

import msgspec
import polars as pl

from rosterhold.adapters.clever.columns import LISTINGS, Listing
from rosterhold.adapters.clever.outcome import DistrictFacts, Fetched
from rosterhold.adapters.clever.paging import START, Place
from rosterhold.roster.snapshot import Manifest
from rosterhold.roster.store import SnapshotLostError, SnapshotStore

_PART: Final = re.compile(r"/(?P<page>\d{6})\.(?:last|(?P<cursor>[A-Za-z0-9_-]+)\.more)\.parquet$")


class Begin(msgspec.Struct, frozen=True):
    """How a reading of a district began.

    Attributes:
        version: see DistrictFacts.version.
        reading: 1 for the first, one more each time because the district's data moved.
        began_at: Unix seconds.
        event_id: of the newest event before the reading began, "" where none is to be followed.
    """

    version: tuple[str, str]
    reading: int
    began_at: float
    event_id: str = ""


class Reached(msgspec.Struct, frozen=True):
    """How far a snapshot reaches in the district's feed of events.

    Attributes:
        event_id: of the last event that it holds for certain.
        full_at: when the last full fetch began, in Unix seconds.
    """

    event_id: str
    full_at: float


def begin(store: SnapshotStore, prefix: str, beginning: Begin) -> None:
    """Start over: nothing of an earlier reading stays."""
    store.delete_tree(prefix)
    store.write_bytes(f"{prefix}/begin.json", msgspec.json.encode(beginning))


def begun(store: SnapshotStore, prefix: str) -> Begin | None:
    ref = f"{prefix}/begin.json"
    return msgspec.json.decode(store.read_bytes(ref), type=Begin) if store.exists(ref) else None


def part_ref(prefix: str, listing: Listing, place: Place) -> str:
    """Of the page that led to a place."""
    name = "last" if place.ended else f"{place.cursor}.more"
    return f"{_folder(prefix, listing)}/{place.pages:06}.{name}.parquet"


def adopt(store: SnapshotStore, earlier: str, prefix: str) -> bool:
    """Take over what another, unfinished fetch read, so that this one goes on from there.

    The other one may still be at work; it is in vain. A list is copied as far as its pages follow
    each other, and the beginning last, so that a copy that was cut off counts for nothing.

    Returns:
        Whether there was anything to go on with.
    """
    try:
        beginning = store.read_bytes(f"{earlier}/begin.json")
        for refs in part_refs(store, earlier).values():
            for number, ref in enumerate(refs, start=1):
                if f"/{number:06}." not in ref:
                    break
                store.write_bytes(prefix + ref.removeprefix(earlier), store.read_bytes(ref))
        store.write_bytes(f"{prefix}/begin.json", beginning)
    except SnapshotLostError:
        store.delete_tree(prefix)
        return False
    store.delete_tree(earlier)
    return True


def place_reached(store: SnapshotStore, prefix: str, listing: Listing) -> Place:
    """How far an earlier run read a list. Parts are written in order, so the last one tells."""
    refs = store.list(_folder(prefix, listing))
    match = _PART.search(refs[-1]) if refs else None
    if match is None:
        return START
    return Place(int(match["page"]), match["cursor"] or "", ended=match["cursor"] is None)


def records_kept(store: SnapshotStore, prefix: str, listing: Listing) -> int:
    """How many records of a list an earlier run read."""
    refs = store.list(_folder(prefix, listing))
    return int(store.scan(refs).select(pl.len()).collect().item()) if refs else 0


def part_refs(store: SnapshotStore, prefix: str) -> dict[str, list[str]]:
    """List name → references of its parts, in order."""
    return {listing.name: store.list(_folder(prefix, listing)) for listing in LISTINGS}


def finish(
    store: SnapshotStore, prefix: str, fetched: Fetched, reached: Reached | None = None
) -> None:
    """Make a sealed snapshot known, and drop what only the fetch needed.

    What events are to follow keeps its parts: the lists as Clever gave them.
    """
    if reached is not None:
        store.write_bytes(f"{prefix}/reached.json", msgspec.json.encode(reached))
    store.write_bytes(f"{prefix}/district.json", msgspec.json.encode(fetched.district))
    store.write_bytes(f"{prefix}/manifest.json", msgspec.json.encode(fetched.manifest))
    if reached is None:
        store.delete_tree(f"{prefix}/parts")


def finished(store: SnapshotStore, prefix: str) -> Fetched | None:
    """The snapshot of an earlier run that came to its end; what that one left is dropped."""
    fetched = sealed(store, prefix)
    if fetched is not None and reached(store, prefix) is None:
        store.delete_tree(f"{prefix}/parts")
    return fetched


def sealed(store: SnapshotStore, prefix: str) -> Fetched | None:
    """A snapshot that is whole; None where there is none."""
    if not store.exists(f"{prefix}/manifest.json"):
        return None
    manifest = store.read_bytes(f"{prefix}/manifest.json")
    return Fetched(msgspec.json.decode(manifest, type=Manifest), facts(store, prefix))


def facts(store: SnapshotStore, prefix: str) -> DistrictFacts:
    """What Clever said of the district of a sealed snapshot.

    Raises:
        SnapshotLostError: there is none.
    """
    return msgspec.json.decode(store.read_bytes(f"{prefix}/district.json"), type=DistrictFacts)


def reached(store: SnapshotStore, prefix: str) -> Reached | None:
    """How far a sealed snapshot reaches; None where no events can follow it."""
    ref = f"{prefix}/reached.json"
    return msgspec.json.decode(store.read_bytes(ref), type=Reached) if store.exists(ref) else None


def _folder(prefix: str, listing: Listing) -> str:
    return f"{prefix}/parts/{listing.name}"
