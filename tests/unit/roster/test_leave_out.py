import pytest

from rosterhold.roster.district_settings import GuardianLimit, LeaveOut
from rosterhold.roster.leave_out import leave_out
from rosterhold.roster.snapshot import no_frames

LIMIT = GuardianLimit(6, {})
EMERGENCY = LeaveOut(types=("Emergency",))
CROWDED = LeaveOut(crowded=True)


def left_out(setting, now, before=None, limit=LIMIT):
    baseline = before.frames() if before else no_frames()
    return leave_out(setting, baseline=baseline, snapshot=now.frames(), limit=limit)


def contacts(left):
    return left.snapshot["contacts"].collect()["clever_id"].to_list()


def links(left):
    keys = left.snapshot["guardianships"].select("contact_clever_id", "student_clever_id")
    return sorted(keys.collect().iter_rows())


@pytest.fixture
def student(roster):
    return roster().student("s1")


def test_nothing_is_left_out_without_a_setting(student):
    left = left_out(LeaveOut(), student.guardian("g1", "s1", types=["Emergency"]))
    assert (contacts(left), left.kinds) == (["g1"], ())


@pytest.mark.parametrize(
    ("types", "stays"),
    [
        (["Emergency"], False),
        (["emergency"], False),
        (["", "Emergency"], False),
        (["Emergency", "Primary"], True),
        (["Primary"], True),
        ([""], True),
        ([], True),
    ],
)
def test_a_link_is_left_out_when_it_has_no_type_but_those(student, types, stays):
    left = left_out(EMERGENCY, student.guardian("g1", "s1", types=types))
    assert links(left) == ([("g1", "s1")] if stays else [])


def test_several_types_are_left_out_together(student):
    now = student.guardian("g1", "s1", types=["Emergency", "Secondary"])
    assert links(left_out(LeaveOut(types=("Secondary", "Emergency")), now)) == []


def test_a_contact_that_loses_its_last_link_is_left_out(student):
    now = student.guardian("g1", "s1", types=["Emergency"]).guardian("g2", "s1")
    left = left_out(EMERGENCY, now)
    assert contacts(left) == ["g2"]
    assert (left.contacts, left.guardianships) == (1, 1)
    assert left.kinds == ("contacts", "guardianships")


def test_a_contact_with_another_link_stays(student):
    now = student.student("s2").guardian("g1", "s1", "s2").link("g1", "s1", ["Emergency"])
    left = left_out(EMERGENCY, now)
    assert (contacts(left), links(left)) == (["g1"], [("g1", "s2")])
    assert left.kinds == ("guardianships",)


def test_a_contact_that_never_had_a_link_stays(student):
    now = student.put("contacts", clever_id="g1").guardian("g2", "s1", types=["Emergency"])
    assert contacts(left_out(EMERGENCY, now)) == ["g1"]


@pytest.mark.parametrize(("guardians", "stay"), [(5, 5), (6, 0), (7, 0)])
def test_new_guardians_of_a_crowded_student_are_left_out(student, guardians, stay):
    assert len(links(left_out(CROWDED, student.guardians(guardians, "s1")))) == stay


def test_guardians_in_the_roster_stay(student):
    before = student.later().guardians(3, "s1")
    left = left_out(CROWDED, student.guardians(7, "s1"), before)
    assert contacts(left) == ["g0", "g1", "g2"]


def test_a_guardian_in_the_roster_stays_under_a_new_clever_id(student):
    before = student.later().guardian("g1", "s1", last_name="Ann Lee", email="a@x.org")
    now = before.later().renames("contacts", "g1", "g1-new").guardians(6, "s1", prefix="new")
    assert contacts(left_out(CROWDED, now, before)) == ["g1-new"]


def test_guardians_stay_when_the_student_has_a_new_clever_id(student):
    before = student.later().guardians(7, "s1")
    now = before.later().renames("students", "s1", "z1")
    assert len(links(left_out(CROWDED, now, before))) == 7


def test_links_left_out_by_type_do_not_crowd(student):
    now = student.guardians(5, "s1").guardian("e1", "s1", types=["Emergency"])
    left = left_out(LeaveOut(types=("Emergency",), crowded=True), now)
    assert len(links(left)) == 5


def test_a_school_has_a_limit_of_its_own(student):
    now = student.guardians(3, "s1")
    assert links(left_out(CROWDED, now, limit=GuardianLimit(6, {"Lincoln": 3}))) == []
    assert len(links(left_out(CROWDED, now, limit=GuardianLimit(6, {"Lincoln": 4})))) == 3
