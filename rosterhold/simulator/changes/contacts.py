"""Guardians: their ids, their links to students, and who is more than a district can send."""

from rosterhold.simulator.changes.registry import ChangeError, Edit, change
from rosterhold.simulator.records import Record, user_place


def put_contact(edit: Edit, before: Record, after: Record) -> None:
    """Put an edited contact in place, under a new id where Clever gives one.

    A contact with a sis_id keeps its id. One without gets a new id at any change of its data
    (Clever, Contacts and Guardians), or, by the other setting, when its name and reach change.
    """
    if _keeps_id(edit, before, after):
        edit.put("users", after)
        return
    edit.users.pop(before["id"])
    edit.put("users", {**after, "id": edit.new_id(), "created": edit.stamp})


def _keeps_id(edit: Edit, before: Record, after: Record) -> bool:
    old, new = before["roles"]["contact"], after["roles"]["contact"]
    if old.get("sis_id") or new.get("sis_id"):
        return bool(old.get("sis_id") == new.get("sis_id"))
    if edit.behaviour.contact_identity == "name-and-reach":
        return _identity(before) == _identity(after)
    return False


def _identity(record: Record) -> tuple[object, ...]:
    role = record["roles"]["contact"]
    name = str(record.get("name"))
    if record.get("email"):
        return name, record["email"]
    if role.get("phone"):
        return name, role["phone"]
    links = role.get("student_relationships", [])
    kinds = tuple((link.get("type"), link.get("relationship")) for link in links)
    return name, role.get("phone_type"), kinds


@change("rekey-contacts", "edit contacts: without a sis_id each gets a new id (count or share)")
def rekey_contacts(edit: Edit, *, count: int | None = None, share: float | None = None) -> None:
    contacts = edit.district.ids_of("contact")
    for before in edit.each("users", edit.some(contacts, count=count, share=share, default=0.25)):
        phone = f"(555) 555-{edit.rng.randrange(10_000):04d}"
        role = {**before["roles"]["contact"], "phone": phone, "phone_type": "Cell"}
        put_contact(edit, before, {**before, "roles": {"contact": role}})


@change("introduce-contact-sis-ids", "give every contact a sis_id: all get new ids at once")
def introduce_contact_sis_ids(edit: Edit) -> None:
    for number, before in enumerate(edit.each("contact"), start=1):
        role = {**before["roles"]["contact"]}
        role["sis_id"] = role.get("sis_id") or f"P{number}"
        after = {**before, "roles": {"contact": role}}
        if edit.behaviour.contact_sis_ids_give_new_ids:
            edit.users.pop(before["id"])
            after |= {"id": edit.new_id(), "created": edit.stamp}
        edit.put("users", after)


@change("emergency-contacts", "let links to students become Emergency, or type=Secondary")
def emergency_contacts(
    edit: Edit,
    *,
    count: int | None = None,
    share: float | None = None,
    type: str = "Emergency",  # noqa: A002 - the API's own name of the field
) -> None:
    if type not in {"Emergency", "Secondary"}:
        raise ChangeError(f"type is '{type}'; it must be Emergency or Secondary")
    contacts = edit.district.ids_of("contact")
    for before in edit.each("users", edit.some(contacts, count=count, share=share, default=0.1)):
        links = before["roles"]["contact"]["student_relationships"]
        changed = [{**link, "type": type} for link in links]
        role = {**before["roles"]["contact"], "student_relationships": changed}
        put_contact(edit, before, {**before, "roles": {"contact": role}})


@change("many-guardians", "give students more guardians than is usual (six or more)")
def many_guardians(
    edit: Edit, *, students: int = 5, guardians: int = 6, school: str | None = None
) -> None:
    if guardians < 1:
        raise ChangeError(f"guardians is {guardians}; it must be 1 or more")
    chosen = edit.some(edit.of_school("student", school), count=students, share=None, default=0.1)
    has = dict.fromkeys(chosen, 0)
    for contact in edit.district.ids_of("contact"):
        for student in user_place(edit.users.bodies[contact]).students():
            if student in has:
                has[student] += 1
    maker = edit.maker()
    for student, present in has.items():
        for _ in range(guardians - present):
            edit.put("users", maker.contact(students=[student]))
