"""Students, teachers and schools that come, go and change."""

from rosterhold.simulator.changes.contacts import put_contact
from rosterhold.simulator.changes.registry import ChangeError, Edit, change
from rosterhold.simulator.names import LAST, PLACES
from rosterhold.simulator.people import GRADES
from rosterhold.simulator.records import section_place, user_place
from rosterhold.simulator.timetable import Timetable


def leave_classes(edit: Edit, gone: set[str]) -> None:
    """Take people out of sections.

    A section without students goes; one without teachers gets another teacher.
    """
    sections = edit.sections
    spare = [teacher for teacher in edit.district.ids_of("teacher") if teacher not in gone]
    for identifier in list(sections.ids()):
        place = section_place(sections.bodies[identifier])
        if gone.isdisjoint(place.students) and gone.isdisjoint(place.teachers):
            continue
        record = sections.get(identifier)
        record["students"] = [s for s in place.students if s not in gone]
        record["teachers"] = [t for t in place.teachers if t not in gone]
        if not record["teachers"] and spare:
            record["teachers"] = [edit.rng.choice(spare)]
        if not record["students"] or not record["teachers"]:
            edit.remove("sections", [identifier])
            continue
        if record.get("teacher") not in record["teachers"]:
            record["teacher"] = record["teachers"][0]
        edit.put("sections", record)


def leave_contacts(edit: Edit, gone: set[str]) -> None:
    """Take students out of their contacts; a contact with nobody left goes."""
    for identifier in list(edit.district.ids_of("contact")):
        students = user_place(edit.users.bodies[identifier]).students()
        if gone.isdisjoint(students):
            continue
        if gone.issuperset(students):
            edit.remove("users", [identifier])
            continue
        before = edit.users.get(identifier)
        links = before["roles"]["contact"]["student_relationships"]
        left = [link for link in links if link["student"] not in gone]
        role = {**before["roles"]["contact"], "student_relationships": left}
        put_contact(edit, before, {**before, "roles": {"contact": role}})


@change("remove-students", "let students leave (count or share, of a school or of all)")
def remove_students(
    edit: Edit, *, count: int | None = None, share: float | None = None, school: str | None = None
) -> None:
    students = edit.of_school("student", school)
    gone = set(edit.some(students, count=count, share=share, default=0.15))
    leave_classes(edit, gone)
    leave_contacts(edit, gone)
    edit.remove("users", sorted(gone))


@change("remove-teachers", "let teachers leave (count or share, of a school or of all)")
def remove_teachers(
    edit: Edit, *, count: int | None = None, share: float | None = None, school: str | None = None
) -> None:
    teachers = edit.of_school("teacher", school)
    gone = set(edit.some(teachers, count=count, share=share, default=0.15))
    leave_classes(edit, gone)
    edit.remove("users", sorted(gone))


@change("remove-sections", "close sections (count or share)")
def remove_sections(edit: Edit, *, count: int | None = None, share: float | None = None) -> None:
    edit.remove("sections", edit.some(edit.sections.ids(), count=count, share=share, default=0.15))


@change("edit-names", "give students other last names (count or share)")
def edit_names(edit: Edit, *, count: int | None = None, share: float | None = None) -> None:
    students = edit.district.ids_of("student")
    for record in edit.each("users", edit.some(students, count=count, share=share, default=0.01)):
        old = record["name"]["last"]
        record["name"]["last"] = edit.rng.choice([last for last in LAST if last != old])
        edit.put("users", record)


@change("return-student", "let removed students come back; after 300 days under new ids")
def return_student(edit: Edit, *, count: int = 1, new_ids: bool = False) -> None:
    removed = edit.district.removed["users"]
    students = [i for i in removed.ids() if user_place(removed.bodies[i]).roles.student]
    if not students:
        raise ChangeError("no student has left; 'remove-students' lets some leave")
    if count < 1 or count > len(students):
        raise ChangeError(f"count is {count}; {len(students)} students have left")
    for identifier in students[:count]:
        record = removed.get(identifier)
        removed.pop(identifier)
        if new_ids:
            record["id"] = edit.new_id()
        edit.put("users", record)


@change("add-students", "let new students come, with a guardian each")
def add_students(edit: Edit, *, count: int = 10, school: str | None = None) -> None:
    if count < 1:
        raise ChangeError(f"count is {count}; it must be 1 or more")
    place = edit.school(school)
    sections = edit.district.relations.sections_of_school.get(place, [])
    grades = grades_of(edit, place)
    maker = edit.maker()
    joined: dict[str, list[str]] = {}
    for number in range(count):
        student = maker.student(schools=[place], grade=edit.rng.choice(grades))
        edit.put("users", student)
        edit.put("users", maker.contact(students=[student["id"]], last=student["name"]["last"]))
        if sections:
            joined.setdefault(sections[number % len(sections)], []).append(student["id"])
    for record in edit.each("sections", joined):
        record["students"] = [*record["students"], *joined[record["id"]]]
        edit.put("sections", record)


@change("add-school", "open a school with students, teachers and classes")
def add_school(edit: Edit, *, name: str | None = None, students: int = 60) -> None:
    if students < 1:
        raise ChangeError(f"students is {students}; it must be 1 or more")
    school = edit.new_id()
    number = f"N{school[-6:]}"
    edit.put(
        "schools",
        {
            "id": school,
            "district": edit.district.id,
            "name": name or f"New {edit.rng.choice(PLACES)} School",
            "created": edit.stamp,
            "last_modified": edit.stamp,
            "sis_id": number,
            "school_number": number,
            "low_grade": GRADES[0],
            "high_grade": GRADES[-1],
        },
    )
    maker = edit.maker()
    classes: dict[str, list[str]] = {}
    for place in range(students):
        grade = GRADES[place % len(GRADES)]
        student = maker.student(schools=[school], grade=grade)
        edit.put("users", student)
        edit.put("users", maker.contact(students=[student["id"]], last=student["name"]["last"]))
        classes.setdefault(grade, []).append(student["id"])
    teachers = []
    for _ in range(max(1, students // 15)):
        teacher = maker.teacher(schools=[school])
        edit.put("users", teacher)
        teachers.append(teacher["id"])
    open_classes(edit, {school: classes}, {school: teachers})


def open_classes(
    edit: Edit, rosters: dict[str, dict[str, list[str]]], teachers: dict[str, list[str]]
) -> None:
    number = int(edit.new_id()[-6:], 16)
    timetable = Timetable(
        edit.district.id, edit.rng, edit.district.ids, edit.stamp, edit.now.year, made=number
    )
    timetable.plan(rosters)
    for term in timetable.terms:
        edit.put("terms", term)
    for course in timetable.courses.values():
        edit.put("courses", course)
    for section in timetable.sections(rosters, teachers):
        edit.put("sections", section)


def grades_of(edit: Edit, school: str) -> list[str]:
    record = edit.district.tables["schools"].get(school)
    try:
        low, high = GRADES.index(record["low_grade"]), GRADES.index(record["high_grade"])
    except (KeyError, ValueError):
        return list(GRADES)
    return list(GRADES[low : high + 1]) or list(GRADES)
