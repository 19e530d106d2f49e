"""The metrics as Prometheus reads them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from rosterhold.adapters import metrics
from rosterhold.adapters.database.census import Census, Standing
from rosterhold.adapters.database.outbox import Queue
from rosterhold.adapters.metrics import INFINITE, Count, Kind
from rosterhold.statemachine.chart import FINAL_STATES, SyncState
from rosterhold.statemachine.reasons import Reason

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scrape found.

    Attributes:
        census: None while the database is away.
        sums: what the processes counted.
        messages: queue → messages in Redis; None while it is away.
    """

    census: Census | None
    sums: Mapping[Count, float]
    messages: Mapping[str, int] | None


def text_of(reading: Reading) -> bytes:
    """A scrape's answer, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(lambda: _families(reading)))
    return generate_latest(registry)


class _Once(Collector):
    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        return self._collect()


def _families(reading: Reading) -> Iterator[Metric]:
    for metric in metrics.METRICS.values():
        match metric.kind:
            case Kind.COUNTER:
                yield _counter(metric, reading.sums)
            case Kind.HISTOGRAM:
                yield _histogram(metric, reading.sums)
            case Kind.GAUGE:
                family = GaugeMetricFamily(metric.name, metric.words, labels=metric.labels)
                for labels, value in _gauges(reading)[metric.name].items():
                    family.add_metric(labels, value)
                yield family


def _counter(metric: metrics.Metric, sums: Mapping[Count, float]) -> Metric:
    family = CounterMetricFamily(metric.name, metric.words, labels=metric.labels)
    found = {key.labels: value for key, value in sums.items() if key.name == metric.name}
    if not metric.labels:
        # What never happened has happened zero times: alerts can tell that from no answer.
        found.setdefault((), 0.0)
    for labels, value in sorted(found.items()):
        family.add_metric(labels, value)
    return family


def _histogram(metric: metrics.Metric, sums: Mapping[Count, float]) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.words, labels=metric.labels)
    bounds = [*(f"{bound:g}" for bound in metric.buckets), INFINITE]
    for labels in sorted({key.labels for key in sums if key.name == metric.name}):
        reached, buckets = 0.0, []
        for bound in bounds:
            reached += sums.get(Count(metric.name, labels, bound), 0.0)
            buckets.append((bound, reached))
        family.add_metric(labels, buckets, sums.get(Count(metric.name, labels, "sum"), 0.0))
    return family


Values = dict[tuple[str, ...], float]


def _gauges(reading: Reading) -> dict[str, Values]:
    """Metric's name → labels → value. What the database would know is left out without it."""
    found: dict[str, Values] = {name: {} for name in metrics.METRICS}
    found[metrics.DATABASE_UP.name] = {(): float(reading.census is not None)}
    found[metrics.REDIS_UP.name] = {(): float(reading.messages is not None)}
    for queue, number in (reading.messages or {}).items():
        found[metrics.MESSAGES.name][queue,] = number
    if reading.census is not None:
        found |= _of_census(reading.census)
    return found


def _of_census(census: Census) -> dict[str, Values]:
    """With a zero for whatever is known and not there, so that no series comes and goes."""
    held_for = (census.at - census.oldest_hold).total_seconds() if census.oldest_hold else 0.0
    open_states = [state.value for state in SyncState if not state.is_final]
    queues = [queue.value for queue in Queue]
    lag = {queue: (census.at - due).total_seconds() for queue, due in census.due_since.items()}
    work: Values = {(queue, standing.value): 0 for queue in queues for standing in Standing}
    work |= {place: float(number) for place, number in census.work.items()}
    return {
        metrics.DISTRICTS.name: {(): census.districts},
        metrics.SYNCS.name: _single(dict.fromkeys(open_states, 0) | dict(census.open_syncs)),
        metrics.FINISHED.name: _single(
            dict.fromkeys(sorted(FINAL_STATES), 0) | dict(census.finished)
        ),
        metrics.HOLDS.name: _single(dict.fromkeys(Reason, 0) | dict(census.holds)),
        metrics.OLDEST_HOLD.name: {(): held_for},
        metrics.QUEUE.name: work,
        metrics.LAG.name: _single(dict.fromkeys(queues, 0.0) | lag),
        metrics.PROCESSES.name: _single(
            dict.fromkeys(("worker", "scheduler", "up"), 0) | dict(census.alive)
        ),
    }


def _single(values: Mapping[str, float]) -> Values:
    return {(label,): value for label, value in values.items()}
