"""Made-up districts: the same from the same seed, odd as real ones, and harmless."""

from collections import Counter

import pytest

from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.records import decode


def users(district, role):
    table = district.tables["users"]
    return [table.get(identifier) for identifier in district.ids_of(role)]


def guardians(district):
    return Counter(
        link["student"]
        for contact in users(district, "contact")
        for link in contact["roles"]["contact"]["student_relationships"]
    )


def test_the_same_seed_gives_the_same_district_byte_by_byte():
    one, two = generate_district(5, 300), generate_district(5, 300)
    assert [t.bodies for t in one.tables.values()] == [t.bodies for t in two.tables.values()]
    assert one.info == two.info


def test_another_seed_gives_another_district():
    one, two = generate_district(5, 300), generate_district(6, 300)
    assert one.id != two.id
    assert not set(one.tables["users"].bodies) & set(two.tables["users"].bodies)


@pytest.mark.parametrize("people", [10, 11, 25, 100, 999, 5000])
def test_a_district_has_exactly_the_people_asked_for(people):
    assert len(generate_district(1, people).tables["users"]) == people


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match="at least 10 people, not 9"):
        generate_district(1, 9)


def test_ids_are_24_hex_digits_and_rise_in_the_order_of_making():
    ids = list(generate_district(1, 300).tables["users"].bodies)
    assert ids == sorted(ids)
    assert {len(identifier) for identifier in ids} == {24}


@pytest.mark.parametrize("seed", range(5))
def test_no_student_has_more_than_five_guardians(seed):
    assert max(guardians(generate_district(seed, 2000)).values()) <= 5


def test_no_link_is_of_a_type_that_calls_for_a_hold():
    links = {
        link["type"]
        for contact in users(generate_district(1, 3000), "contact")
        for link in contact["roles"]["contact"]["student_relationships"]
    }
    assert links == {"Parent/Guardian", "Primary", "Family", "Other", ""}


def test_most_contacts_have_no_sis_id_and_none_has_a_first_name():
    contacts = users(generate_district(1, 2000), "contact")
    without = [c for c in contacts if c["roles"]["contact"]["sis_id"] == ""]
    assert len(without) > len(contacts) * 0.8
    assert {tuple(contact["name"]) for contact in contacts} == {("last",)}


def test_employees_have_mails_of_their_own():
    district = generate_district(1, 5000)
    mails = [user["email"] for role in ("teacher", "staff") for user in users(district, role)]
    people = {user["id"] for role in ("teacher", "staff") for user in users(district, role)}
    assert len(set(mails)) == len(people)


def test_oddities_of_real_districts_are_there():
    district = generate_district(1, 5000)
    students = users(district, "student")
    roles = [student["roles"]["student"] for student in students]
    assert max(len(student["name"]["first"]) for student in students) >= 84
    assert any("@" not in student["email"] and student["email"] for student in students)
    assert any("dob" not in role for role in roles)
    assert {len(role["schools"]) for role in roles} == {1, 2, 3}
    assert any(len(user["roles"]) == 2 for user in users(district, "teacher"))


def test_sections_name_students_of_other_schools_and_only_known_people():
    district = generate_district(1, 5000)
    home = {s["id"]: s["roles"]["student"]["schools"] for s in users(district, "student")}
    sections = [decode(body) for body in district.tables["sections"].bodies.values()]
    assert any(s["school"] not in home[m] for s in sections for m in s["students"])
    assert all(s["students"] and s["teacher"] in s["teachers"] for s in sections)
    assert {len(str(s["sis_id"])) for s in sections} >= {1, 78}
