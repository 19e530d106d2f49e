"""Fetching whole districts from the fake Clever."""

import json

import pytest

from rosterhold.adapters.clever.outcome import CannotConnect, Fetched


def test_a_district_becomes_a_file_of_each_kind(clever, fetching):
    clever.has_a_small_roster()
    fetched = fetching()
    assert isinstance(fetched, Fetched)
    assert fetched.manifest.counts == {
        "schools": 2,
        "terms": 0,
        "courses": 0,
        "students": 5,
        "teachers": 1,
        "staff": 0,
        "district_admins": 0,
        "contacts": 5,
        "sections": 1,
        "enrolments": 2,
        "guardianships": 5,
    }
    assert fetched.district.name == "#DEMO"


def test_the_parts_are_gone_once_the_snapshot_is_sealed(clever, fetching):
    clever.has_a_small_roster()
    fetching()
    assert not fetching.store.list(f"{fetching.prefix}/parts")
    assert fetching.store.exists(f"{fetching.prefix}/manifest.json")


def test_a_second_call_gives_the_sealed_snapshot_without_asking_clever(clever, fetching):
    clever.has_a_small_roster()
    first = fetching()
    clever.asked.clear()
    assert fetching() == first
    assert not clever.asked


def test_progress_counts_the_records_of_a_kind(clever, fetching):
    clever.has_a_small_roster()
    clever.page_size = 2
    fetching()
    assert [page for page in fetching.pages if page[0] == "students"] == [
        ("students", 2),
        ("students", 4),
        ("students", 5),
    ]


def test_a_killed_fetch_goes_on_from_its_last_page(clever, fetching):
    clever.has_a_small_roster()
    clever.page_size = 1
    fetching.is_killed_after(12)
    kept = fetching.store.list(f"{fetching.prefix}/parts")
    before = len(clever.asked)
    fetched = fetching()
    assert fetched.manifest.counts["students"] == 5
    assert fetched.manifest.counts["contacts"] == 5
    asked_twice = {request for request in clever.asked[:before] if request in clever.asked[before:]}
    # Only the pages under way when it died are asked for again.
    assert len(kept) >= 12
    assert len(asked_twice - {(f"districts/{fetching.clever.district['id']}", "", "")}) <= 9


def test_a_resumed_fetch_counts_what_was_read_before(clever, fetching):
    clever.has_a_small_roster()
    clever.page_size = 1
    fetching.is_killed_after(14)
    fetching()
    assert ("students", 5) in fetching.pages
    assert ("contacts", 5) in fetching.pages


def test_a_killed_fetch_starts_over_when_the_district_synced_meanwhile(clever, fetching):
    clever.has_a_small_roster()
    clever.page_size = 1
    fetching.is_killed_after(12)
    del clever.lists["users"]["c1"]
    clever.district["last_sync"] = "2026-11-21T08:00:00.000Z"
    fetched = fetching()
    assert [row["clever_id"] for row in fetching.rows(fetched, "students")] == [
        "c2",
        "c3",
        "c4",
        "c5",
    ]


def test_a_killed_fetch_starts_over_after_some_hours(clever, fetching, clock):
    clever.has_a_small_roster()
    fetching.is_killed_after(1)
    clock.now += 7 * 3600
    clever.asked.clear()
    fetching()
    assert len(clever.asked) == 11


def test_data_that_move_once_are_read_again(clever, fetching):
    clever.has_a_small_roster()
    clever.syncs_after_each(13)
    assert isinstance(fetching(), Fetched)


def test_data_that_never_rest_are_given_up(clever, fetching):
    clever.has_a_small_roster()
    clever.syncs_after_each(5)
    outcome = fetching()
    assert outcome.code == "moving"
    assert not outcome.permanent
    assert len(clever.asked) == 1 + 4 * 10


def test_nothing_shared_is_no_empty_roster(fetching):
    outcome = fetching()
    assert outcome.code == "nothing_shared"
    assert "check" in outcome.sentence


def test_a_student_who_is_not_shared_is_left_out_of_classes_and_guardians(clever, fetching):
    clever.has_a_small_roster()
    clever.has_section("f2", "b2", ["c3", "unshared"])
    link = {"student": "unshared", "type": "Primary", "relationship": "Parent"}
    clever.has_user("e9", "contact", {"student_relationships": [link]})
    fetched = fetching()
    assert [
        row["student_clever_id"]
        for row in fetching.rows(fetched, "enrolments")
        if row["section_clever_id"] == "f2"
    ] == ["c3"]
    assert fetched.manifest.counts["guardianships"] == 5
    assert fetching.rows(fetched, "contacts")[-1]["student_clever_id"] == ""


def test_an_unreadable_student_stays_in_her_classes_and_with_her_guardians(clever, fetching):
    clever.has_a_small_roster()
    clever.has_user("c1", "student", {"school": "b1", "sis_id": 7})
    fetched = fetching()
    assert fetching.invalid(fetched) == [
        ("students", "c1", "data.roles.student.sis_id: Expected `str | null`, got `int`")
    ]
    assert fetched.manifest.invalid_counts == {"students": 1}
    assert fetched.manifest.counts["students"] == 4
    assert fetched.manifest.counts["enrolments"] == 2
    assert fetched.manifest.counts["guardianships"] == 5


