"""Schedules: shown and replaced."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from rosterhold.statemachine.schedule import nightly

Calls = Callable[..., TestClient]


def test_a_new_district_has_its_own_minute_of_the_night(calls: Calls, district: str):
    shown = calls().get(f"/districts/{district}/schedule").json()

    assert shown["cron"] == nightly(district)
    assert shown["is_default"]
    assert shown["blackouts"] == []
    assert shown["time_zone"] == "America/Chicago"


def test_a_schedule_is_replaced_as_a_whole(calls: Calls, district: str):
    client, path = calls(), f"/districts/{district}/schedule"
    wanted = {"cron": " 30 20  * * 1-5", "blackouts": ["06-10..08-15"]}

    put = client.put(path, json=wanted).json()

    assert (put["cron"], put["blackouts"]) == ("30 20 * * 1-5", ["06-10..08-15"])
    assert put["means"].startswith("At 20:30")
    assert put["next_due_at"].endswith("Z")
    assert client.get(path).json() == put
    again = client.put(path, json={}).json()
    assert again["is_default"]
    assert again["blackouts"] == []


@pytest.mark.parametrize(
    ("wanted", "name", "words"),
    [
        ({"cron": "61 20 * * *"}, "cron", "'61' is no minute of a schedule"),
        ({"cron": "* * * * *"}, "cron", "this runs every minute"),
        ({"cron": ""}, "cron", "a schedule has five parts"),
        ({"blackouts": ["summer"]}, "blackouts", "'summer' is no range of days"),
        ({"blackouts": ["01-01..12-31"]}, "blackouts", "the schedule never comes"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused_in_words(
    calls: Calls, district: str, wanted: dict[str, object], name: str, words: str
):
    client, path = calls(), f"/districts/{district}/schedule"
    before = client.get(path).json()

    answer = client.put(path, json=wanted)

    assert answer.status_code == 422
    [fault] = answer.json()["errors"]
    assert (fault["where"], fault["name"]) == ("body", name)
    assert fault["problem"].startswith(words)
    assert client.get(path).json() == before
