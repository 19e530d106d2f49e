"""Which findings an answer is to, and what an approval of some of them covers."""

from datetime import UTC, datetime

import polars as pl
import pytest

from rosterhold.statemachine.answers import EVERYTHING, Asked, Chosen, choose, scope_of
from rosterhold.statemachine.approvals import approved_by
from rosterhold.statemachine.decisions import Action, Earlier, Refused
from rosterhold.statemachine.findings import NAMED_SCHEMA

JANE = Earlier("jane@example.org", datetime(2026, 3, 1, 8, 30, tzinfo=UTC))
ASKED = (
    Asked(1, "adams", "Adams Middle"),
    Asked(2, "", ""),
    Asked(3, "lincoln", "Lincoln"),
    Asked(4, "adams", "Adams Middle"),
)


def answered(*numbers):
    return [Asked(one.no, one.school, one.school_name, JANE if one.no in numbers else None)
            for one in ASKED]  # fmt: skip


def test_without_a_choice_everything_is_answered():
    assert choose(ASKED, Action.CONFIRM, EVERYTHING) == Chosen(
        frozenset({1, 2, 3, 4}), is_first=True, is_last=True
    )


def test_everything_is_what_is_left():
    assert choose(answered(1, 4), Action.CONFIRM, EVERYTHING) == Chosen(
        frozenset({2, 3}), is_first=False, is_last=True
    )


@pytest.mark.parametrize(
    ("schools", "findings", "numbers"),
    [
        (["adams"], None, {1, 4}),
        ([""], None, {2}),
        (["lincoln", ""], None, {2, 3}),
        (None, [4], {4}),
        (["lincoln"], [1], {1, 3}),
    ],
)
def test_a_choice_is_of_schools_and_of_numbers(schools, findings, numbers):
    chosen = choose(ASKED, Action.ACCEPT, scope_of(schools, findings))
    assert chosen == Chosen(frozenset(numbers), is_first=True, is_last=False)


def test_the_last_school_leaves_nothing():
    chosen = choose(answered(1, 2, 4), Action.CONFIRM, scope_of(["lincoln"]))
    assert chosen == Chosen(frozenset({3}), is_first=False, is_last=True)


def test_what_is_left_of_a_school_can_be_answered():
    chosen = choose(answered(1), Action.CONFIRM, scope_of(["adams"]))
    assert chosen == Chosen(frozenset({4}), is_first=False, is_last=False)


def refusal(asked, action, scope):
    refused = choose(asked, action, scope)
    assert isinstance(refused, Refused)
    assert refused.sentence.endswith("Nothing was done.")
    return refused


@pytest.mark.parametrize(
    "scope", [scope_of(["adams"]), scope_of(None, [4]), scope_of(["", "adams"])]
)
def test_what_was_answered_before_is_refused_with_who_and_when(scope):
    refused = refusal(answered(1, 4), Action.CONFIRM, scope)
    assert (refused.code, refused.earlier) == ("decided", JANE)
    assert refused.sentence.startswith(
        "Adams Middle: this was decided already by jane@example.org at 2026-03-01 08:30 UTC."
    )


def test_a_district_wide_finding_that_was_answered_is_called_so():
    said = refusal(answered(2), Action.CONFIRM, scope_of([""])).sentence
    assert said.startswith("The whole district: this was decided already by")


@pytest.mark.parametrize("action", [Action.CHECK_AGAIN, Action.FIXED, Action.LEAVE_OUT])
def test_other_answers_are_for_the_whole_district(action):
    assert refusal(ASKED, action, scope_of(["adams"])).code == "whole_only"


def test_choosing_nothing_is_refused():
    assert refusal(ASKED, Action.CONFIRM, scope_of([])).code == "nothing_chosen"


@pytest.mark.parametrize(
    ("scope", "named"),
    [(scope_of(["adams", "hilltop"]), "hilltop"), (scope_of(None, [3, 9]), "finding 9")],
)
def test_a_school_without_findings_is_named(scope, named):
    refused = refusal(ASKED, Action.CONFIRM, scope)
    assert refused.code == "no_finding"
    assert named in refused.sentence


def named(*rows):
    """Rows of finding, school and key."""
    return pl.DataFrame(
        [(no, "data_removals", school, "rule", "students", key, "") for no, school, key in rows],
        schema=NAMED_SCHEMA,
        orient="row",
    )


def keys(frame):
    return sorted(frame["key"])


FOUND = named(
    (1, "", "a1"), (1, "", "b1"), (1, "", "n1"),
    (2, "adams", "a1"), (2, "adams", "both"),
    (3, "brook", "b1"), (3, "brook", "both"),
    (4, "", "n1"), (4, "", "a1"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("confirmed", "approved"),
    [
        ((), []),
        ((2,), ["a1"]),
        ((2, 3), ["a1", "b1", "both"]),
        ((1,), []),
        ((1, 4), ["n1"]),
        ((1, 2, 4), ["a1", "n1"]),
        ((1, 2, 3, 4), ["a1", "b1", "both", "n1"]),
    ],
)
def test_the_nearest_place_decides_what_is_approved(confirmed, approved):
    assert keys(approved_by(FOUND, confirmed)) == approved


def test_another_fact_of_a_record_is_another_subject():
    found = FOUND.with_columns(
        pl.when(finding=2).then(pl.lit("new id")).otherwise("fact").alias("fact")
    )
    assert approved_by(found, {2}).select("key", "fact").rows() == [
        ("a1", "new id"),
        ("both", "new id"),
    ]