def test_records_of_every_malformed_shape_are_set_aside_and_the_others_read(clever, fetching):
    clever.has_a_small_roster()
    clever.has_anything("schools", "b3", {"data": {"id": "b3", "principal": "Ann Lee"}})
    clever.has_anything("schools", "b4", {"data": [], "uri": "/v3.0/schools/b4"})
    clever.has_anything("schools", "b5", {"data": {"id": 5}, "uri": "/v3.0/schools/b5"})
    clever.has_anything("schools", "b6", 6)
    clever.has_anything("schools", "b7", {"data": {"id": "b7"}})
    clever.has_section("f2", "")
    fetched = fetching()
    assert fetching.invalid(fetched) == [
        ("schools", "", "the record: Expected `object`, got `int`"),
        ("schools", "b3", "data.principal: Expected an object or a list, got text"),
        ("schools", "b4", "data: Expected `object`, got `array`"),
        ("schools", "b5", "data.id: Expected `str`, got `int`"),
        ("sections", "f2", "data.school: Expected `str` of length >= 1"),
    ]
    assert [row["clever_id"] for row in fetching.rows(fetched, "schools")] == ["b1", "b2", "b7"]


def test_a_person_of_several_roles_is_in_each_kind(clever, fetching):
    clever.has_a_small_roster()
    roles = {
        "teacher": {"school": "b1", "title": "Maths"},
        "staff": {"schools": ["b2", "b1"], "title": "Head"},
        "district_admin": {"title": "IT"},
    }
    clever.has_user("d2", "teacher", roles=roles)
    fetched = fetching()
    titles = {
        kind: [row["title"] for row in fetching.rows(fetched, kind) if row["clever_id"] == "d2"]
        for kind in ("teachers", "staff", "district_admins")
    }
    assert titles == {"teachers": ["Maths"], "staff": ["Head"], "district_admins": ["IT"]}
    assert fetching.rows(fetched, "staff")[0]["school_clever_id"] == "b1"


def test_entries_of_one_contact_for_one_student_are_merged(clever, fetching):
    clever.has_a_small_roster()
    entries = [
        {"student": "c1", "type": "Primary", "relationship": "Parent"},
        {"student": "c1", "type": "Emergency", "relationship": "Parent"},
        {"student": "c1", "type": "", "relationship": None},
    ]
    clever.has_user("e1", "contact", {"student_relationships": entries})
    fetched = fetching()
    first = fetching.rows(fetched, "guardianships")[0]
    assert first == {
        "contact_clever_id": "e1",
        "student_clever_id": "c1",
        "types": '["Emergency","Primary"]',
        "relationships": '["Parent"]',
        "school_clever_id": "b1",
    }


def test_a_contact_belongs_to_the_school_of_the_first_student(clever, fetching):
    clever.has_a_small_roster()
    clever.has_user("c9", "student", {"school": "b2"})
    links = [{"student": "c9"}, {"student": "c1"}]
    clever.has_user("e1", "contact", {"student_relationships": links}, name={"last": "Jo May"})
    fetched = fetching()
    first = fetching.rows(fetched, "contacts")[0]
    assert (first["student_clever_id"], first["school_clever_id"]) == ("c1", "b1")
    assert (first["first_name"], first["last_name"]) == ("", "Jo May")


DEMO_COUNTS = {
    "schools": 5,
    "terms": 0,
    "courses": 0,
    "students": 1004,
    "teachers": 89,
    "staff": 0,
    "district_admins": 3,
    "contacts": 1002,
    "sections": 378,
    "enrolments": 8954,
    "guardianships": 1004,
}


@pytest.mark.parametrize("page_size", [10_000, 100])
def test_clevers_own_demo_district_is_read_whole(clever, fetching, shared, page_size):
    for name in ("schools", "sections", "users"):
        content = json.loads((shared / "clever" / "demo-district" / f"{name}.json").read_bytes())
        for element in content["data"]:
            clever.has_anything(name, element["data"]["id"], element)
    clever.page_size = page_size
    fetched = fetching()
    assert not isinstance(fetched, CannotConnect)
    assert fetched.manifest.counts == DEMO_COUNTS
    assert not fetched.manifest.invalid_counts
    student = fetching.rows(fetched, "students")[0]
    assert student["dob"] == "2007-02-11"


@pytest.mark.parametrize("end", ["2027-08-15", "2027-08-15T00:00:00.000Z", 7, None, {}])
def test_what_is_no_text_among_the_ends_of_pauses_does_no_harm(clever, fetching, end):
    clever.has_a_small_roster()
    clever.district |= {"state": "paused", "pause_end": end}
    assert fetching().district.pause_end == (end if isinstance(end, str) else "")


def test_when_last_sync_moved_no_list_is_counted(clever, fetching):
    clever.has_a_small_roster()
    fetching()
    clever.asked.clear()
    clever.district["last_sync"] = "2026-11-21T08:00:00.000Z"
    assert not fetching.is_still_true()
    assert len(clever.asked) == 1


def test_a_list_that_cannot_be_counted_may_have_changed(clever, fetching):
    clever.has_a_small_roster()
    fetching()
    clever.fails((404, {"message": "not found"}), at="schools")
    assert not fetching.is_still_true()


def test_a_district_that_never_synced_at_clever_may_have_changed(clever, fetching):
    del clever.district["last_sync"]
    clever.has_a_small_roster()
    fetching()
    clever.asked.clear()
    assert not fetching.is_still_true()
    assert clever.asked == []
