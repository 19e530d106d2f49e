"""Lists and records below a record."""


def school_of(district, student):
    return district.tables["users"].get(student)["roles"]["student"]["school"]


def test_the_users_of_a_school_can_be_asked_for_by_role(clever, district):
    school = district.tables["schools"].ids()[0]
    teachers = clever.all(f"/v3.0/schools/{school}/users?role=teacher")
    assert teachers
    assert all(school in teacher["roles"]["teacher"]["schools"] for teacher in teachers)


def test_primary_leaves_out_who_has_another_main_school(clever, district):
    school = district.tables["schools"].ids()[0]
    students = clever.all(f"/v3.0/schools/{school}/users?role=student&primary=true&limit=500")
    assert {student["roles"]["student"]["school"] for student in students} == {school}


def test_contacts_and_students_find_each_other(clever, district):
    contact = clever.get("/v3.0/users?role=contact&limit=1").json["data"][0]["data"]
    links = contact["roles"]["contact"]["student_relationships"]
    students = [student["id"] for student in clever.all(f"/v3.0/users/{contact['id']}/mystudents")]
    assert students == sorted(link["student"] for link in links)
    back = clever.all(f"/v3.0/users/{students[0]}/myContacts")
    assert contact["id"] in [user["id"] for user in back]


def test_a_single_student_links_to_contacts_and_teachers(clever, district):
    uri = f"/v3.0/users/{district.ids_of('student')[0]}"
    assert clever.get(uri).links == {
        "self": uri,
        "district": f"{uri}/district",
        "sections": f"{uri}/sections",
        "schools": f"{uri}/schools",
        "myContacts": f"{uri}/myContacts",
        "myTeachers": f"{uri}/myTeachers",
    }


def test_the_course_of_a_section_names_the_course_as_self(clever, district):
    section = district.tables["sections"].get(district.tables["sections"].ids()[0])
    reply = clever.get(f"/v3.0/sections/{section['id']}/course")
    assert reply.links["self"] == f"/v3.0/courses/{section['course']}"


def test_a_course_that_is_not_shared_is_404(clever, district):
    section = district.tables["sections"].get(district.tables["sections"].ids()[0])
    district.tables["courses"].pop(section["course"])
    assert clever.get(f"/v3.0/sections/{section['id']}/course").status == 404


def test_terms_have_plain_dates_and_those_of_a_school_have_times(clever, district):
    school = district.tables["schools"].ids()[0]
    plain = clever.get("/v3.0/terms").json["data"][0]["data"]["start_date"]
    timed = clever.get(f"/v3.0/schools/{school}/terms").json["data"][0]["data"]["start_date"]
    assert (plain, len(timed)) == ("2025-08-18", len("2025-08-18T00:00:00.000Z"))


def test_resources_are_answered_as_recorded(clever):
    assert clever.get("/v3.0/resources").json == {"resources": []}


def test_version_3_1_is_served_with_its_own_uris(clever):
    assert clever.get("/v3.1/schools").json["data"][0]["uri"].startswith("/v3.1/schools/")
