"""Each named change, by what a reader of the district finds afterwards."""

import pytest

from rosterhold.simulator.changes import CHANGES, ChangeError
from rosterhold.simulator.records import decode


def test_remove_school_withholds_the_school_its_sections_and_who_is_only_there(scene):
    school = scene.ids("schools")[0]
    scene.change("remove-school", school=school)
    assert school not in scene.ids("schools")
    assert not [s for s in scene.records("sections") if s["school"] == school]
    left = [s["roles"]["student"]["schools"] for s in scene.records("student")]
    assert [school] not in left


def test_remove_school_takes_contacts_whose_every_student_went(scene):
    scene.change("remove-school")
    students = set(scene.ids("student"))
    for contact in scene.records("contact"):
        links = contact["roles"]["contact"]["student_relationships"]
        assert any(link["student"] in students for link in links)


def test_sections_of_other_schools_still_name_who_is_not_shared(scene):
    scene.change("remove-school")
    students = set(scene.ids("student"))
    named = {member for section in scene.records("sections") for member in section["students"]}
    assert named - students


@pytest.mark.parametrize("by", ["id", "sis_id", "name"])
def test_a_school_can_be_named_in_three_ways(scene, by):
    school = scene.records("schools")[1]
    scene.change("remove-school", school=school[by])
    assert school["id"] not in scene.ids("schools")


def test_the_smallest_school_is_meant_when_none_is_named(scene):
    sizes = scene.district.relations.users_of_school
    smallest = min(scene.ids("schools"), key=lambda school: len(sizes[school]))
    scene.change("remove-school")
    assert smallest not in scene.ids("schools")


@pytest.mark.parametrize("name", ["remove-school", "unshare-everything", "half-load"])
def test_restore_brings_back_what_was_withheld_under_the_same_ids(scene, name):
    before = scene.bodies()
    scene.change(name)
    assert scene.bodies() != before
    scene.change("restore")
    assert scene.bodies() == before


def test_unshare_everything_leaves_empty_lists(scene):
    scene.change("unshare-everything")
    assert set(scene.district.counts().values()) == {0}


def test_half_load_shows_the_share_asked_for(scene):
    scene.change("half-load", share=0.25)
    assert len(scene.district.tables["users"]) == 200


def test_remove_students_removes_exactly_the_count(scene):
    before = scene.ids("student")
    scene.change("remove-students", count=7)
    assert len(before) - len(scene.ids("student")) == 7


def test_remove_students_of_a_school_leaves_the_others(scene):
    school = scene.ids("schools")[0]
    before = set(scene.ids("student"))
    attending = set(scene.district.relations.users_of_school[school])
    scene.change("remove-students", share=1.0, school=school)
    assert before - set(scene.ids("student")) == before & attending


def test_removed_students_are_in_no_section_and_have_no_contact(scene):
    scene.change("remove-students", share=0.3)
    students = set(scene.ids("student"))
    assert {m for s in scene.records("sections") for m in s["students"]} <= students
    assert {link["student"] for link in scene.relationships()} <= students


def test_after_remove_teachers_every_section_has_a_teacher(scene):
    sections = scene.ids("sections")
    scene.change("remove-teachers", share=0.5)
    teachers = set(scene.ids("teacher"))
    assert scene.ids("sections") == sections
    assert all(set(s["teachers"]) <= teachers for s in scene.records("sections"))
    assert all(s["teacher"] in s["teachers"] for s in scene.records("sections"))


def test_edit_names_keeps_the_ids(scene):
    before = scene.ids("student")
    batch = scene.change("edit-names", count=4)
    assert (scene.ids("student"), batch.counts["users"]) == (before, {"updated": 4})


def test_year_end_makes_new_classes_and_lets_seniors_leave(scene):
    before = {kind: set(scene.ids(kind)) for kind in ("sections", "terms", "courses")}
    old = {s["id"]: s["roles"]["student"]["grade"] for s in scene.records("student")}
    scene.change("year-end")
    new = {s["id"]: s["roles"]["student"]["grade"] for s in scene.records("student")}
    assert not any(ids & set(scene.ids(kind)) for kind, ids in before.items())
    assert set(old) - set(new) == {i for i, grade in old.items() if grade == "12"}
    assert {new[i] for i in new if old[i] == "Kindergarten"} == {"1"}
    assert {m for s in scene.records("sections") for m in s["students"]} == set(new)


def test_rekey_gives_new_ids_that_sections_and_contacts_follow(scene):
    before = set(scene.ids("student"))
    scene.change("rekey", share=0.5)
    after = set(scene.ids("student"))
    assert (len(before), len(before - after)) == (len(after), round(len(before) * 0.5))
    assert {m for s in scene.records("sections") for m in s["students"]} <= after
    assert {link["student"] for link in scene.relationships()} <= after


def test_new_ids_lie_above_all_others(scene):
    highest = max(max(bodies) for bodies in scene.bodies().values() if bodies)
    before = set(scene.ids("student"))
    scene.change("rekey", count=1)
    assert min(set(scene.ids("student")) - before) > highest


def test_rekey_contacts_gives_new_ids_only_without_a_sis_id(scene):
    before = {c["id"]: c["roles"]["contact"]["sis_id"] for c in scene.records("contact")}
    scene.change("rekey-contacts", share=1.0)
    kept = set(before) & set(scene.ids("contact"))
    assert kept == {identifier for identifier, sis_id in before.items() if sis_id}


