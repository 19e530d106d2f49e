"""What is measured: each metric with its labels, and the meter of a process that counts.

Counters and histograms are summed in the memory of each process and added to one table from time to
time (database/meters.py), so that any web process tells of all. Gauges are what the database knows
at the moment of a scrape (database/census.py). See docs/decisions/0016-metrics-in-the-database.md.
"""

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

PREFIX: Final = "rosterhold_"
INFINITE: Final = "+Inf"


class Kind(StrEnum):
    """What a metric does with time."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it is scraped.

    Attributes:
        name: as Prometheus knows it; that of a counter ends with ``_total``.
        words: what it is, for people.
        labels: the names of its labels, in order.
        buckets: upper bounds of a histogram, in seconds, rising.
    """

    name: str
    kind: Kind
    words: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: Final[dict[str, Metric]] = {}


def _declared(
    name: str,
    kind: Kind,
    words: str,
    labels: tuple[str, ...] = (),
    buckets: tuple[float, ...] = (),
) -> Metric:
    metric = Metric(PREFIX + name, kind, words, labels, buckets)
    METRICS[metric.name] = metric
    return metric


def _counter(name: str, words: str, *labels: str) -> Metric:
    return _declared(name, Kind.COUNTER, words, labels)


def _gauge(name: str, words: str, *labels: str) -> Metric:
    return _declared(name, Kind.GAUGE, words, labels)


_OF_A_STEP: Final = (0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0)
_OF_A_REQUEST: Final = (0.05, 0.25, 1.0, 2.5, 10.0, 30.0, 90.0)

# Counted where it happens.
TRANSITIONS: Final = _counter(
    "sync_transitions_total", "Transitions of syncs, by event and the state reached", "event", "to"
)
STEP_SECONDS: Final = _declared(
    "step_seconds",
    Kind.HISTOGRAM,
    "How long steps took that came to their end, in seconds",
    ("step",),
    _OF_A_STEP,
)
STEP_FAILURES: Final = _counter(
    "step_failures_total", "Steps that ended by an error; final ones are not tried again",
    "step", "final",
)  # fmt: skip
RECORDS_FETCHED: Final = _counter("records_fetched_total", "Records read from Clever", "list")
CLEVER_SECONDS: Final = _declared(
    "clever_request_seconds",
    Kind.HISTOGRAM,
    "Requests to Clever by the status of the answer (none: no whole answer), in seconds",
    ("status",),
    _OF_A_REQUEST,
)
RATE_WAITS: Final = _counter("clever_rate_waits_total", "Waits for Clever's rate limit")
RATE_WAITED: Final = _counter(
    "clever_rate_waited_seconds_total", "Seconds that requests waited for Clever's rate limit"
)
MAILS: Final = _counter(
    "mails_total", "Attempts to send a mail by outcome: sent, retrying, refused, given_up",
    "outcome",
)  # fmt: skip
WEBHOOKS: Final = _counter(
    "webhooks_total",
    "Attempts to deliver an event by outcome: delivered, waiting (tried again), failed, off",
    "outcome",
)
TICKS: Final = _counter("scheduler_ticks_total", "Rounds of schedulers")
FIRED: Final = _counter("scheduler_fired_total", "Slots of schedules that were used")

# Known to the database.
DATABASE_UP: Final = _gauge("database_up", "Whether the database answered this scrape")
SYNCS: Final = _gauge("syncs_open", "Open syncs by state", "state")
HOLDS: Final = _gauge("holds_open", "Open holds by reason", "reason")
OLDEST_HOLD: Final = _gauge("hold_oldest_seconds", "Age of the oldest open hold, in seconds")
DISTRICTS: Final = _gauge("districts", "Districts")
FINISHED: Final = _gauge(
    "syncs_finished_last_day", "Syncs that ended in the last 24 hours, by state", "state"
)
QUEUE: Final = _gauge(
    "queue_work",
    "Pieces of work by queue and standing: waiting, in_work, delayed, retrying, given_up",
    "queue",
    "standing",
)
LAG: Final = _gauge(
    "queue_lag_seconds",
    "How long the oldest work has been due that nobody is at, by queue, in seconds",
    "queue",
)
PROCESSES: Final = _gauge("processes", "Processes that live, by role", "role")
# Known to Redis.
MESSAGES: Final = _gauge("queue_messages", "Messages that lie in Redis, by queue", "queue")
REDIS_UP: Final = _gauge("redis_up", "Whether the message queue answered this scrape")


class Count(NamedTuple):
    """A sum: a metric's name, the values of its labels, and for a histogram what is summed.

    Attributes:
        part: "" for a counter; of a histogram "sum", or the upper bound of the bucket that a
            value fell into, as text.
    """

    name: str
    labels: tuple[str, ...]
    part: str = ""


class Meter:
    """Sums in memory what a process counts, until somebody takes it. For all its threads."""

    def __init__(self) -> None:
        self._sums: dict[Count, float] = {}
        self._lock = threading.Lock()

    def count(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        key = Count(metric.name, labels)
        with self._lock:
            self._sums[key] = self._sums.get(key, 0.0) + by

    def observe(self, metric: Metric, *labels: str, value: float) -> None:
        """Add a value to a histogram."""
        place = bisect_left(metric.buckets, value)
        bound = f"{metric.buckets[place]:g}" if place < len(metric.buckets) else INFINITE
        bucket = Count(metric.name, labels, bound)
        total = Count(metric.name, labels, "sum")
        with self._lock:
            self._sums[bucket] = self._sums.get(bucket, 0.0) + 1.0
            self._sums[total] = self._sums.get(total, 0.0) + value

    def take(self) -> Mapping[Count, float]:
        """What was counted since the last time; it is the caller's to keep."""
        with self._lock:
            taken, self._sums = self._sums, {}
        return taken

    def put_back(self, counts: Mapping[Count, float]) -> None:
        """Keep for later what could not be written."""
        with self._lock:
            for key, number in counts.items():
                self._sums[key] = self._sums.get(key, 0.0) + number
