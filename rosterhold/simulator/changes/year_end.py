"""The end of a school year: grades go up, seniors leave, classes are made anew."""

from rosterhold.simulator.changes.people import grades_of, leave_contacts, open_classes
from rosterhold.simulator.changes.registry import Edit, change
from rosterhold.simulator.people import GRADES
from rosterhold.simulator.records import user_place

LAST_GRADES = ("12", "13", "PostGraduate")


@change("year-end", "begin a new school year: new sections, terms, courses; seniors leave")
def year_end(edit: Edit) -> None:
    """Move each student up; who has outgrown the school goes to one that has the grade."""
    homes = _schools_by_grade(edit)
    leaving: set[str] = set()
    rosters: dict[str, dict[str, list[str]]] = {}
    for record in edit.each("student"):
        role = record["roles"]["student"]
        if role.get("grade") in LAST_GRADES:
            leaving.add(record["id"])
            continue
        grade = role["grade"] = _next_grade(role.get("grade", ""))
        schools = homes.get(grade, [])
        if schools and role.get("school") not in schools:
            role["school"] = edit.rng.choice(schools)
            role["schools"] = [role["school"]]
        edit.put("users", record)
        rosters.setdefault(role.get("school", ""), {}).setdefault(grade, []).append(record["id"])
    leave_contacts(edit, leaving)
    edit.remove("users", sorted(leaving))
    for kind in ("sections", "courses", "terms"):
        edit.remove(kind, list(edit.district.tables[kind].ids()))
    open_classes(edit, rosters, _teachers_by_school(edit))


def _next_grade(grade: str) -> str:
    if grade in GRADES[:-1]:
        return GRADES[GRADES.index(grade) + 1]
    early = ("InfantToddler", "Preschool", "PreKindergarten", "TransitionalKindergarten")
    return GRADES[0] if grade in early[2:] else grade


def _schools_by_grade(edit: Edit) -> dict[str, list[str]]:
    homes: dict[str, list[str]] = {}
    for school in edit.district.tables["schools"]:
        for grade in grades_of(edit, school):
            homes.setdefault(grade, []).append(school)
    return homes


def _teachers_by_school(edit: Edit) -> dict[str, list[str]]:
    teachers: dict[str, list[str]] = {}
    for identifier in edit.district.ids_of("teacher"):
        place = user_place(edit.users.bodies[identifier]).roles.teacher
        if place is not None and place.school:
            teachers.setdefault(place.school, []).append(identifier)
    return teachers
