"""Charts of the last day, drawn by the templates: one bar an hour."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from rosterhold.adapters.database.waits import hour_of
from rosterhold.web.operations.trouble import minutes

HOURS: Final = 24
HEIGHT: Final = 120.0
STEP: Final = 20.0
BAR: Final = 14.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar.

    Attributes:
        y: its upper edge, downwards from the top of the chart.
        words: what it stands for, to be read beside its name.
    """

    name: str
    x: float
    y: float
    height: float
    words: str
    hour: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars.

    Attributes:
        pieces: what they consist of.
        legend: name and number in words of what is drawn, for the eye and for those without.
        most: the highest bar, in words.
        ticks: place and hour of the labels below.
    """

    pieces: Sequence[Piece]
    legend: Sequence[tuple[str, str]]
    most: str
    ticks: Sequence[tuple[float, str]]

    @property
    def width(self) -> float:
        return HOURS * STEP


def chart(counts: Mapping[tuple[int, str], int], names: Sequence[str], now: datetime) -> Chart:
    """Stacked bars of the last 24 hours until now.

    Args:
        counts: hours since 1970 and name → number.
        names: what is stacked, from below; what else was counted stands above them.
        now: the hour that the last bar is of.
    """
    others = sorted({name for _, name in counts} - set(names))
    order = [*names, *others]
    bars = [[(name, counts.get((hour, name), 0)) for name in order] for hour in _hours(now)]
    totals = [(name, sum(dict(bar)[name] for bar in bars)) for name in order]
    return _drawn(bars, totals, now, lambda number: f"{number:,}")


def peaks(
    seconds: Mapping[tuple[int, str], int], present: Mapping[str, timedelta], now: datetime
) -> Chart:
    """How long the oldest work waited in the last 24 hours: of each hour, the queue that is worst.

    Args:
        seconds: hours since 1970 and queue → the longest wait that was noted then.
        present: queue → how long its oldest work waits now.
        now: the hour that the last bar is of.
    """
    known = dict(seconds)
    last = _hours(now)[-1]
    for queue, span in present.items():
        known[last, queue] = max(known.get((last, queue), 0), int(span.total_seconds()))
    bars, longest = [], dict[str, int]()
    for hour in _hours(now):
        of_hour = {queue: wait for (at, queue), wait in known.items() if at == hour}
        worst = max(of_hour.items(), key=lambda one: one[1], default=("", 0))
        bars.append([worst])
        longest |= {queue: max(longest.get(queue, 0), wait) for queue, wait in of_hour.items()}
    return _drawn(bars, sorted(longest.items()), now, lambda wait: minutes(timedelta(seconds=wait)))


def _hours(now: datetime) -> range:
    last = hour_of(now)
    return range(last - HOURS + 1, last + 1)


def _drawn(
    bars: Sequence[Sequence[tuple[str, int]]],
    totals: Sequence[tuple[str, int]],
    now: datetime,
    say: Callable[[int], str],
) -> Chart:
    """Bars of names and numbers, from below, one an hour."""
    hours = [f"{datetime.fromtimestamp(hour * 3600, UTC):%H}:00" for hour in _hours(now)]
    most = max(sum(number for _, number in bar) for bar in bars)
    pieces = []
    for place, (hour, bar) in enumerate(zip(hours, bars, strict=True)):
        top = HEIGHT
        for name, number in bar:
            if not number:
                continue
            height = HEIGHT * number / most
            top -= height
            pieces.append(Piece(name, place * STEP, top, height, say(number), hour))
    ticks = [(place * STEP, hour) for place, hour in enumerate(hours) if place % 6 == 0]
    legend = [(name, say(number)) for name, number in totals if number]
    return Chart(pieces, legend, say(most), ticks)
