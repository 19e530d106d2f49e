"""Changes after which the same person or class has another Clever id."""

from rosterhold.simulator.changes.registry import ChangeError, Edit, change
from rosterhold.simulator.names import LAST
from rosterhold.simulator.records import Record, section_place, user_place

REKEYED = {
    "students": "student",
    "teachers": "teacher",
    "sections": "sections",
}


@change("rekey", "change sis_ids, which gives new Clever ids (of=students, teachers, sections)")
def rekey(
    edit: Edit, *, of: str = "students", count: int | None = None, share: float | None = None
) -> None:
    """Give new ids to a share (0.5 by default) of a kind; whoever names them follows."""
    if of not in REKEYED:
        raise ChangeError(f"of is '{of}'; it must be one of: {', '.join(REKEYED)}")
    kind = REKEYED[of]
    chosen = edit.some(edit.district.ids_of(kind), count=count, share=share, default=0.5)
    if kind == "sections":
        for record in edit.each("sections", chosen):
            edit.sections.pop(record["id"])
            edit.put("sections", _renewed(edit, record, record))
        return
    new_ids = {}
    for record in edit.each("users", chosen):
        roles = {**record["roles"], kind: dict(record["roles"][kind])}
        renewed = _renewed(edit, {**record, "roles": roles}, roles[kind])
        new_ids[record["id"]] = renewed["id"]
        edit.users.pop(record["id"])
        edit.put("users", renewed)
    follow_users(edit, new_ids)


def _renewed(edit: Edit, record: Record, holder: Record) -> Record:
    holder["sis_id"] = f"N-{holder.get('sis_id', '')}"
    return {**record, "id": edit.new_id(), "created": edit.stamp}


def follow_users(edit: Edit, new_ids: dict[str, str]) -> None:
    """Let sections and contacts name people by their new ids."""
    moved = set(new_ids)
    sections, users = edit.sections, edit.users
    for identifier in list(sections.ids()):
        place = section_place(sections.bodies[identifier])
        if moved.isdisjoint(place.students) and moved.isdisjoint(place.teachers):
            continue
        record = sections.get(identifier)
        record["students"] = list(dict.fromkeys(new_ids.get(s, s) for s in place.students))
        record["teachers"] = list(dict.fromkeys(new_ids.get(t, t) for t in place.teachers))
        record["teacher"] = new_ids.get(record.get("teacher", ""), record.get("teacher"))
        edit.put("sections", record)
    for identifier in edit.district.ids_of("contact"):
        if moved.isdisjoint(user_place(users.bodies[identifier]).students()):
            continue
        record = users.get(identifier)
        for link in record["roles"]["contact"]["student_relationships"]:
            link["student"] = new_ids.get(link["student"], link["student"])
        edit.put("users", record)


@change("employee-email", "change e-mails of employees (way=change, split or merge)")
def employee_email(edit: Edit, *, way: str = "change", count: int = 1) -> None:
    """Change e-mails, by which Clever tells employees apart.

    `split` makes two users of one with two roles, `merge` one of a teacher and a staff member.
    """
    ways = {"change": _change_mail, "split": _split, "merge": _merge}
    if way not in ways:
        raise ChangeError(f"way is '{way}'; it must be one of: {', '.join(ways)}")
    if count < 1:
        raise ChangeError(f"count is {count}; it must be 1 or more")
    ways[way](edit, count)


def _change_mail(edit: Edit, count: int) -> None:
    for record in edit.each("users", _enough(edit.district.ids_of("teacher"), count, "teachers")):
        last = edit.rng.choice(LAST).lower()
        record["email"] = f"{last}.{record['id'][-6:]}@example.org"
        edit.put("users", record)


def _split(edit: Edit, count: int) -> None:
    both = [i for i in edit.district.ids_of("teacher") if _has_staff_role(edit, i)]
    for record in edit.each("users", _enough(both, count, "teachers who are staff as well")):
        staff = record["roles"].pop("staff")
        edit.put("users", record)
        edit.put(
            "users",
            {
                **record,
                "id": edit.new_id(),
                "created": edit.stamp,
                "last_modified": edit.stamp,
                "email": f"staff.{record['id'][-6:]}@example.org",
                "roles": {"staff": staff},
            },
        )


def _merge(edit: Edit, count: int) -> None:
    teachers = [i for i in edit.district.ids_of("teacher") if not _has_staff_role(edit, i)]
    staff = [i for i in edit.district.ids_of("staff") if not _has_teacher_role(edit, i)]
    for teacher_id, staff_id in zip(
        _enough(teachers, count, "teachers"), _enough(staff, count, "staff"), strict=True
    ):
        teacher, other = edit.users.get(teacher_id), edit.users.get(staff_id)
        teacher["roles"] |= other["roles"]
        edit.users.pop(staff_id)
        edit.put("users", teacher)


def _enough(found: list[str], count: int, what: str) -> list[str]:
    if count > len(found):
        raise ChangeError(f"count is {count}, but there are only {len(found)} {what}")
    return found[:count]


def _has_staff_role(edit: Edit, identifier: str) -> bool:
    return user_place(edit.users.bodies[identifier]).roles.staff is not None


def _has_teacher_role(edit: Edit, identifier: str) -> bool:
    return user_place(edit.users.bodies[identifier]).roles.teacher is not None