def test_contacts_can_keep_their_ids_while_name_and_reach_stay(scene_with):
    scene = scene_with(contact_identity="name-and-reach")
    before = {c["id"] for c in scene.records("contact") if c["email"]}
    scene.change("rekey-contacts", share=1.0)
    assert before <= set(scene.ids("contact"))


def test_introducing_contact_sis_ids_gives_every_contact_a_new_id(scene):
    before = set(scene.ids("contact"))
    scene.change("introduce-contact-sis-ids")
    assert not before & set(scene.ids("contact"))
    assert all(contact["roles"]["contact"]["sis_id"] for contact in scene.records("contact"))


def test_splitting_an_employee_makes_two_users(scene):
    both = [t["id"] for t in scene.records("teacher") if "staff" in t["roles"]]
    users = len(scene.district.tables["users"])
    scene.change("employee-email", way="split", count=len(both))
    assert not [t for t in scene.records("teacher") if "staff" in t["roles"]]
    assert len(scene.district.tables["users"]) == users + len(both)


def test_merging_employees_makes_one_user_of_two(scene):
    users = len(scene.district.tables["users"])
    scene.change("employee-email", way="merge")
    assert len(scene.district.tables["users"]) == users - 1


@pytest.mark.parametrize("kind", ["Emergency", "Secondary"])
def test_emergency_contacts_changes_the_type_of_links(scene, kind):
    scene.change("emergency-contacts", count=5, type=kind)
    assert sum(link["type"] == kind for link in scene.relationships()) >= 5


def test_many_guardians_gives_so_many_students_six(scene):
    scene.change("many-guardians", students=3, guardians=6)
    students = [link["student"] for link in scene.relationships()]
    assert sum(students.count(student) >= 6 for student in set(students)) == 3


@pytest.mark.parametrize(
    ("how", "is_broken"),
    [
        ("type", lambda record: record.get("name") == 7),
        ("missing-id", lambda record: "id" not in record),
        ("missing-name", lambda record: "name" not in record),
    ],
)
@pytest.mark.parametrize("kind", ["students", "contacts", "sections", "schools"])
def test_malformed_breaks_so_many_records(scene, kind, how, is_broken):
    scene.change("malformed", kind=kind, count=2, how=how)
    records = [decode(body) for bodies in scene.bodies().values() for body in bodies.values()]
    assert sum(is_broken(record) for record in records) == 2


def test_a_returning_student_has_the_same_id(scene):
    before = set(scene.ids("student"))
    scene.change("remove-students", count=1)
    scene.change("return-student")
    assert set(scene.ids("student")) == before


def test_a_student_who_returns_after_300_days_has_a_new_id(scene):
    before = set(scene.ids("student"))
    scene.change("remove-students", count=1)
    scene.change("return-student", new_ids=True)
    assert len(set(scene.ids("student")) - before) == 1


def test_add_students_enrols_them_with_a_guardian_each(scene):
    students, contacts = len(scene.ids("student")), len(scene.ids("contact"))
    scene.change("add-students", count=6)
    assert len(scene.ids("student")) == students + 6
    assert len(scene.ids("contact")) == contacts + 6


def test_add_school_opens_a_school_with_classes(scene):
    before = set(scene.ids("schools"))
    scene.change("add-school", students=30)
    (school,) = set(scene.ids("schools")) - before
    assert [s for s in scene.records("sections") if s["school"] == school]


def test_a_paused_district_stands_still_but_its_sharing_does_not(scene):
    scene.change("pause")
    assert scene.district.info["state"] == "paused"
    with pytest.raises(ChangeError, match="the district is paused"):
        scene.change("edit-names")
    scene.change("remove-school")
    scene.change("resume")
    scene.change("edit-names")


def test_a_hold_at_clever_leaves_last_sync_and_state_pending(scene):
    before = scene.district.info["last_sync"]
    scene.change("hold")
    assert (scene.district.info["state"], scene.district.info["last_sync"]) == ("pending", before)


@pytest.mark.parametrize("name", sorted(set(CHANGES) - {"undo", "resume", "connect"}))
def test_every_change_can_be_taken_back(scene, name):
    if name == "return-student":
        scene.change("remove-students", count=1)
    if name == "restore":
        scene.change("remove-school")
    before = scene.bodies()
    scene.change(name)
    scene.change("undo")
    after = scene.bodies()
    assert after.keys() == before.keys()
    assert all(after[kind].keys() == before[kind].keys() for kind in before)


def test_an_unknown_change_is_refused_with_those_there_are(scene):
    with pytest.raises(ChangeError, match="no change is called 'x'; there are: add-school"):
        scene.change("x")


def test_an_unknown_parameter_is_refused_with_those_taken(scene):
    with pytest.raises(ChangeError, match="remove-school does not take 'x'; it takes: school"):
        scene.change("remove-school", x=1)


def test_a_parameter_that_is_no_number_is_refused(scene):
    with pytest.raises(ChangeError, match="count is 'ten'; it must be a number"):
        scene.change("remove-students", count="ten")


def test_a_refused_change_leaves_all_as_it_was(scene):
    before = scene.bodies()
    with pytest.raises(ChangeError, match="there are only"):
        scene.change("remove-students", count=100_000)
    assert (scene.bodies(), scene.district.history) == (before, [])
