"""Charts of the last day, and rates of two looks."""

from datetime import UTC, datetime

from rosterhold.adapters.metrics import STEP_SECONDS, Count
from rosterhold.web.operations.charts import HEIGHT, chart
from rosterhold.web.operations.rates import Rates

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
HOUR = int(NOW.timestamp()) // 3600


def test_bars_are_stacked_and_the_highest_one_fills_the_chart():
    drawn = chart({(HOUR, "completed"): 3, (HOUR, "failed"): 1, (HOUR - 1, "completed"): 2},
                  ["completed", "failed"], NOW)  # fmt: skip
    now = [piece for piece in drawn.pieces if piece.hour == "08:00"]
    assert [piece.name for piece in now] == ["completed", "failed"]
    assert now[1].y == 0
    assert now[0].y == now[1].height
    assert sum(piece.height for piece in now) == HEIGHT
    assert (drawn.most, drawn.totals) == (4, {"completed": 5, "failed": 1})


def test_what_is_older_than_a_day_is_not_drawn():
    assert chart({(HOUR - 24, "completed"): 3}, ["completed"], NOW).pieces == []
    assert len(chart({(HOUR - 23, "completed"): 3}, ["completed"], NOW).pieces) == 1


def test_a_name_that_is_not_known_is_drawn_above_the_others():
    drawn = chart({(HOUR, "new"): 1, (HOUR, "completed"): 1}, ["completed"], NOW)
    assert [piece.name for piece in drawn.pieces] == ["completed", "new"]


def test_an_empty_day_is_an_empty_chart():
    drawn = chart({}, ["completed"], NOW)
    assert (drawn.pieces, drawn.most) == ([], 0)


def test_a_rate_is_the_difference_of_two_looks():
    seconds = [0.0]
    rates = Rates(lambda: seconds[0])
    key = Count(STEP_SECONDS.name, ("fetch",), "0.25")
    assert rates.a_minute({key: 10.0}) is None
    seconds[0] = 30.0
    assert rates.a_minute({key: 25.0}) == {"fetch": 30.0}
    seconds[0] = 30.0 + 301.0
    assert rates.a_minute({key: 25.0}) is None, "the looks before are too old"
