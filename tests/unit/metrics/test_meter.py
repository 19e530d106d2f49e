"""Counting in a process, and adding it to the sums of all."""

import threading

import pytest
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters import metrics
from rosterhold.adapters.database import meters
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.metrics import Count, Meter


def sums(database):
    with database.reading() as conn:
        return meters.sums(conn)


def test_what_several_processes_count_is_added(database):
    for number in (1, 2):
        meter = Meter()
        meter.count(metrics.MAILS, "sent", by=number)
        meters.write(database, meter)
    assert sums(database) == {Count(metrics.MAILS.name, ("sent",)): 3.0}


def test_what_was_written_is_not_written_again(database):
    meter = Meter()
    meter.count(metrics.TICKS)
    meters.write(database, meter)
    meters.write(database, meter)
    assert sums(database) == {Count(metrics.TICKS.name, ()): 1.0}


def test_a_database_that_is_away_loses_no_count(tmp_path):
    meter = Meter()
    meter.count(metrics.TICKS)
    with pytest.raises(SQLAlchemyError):
        meters.write(Database(f"sqlite:///{tmp_path}/absent/rosterhold.db"), meter)
    meter.count(metrics.TICKS)
    assert meter.take() == {Count(metrics.TICKS.name, ()): 2.0}


@pytest.mark.parametrize(
    ("seconds", "bound"), [(0.0, "0.01"), (0.01, "0.01"), (0.011, "0.05"), (2_000, "+Inf")]
)
def test_a_value_falls_into_the_bucket_that_it_does_not_exceed(seconds, bound):
    meter = Meter()
    meter.observe(metrics.STEP_SECONDS, "fetch", value=seconds)
    assert meter.take() == {
        Count(metrics.STEP_SECONDS.name, ("fetch",), bound): 1.0,
        Count(metrics.STEP_SECONDS.name, ("fetch",), "sum"): float(seconds),
    }


def test_threads_that_count_at_once_lose_nothing():
    meter = Meter()

    def count():
        for _ in range(5_000):
            meter.count(metrics.TICKS)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.take()[Count(metrics.TICKS.name, ())] == 20_000


def test_two_processes_that_write_the_same_series_at_once_both_count(database):
    failed = []

    def write():
        try:
            for _ in range(20):
                meter = Meter()
                for outcome in ("sent", "refused", "retrying"):
                    meter.count(metrics.MAILS, outcome)
                meters.write(database, meter)
        except SQLAlchemyError as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert set(sums(database).values()) == {60.0}
