"""`rosterhold schedule`: what people say, and what they are told."""

import json

import pytest


def test_a_district_is_synced_each_night_until_somebody_says_otherwise(ready):
    shown = json.loads(ready("schedule", "show", "c1", "--json").out)
    assert shown["is_default"]
    assert shown["time_zone"] == "UTC"
    said = ready("schedule", "set", "c1", "30 20 * * 1-5", "--json")
    assert said.code == 0
    changed = json.loads(said.out)
    assert (changed["cron"], changed["is_default"]) == ("30 20 * * 1-5", False)
    assert changed["in_words"] == "At 20:30 on Monday through Friday"
    assert changed["next_due_there"].endswith("20:30 UTC")
    assert json.loads(ready("district", "show", "c1", "--json").out)["schedule"] == "30 20 * * 1-5"
    assert json.loads(ready("schedule", "set", "c1", "default", "--json").out)["is_default"]


def test_another_time_zone_moves_what_is_due_next(ready):
    ready("schedule", "set", "c1", "30 20 * * *")
    ready("district", "set", "c1", "--time-zone", "America/Chicago")
    shown = json.loads(ready("schedule", "show", "c1", "--json").out)
    assert shown["next_due_there"][-9:] in {"20:30 CST", "20:30 CDT"}


def test_blackouts_are_added_and_taken_away(ready):
    ready("schedule", "blackout", "c1", "06-10..08-15")
    both = ready("schedule", "blackout", "c1", "2027-12-24..2028-01-02", "--json")
    assert json.loads(both.out)["blackouts"] == ["06-10..08-15", "2027-12-24..2028-01-02"]
    one = ready("schedule", "blackout", "c1", "06-10..08-15", "--remove", "--json")
    assert json.loads(one.out)["blackouts"] == ["2027-12-24..2028-01-02"]
    none = ready("schedule", "blackout", "c1", "--clear", "--json")
    assert json.loads(none.out)["blackouts"] == []


def test_all_schedules_are_listed_with_the_next_one_first(ready):
    ready("district", "add", "--clever-id", "c2", "--name", "Other", "--admin", "a@example.org")
    ready("schedule", "set", "c2", "*/15 * * * *")
    listed = ready("schedule", "list").out
    assert listed.index("Other") < listed.index("Demo")
    assert [row["district"] for row in json.loads(ready("schedule", "list", "--json").out)] == [
        "Other",
        "Demo",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["set", "c1", "* * * * *"], "this runs every minute"),
        (["set", "c1", "0 25 * * *"], "'25' is no hour of a schedule"),
        (["set", "c1", "  "], "a schedule has five parts"),
        (["set", "nobody", "0 20 * * *"], "there is no district 'nobody'"),
        (["blackout", "c1", "summer"], "'summer' is no range of days"),
        (["blackout", "c1", "01-01..12-31"], "the schedule never comes"),
        (["blackout", "c1", "06-10..08-15", "--remove"], "is no blackout of this district"),
        (["blackout", "c1"], "say ranges of days, or --clear"),
        (["show", "nobody"], "there is no district 'nobody'"),
    ],
)
def test_what_cannot_be_kept_is_told_in_one_line_and_changes_nothing(ready, words, told):
    before = ready("schedule", "show", "c1").out
    said = ready("schedule", *words)
    assert said.is_one_line_error
    assert said.code == 2
    assert told in said.err
    assert ready("schedule", "show", "c1").out == before
