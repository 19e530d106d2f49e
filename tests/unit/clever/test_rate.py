import pytest
import redis
from structlog.testing import capture_logs

from rosterhold.adapters.clever.rate import (
    MAX_WAIT_S,
    REQUESTS_PER_WINDOW,
    MemoryRateGate,
    RedisRateGate,
    Window,
    window_of,
)

TOKEN = "0123456789abcdef"
NOW = 1_795_000_000


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class LostRedis:
    """A Redis that nobody answers at."""

    def __init__(self):
        self.asked = 0

    def register_script(self, _text):
        def run(**_):
            self.asked += 1
            raise redis.ConnectionError

        return run


def window(remaining, *, reset=NOW + 30, seconds_left=30.0):
    return Window(remaining, REQUESTS_PER_WINDOW, reset, seconds_left)


def test_the_headers_of_one_bucket_are_read():
    headers = {
        "x-ratelimit-limit": "1200",
        "x-ratelimit-remaining": "1100",
        "x-ratelimit-reset": str(NOW + 20),
    }
    assert window_of(headers, now=NOW) == Window(1100, 1200, NOW + 20, 20.0)


def test_of_several_buckets_the_tightest_counts():
    headers = {
        "x-ratelimit-bucket": "all, none",
        "x-ratelimit-limit": "200, 1200",
        "x-ratelimit-remaining": "7, 1100",
        "x-ratelimit-reset": f"{NOW + 5}, {NOW + 50}",
    }
    assert window_of(headers, now=NOW) == Window(7, 200, NOW + 5, 5.0)


def test_the_answers_date_corrects_a_clock_that_is_wrong():
    headers = {
        "date": "Wed, 18 Nov 2026 11:06:40 GMT",
        "x-ratelimit-remaining": "3",
        "x-ratelimit-reset": str(NOW + 20),
    }
    assert window_of(headers, now=NOW + 9_999).seconds_left == 20.0


@pytest.mark.parametrize(("reset", "seconds"), [(NOW + 9_999, MAX_WAIT_S), (NOW - 5, 0.0)])
def test_no_window_is_longer_than_clevers_or_over_before_now(reset, seconds):
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    assert window_of(headers, now=NOW).seconds_left == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining": "5"},
        {"x-ratelimit-remaining": "many", "x-ratelimit-reset": "soon"},
        {"x-ratelimit-remaining": "", "x-ratelimit-reset": ""},
        {"x-ratelimit-remaining": "²", "x-ratelimit-reset": "5"},
    ],
)
def test_headers_that_say_nothing_usable_are_left_alone(headers):
    assert window_of(headers, now=NOW) is None


def test_a_date_that_cannot_be_read_is_not_used():
    headers = {"date": "never", "x-ratelimit-remaining": "1", "x-ratelimit-reset": str(NOW + 9)}
    assert window_of(headers, now=NOW).seconds_left == 9.0


def test_two_gates_on_one_redis_share_the_permits_of_a_token(redis_client):
    one, other = RedisRateGate(redis_client), RedisRateGate(redis_client)
    one.learn(TOKEN, window(27))
    assert [one.take(TOKEN), other.take(TOKEN), one.take(TOKEN)] == [0.0, 0.0, 0.0]
    assert 29 < other.take(TOKEN) <= 30
    assert 29 < one.take(TOKEN) <= 30


def test_another_token_has_its_own_window(redis_client):
    gate = RedisRateGate(redis_client)
    gate.learn(TOKEN, window(0))
    assert gate.take(TOKEN) > 0
    assert gate.take("another") == 0.0


def test_what_clever_counts_never_gives_back_permits_of_the_same_window(redis_client):
    gate = RedisRateGate(redis_client)
    gate.learn(TOKEN, window(25))
    gate.take(TOKEN)
    gate.learn(TOKEN, window(1000))
    assert gate.take(TOKEN) > 0


def test_a_new_window_gives_new_permits_and_an_old_one_is_not_believed(redis_client):
    gate = RedisRateGate(redis_client)
    gate.learn(TOKEN, window(24))
    gate.learn(TOKEN, window(1199, reset=NOW + 90, seconds_left=60.0))
    assert gate.take(TOKEN) == 0.0
    gate.learn(TOKEN, window(0))
    assert gate.take(TOKEN) == 0.0


def test_a_window_ends_with_its_key(redis_client):
    gate = RedisRateGate(redis_client)
    gate.learn(TOKEN, window(0))
    (key,) = redis_client.keys()
    assert 29_000 < redis_client.pttl(key) <= 30_000
    redis_client.pexpire(key, 0)
    assert gate.take(TOKEN) == 0.0


def test_the_token_itself_is_never_in_redis(redis_client):
    RedisRateGate(redis_client).take(TOKEN)
    (key,) = redis_client.keys()
    assert TOKEN.encode() not in key


def test_a_small_reserve_is_left_to_others(redis_client):
    gate = RedisRateGate(redis_client)
    gate.learn(TOKEN, window(24))
    assert gate.take(TOKEN) > 0


def test_without_redis_each_process_goes_on_and_says_so_once():
    clock, lost = Clock(), LostRedis()
    gate = RedisRateGate(lost, clock)
    with capture_logs() as logs:
        gate.learn(TOKEN, window(25))
        assert gate.take(TOKEN) == 0.0
        assert gate.take(TOKEN) == 30.0
        assert lost.asked == 1
        clock.now += 31
        assert gate.take(TOKEN) == 0.0
        assert lost.asked == 2
    assert [line["event"] for line in logs] == ["rate_gate.redis_unreachable"]


def test_in_memory_a_window_ends_and_a_new_one_begins():
    clock = Clock()
    gate = MemoryRateGate(clock)
    gate.learn(TOKEN, window(25, seconds_left=10.0))
    assert [gate.take(TOKEN), gate.take(TOKEN)] == [0.0, 10.0]
    clock.now += 10
    assert gate.take(TOKEN) == 0.0


def test_in_memory_a_first_window_has_a_minutes_permits_less_the_reserve():
    gate = MemoryRateGate(Clock())
    taken = sum(gate.take(TOKEN) == 0.0 for _ in range(REQUESTS_PER_WINDOW))
    assert taken == 1176


def test_in_memory_an_old_window_is_not_believed():
    gate = MemoryRateGate(Clock())
    gate.learn(TOKEN, window(1199, reset=NOW + 90))
    gate.learn(TOKEN, window(0))
    assert gate.take(TOKEN) == 0.0
