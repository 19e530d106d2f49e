"""The size of a roster over time, as the points of a small picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rosterhold.adapters.database.views import SyncView
from rosterhold.roster.kinds import KINDS

WIDTH: Final = 600
HEIGHT: Final = 120
_ROOM: Final = 0.12
_FEWEST_POINTS: Final = 2
_PEOPLE: Final = tuple(kind.name for kind in KINDS.values() if kind.people)


@dataclass(frozen=True, slots=True)
class SizeChart:
    """Points of WIDTH by HEIGHT, the oldest sync first.

    Attributes:
        line: the completed syncs, as SVG writes points.
        area: the line with the ground below it.
        last: the newest completed sync: its place.
        next: what an open hold would lead to: its place; None for no hold.
        since: when the oldest sync ended.
        smallest: people in the roster, of all points.
        largest: people in the roster, of all points.
        now: people in the roster.
        then: people after what is on hold; None for no hold.
    """

    line: str
    area: str
    last: tuple[float, float]
    next: tuple[float, float] | None
    since: datetime
    smallest: int
    largest: int
    now: int
    then: int | None


def people_in(counts: dict[str, dict[str, int]]) -> int:
    """How many people a sync leaves in the roster."""
    return sum(counts.get(kind, {}).get("total", 0) for kind in _PEOPLE)


def size_chart(completed: Sequence[SyncView], held: SyncView | None) -> SizeChart | None:
    """The chart of completed syncs, newest first; None while there are too few to see a way."""
    oldest_first = [
        (sync.finished_at or sync.started_at, people_in(sync.counts)) for sync in completed
    ]
    oldest_first.reverse()
    if len(oldest_first) < _FEWEST_POINTS:
        return None
    then = people_in(held.counts) if held is not None and held.counts else None
    sizes = [size for _, size in oldest_first] + ([then] if then is not None else [])
    low, high = min(sizes), max(sizes)
    span = max(high - low, 1)
    bottom, reach = HEIGHT * (1 - _ROOM), HEIGHT * (1 - 2 * _ROOM)
    steps = len(sizes) - 1
    places = [
        (round(WIDTH * index / steps, 1), round(bottom - reach * (size - low) / span, 1))
        for index, size in enumerate(sizes)
    ]
    kept = places[: len(oldest_first)]
    line = " ".join(f"{x},{y}" for x, y in kept)
    return SizeChart(
        line=line,
        area=f"0,{HEIGHT} {line} {kept[-1][0]},{HEIGHT}",
        last=kept[-1],
        next=places[-1] if then is not None else None,
        since=oldest_first[0][0],
        smallest=low,
        largest=high,
        now=oldest_first[-1][1],
        then=then,
    )
