"""Answers for some of the schools of a hold, from the command line alone."""

import pytest


@pytest.fixture
def schools(clever):
    """The ids of two schools of which each loses half of its students."""
    ids = sorted(clever.district().tables["schools"].ids())[:2]
    assert len(ids) == 2
    return ids


@pytest.fixture
def held(rosterhold, clever, district, schools):
    """A sync on hold for both schools, as `hold show` gives it."""
    assert rosterhold("sync", "start", district, "--wait").code == 0
    for school in schools:
        clever.change("remove-students", school=school, share=0.5)
    assert rosterhold("sync", "start", district, "--wait").code == 3
    return rosterhold("hold", "show", district, "--json").document


def answered(rosterhold, held):
    """School → whether all its findings are answered."""
    shown = rosterhold("hold", "show", held["sync"], "--json").document
    places = {finding["school"] for finding in shown["findings"]}
    return {
        place: all(one["answered"] for one in shown["findings"] if one["school"] == place)
        for place in places
    }


def test_the_sync_goes_on_with_the_last_answer(rosterhold, held, schools):
    confirm = ("hold", "confirm", held["sync"], "--digest", held["digest"], "--wait", "--json")
    first = rosterhold(*confirm, "--school", schools[0])
    assert (first.code, first.document["state"]) == (3, "on_hold.data_removals")
    assert answered(rosterhold, held)[schools[0]] is True
    assert answered(rosterhold, held)[schools[1]] is False
    last = rosterhold(*confirm)
    assert (last.code, last.document["state"]) == (0, "completed")
    assert last.document["counts"]["students"]["removed"] > 0


def test_a_school_is_not_answered_twice(rosterhold, held, schools):
    confirm = ("hold", "confirm", held["sync"], "--digest", held["digest"], "--school", schools[0])
    assert rosterhold(*confirm).code == 0
    assert rosterhold(*confirm).is_one_line_error


def test_a_school_of_which_nothing_was_found_is_refused(rosterhold, held):
    confirm = ("hold", "confirm", held["sync"], "--digest", held["digest"], "--school", "nowhere")
    assert rosterhold(*confirm).is_one_line_error
    assert not any(answered(rosterhold, held).values())
