"""Charts of the last day, and rates of two looks."""

from datetime import UTC, datetime, timedelta

from rosterhold.adapters.metrics import STEP_SECONDS, Count
from rosterhold.web.operations.charts import HEIGHT, chart, peaks
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
    assert [piece.words for piece in now] == ["3", "1"]
    assert (drawn.most, drawn.legend) == ("4", [("completed", "5"), ("failed", "1")])


def test_what_is_older_than_a_day_is_not_drawn():
    assert chart({(HOUR - 24, "completed"): 3}, ["completed"], NOW).pieces == []
    assert len(chart({(HOUR - 23, "completed"): 3}, ["completed"], NOW).pieces) == 1


def test_a_name_that_is_not_known_is_drawn_above_the_others():
    drawn = chart({(HOUR, "new"): 1, (HOUR, "completed"): 1}, ["completed"], NOW)
    assert [piece.name for piece in drawn.pieces] == ["completed", "new"]


def test_an_empty_day_is_an_empty_chart():
    drawn = chart({}, ["completed"], NOW)
    assert (drawn.pieces, drawn.most, drawn.legend) == ([], "0", [])


def test_of_each_hour_the_queue_that_waited_longest_is_drawn():
    noted = {(HOUR - 2, "email"): 7_200, (HOUR - 2, "urgent"): 60, (HOUR - 1, "urgent"): 600}
    drawn = peaks(noted, {}, NOW)
    assert [(piece.hour, piece.name, piece.words) for piece in drawn.pieces] == [
        ("06:00", "email", "2 h"),
        ("07:00", "urgent", "10 min"),
    ]
    assert [piece.height for piece in drawn.pieces] == [HEIGHT, HEIGHT / 12]
    assert (drawn.most, drawn.legend) == ("2 h", [("email", "2 h"), ("urgent", "10 min")])


def test_what_waits_now_is_drawn_before_anybody_noted_it():
    drawn = peaks({(HOUR, "email"): 30}, {"email": timedelta(minutes=3)}, NOW)
    assert [(piece.hour, piece.words) for piece in drawn.pieces] == [("08:00", "3 min")]


def test_a_day_in_which_nothing_waited_is_an_empty_chart():
    drawn = peaks({}, {}, NOW)
    assert (drawn.pieces, drawn.most, drawn.legend) == ([], "0 s", [])


def test_a_rate_is_the_difference_of_two_looks():
    seconds = [0.0]
    rates = Rates(lambda: seconds[0])
    key = Count(STEP_SECONDS.name, ("fetch",), "0.25")
    assert rates.a_minute({key: 10.0}) is None
    seconds[0] = 30.0
    assert rates.a_minute({key: 25.0}) == {"fetch": 30.0}
    seconds[0] = 30.0 + 301.0
    assert rates.a_minute({key: 25.0}) is None, "the looks before are too old"
