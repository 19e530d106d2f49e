"""Charts of the last day, drawn by the templates: the numbers of stacked bars, one an hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

HOURS: Final = 24
HEIGHT: Final = 120.0
STEP: Final = 20.0
BAR: Final = 14.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar; `y` is its upper edge, downwards from the top of the chart."""

    name: str
    x: float
    y: float
    height: float
    number: int
    hour: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars.

    Attributes:
        names: what is stacked, from below.
        most: the highest bar.
        totals: name → its sum, for those that cannot see the picture.
        ticks: place and hour of the labels below.
    """

    names: Sequence[str]
    pieces: Sequence[Piece]
    most: int
    totals: Mapping[str, int]
    ticks: Sequence[tuple[float, str]]

    @property
    def width(self) -> float:
        return HOURS * STEP


def chart(counts: Mapping[tuple[int, str], int], names: Sequence[str], now: datetime) -> Chart:
    """The last 24 hours until now.

    Args:
        counts: hours since 1970 and name → number.
        names: what is stacked, from below; what else was counted stands above them.
        now: the hour that the last bar is of.
    """
    others = sorted({name for _, name in counts} - set(names))
    order = [*names, *others]
    last = int(now.timestamp()) // 3600
    hours = range(last - HOURS + 1, last + 1)
    bars = {hour: [counts.get((hour, name), 0) for name in order] for hour in hours}
    most = max((sum(bar) for bar in bars.values()), default=0)
    pieces = []
    for place, (hour, bar) in enumerate(bars.items()):
        top = HEIGHT
        for name, number in zip(order, bar, strict=True):
            if not number:
                continue
            height = HEIGHT * number / most
            top -= height
            pieces.append(Piece(name, place * STEP, top, height, number, _clock(hour)))
    ticks = [(place * STEP, _clock(hour)) for place, hour in enumerate(hours) if place % 6 == 0]
    totals = {name: sum(bar[place] for bar in bars.values()) for place, name in enumerate(order)}
    return Chart(order, pieces, most, totals, ticks)


def _clock(hour: int) -> str:
    return f"{datetime.fromtimestamp(hour * 3600, UTC):%H}:00"
