"""What the district shares with the app: nothing leaves the SIS by these changes."""

from rosterhold.simulator.changes.registry import ChangeError, Edit, change
from rosterhold.simulator.records import KINDS, section_place, user_place


@change("remove-school", "stop sharing a school", touches="sharing")
def remove_school(edit: Edit, *, school: str | None = None) -> None:
    """Withhold a school, its sections, who is only there, and contacts with nobody left.

    Sections of other schools still name the people that are gone.
    """
    gone = edit.school(school)
    users = edit.users
    people, contacts = set(), []
    for identifier in users.ids():
        place = user_place(users.bodies[identifier])
        if place.schools() == {gone}:
            people.add(identifier)
        elif place.roles.contact is not None:
            contacts.append((identifier, place.students()))
    admins = set(edit.district.ids_of("district_admin"))
    people -= admins
    left = [name for name, students in contacts if students and people.issuperset(students)]
    sections = edit.sections
    held = [s for s in sections.ids() if section_place(sections.bodies[s]).school == gone]
    edit.withhold("sections", held)
    edit.withhold("users", [*sorted(people), *left])
    edit.withhold("schools", [gone])


@change("unshare-everything", "stop sharing anything", touches="sharing")
def unshare_everything(edit: Edit) -> None:
    for kind in KINDS:
        edit.withhold(kind, list(edit.district.tables[kind].ids()))


@change("half-load", "show only a part of the district, as while it is loading", touches="sharing")
def half_load(edit: Edit, *, share: float = 0.5) -> None:
    if not 0 <= share < 1:
        raise ChangeError(f"share is {share}; it must be 0 or more and below 1")
    for kind in ("sections", "users"):
        ids = edit.district.tables[kind].ids()
        edit.withhold(kind, ids[round(len(ids) * share) :])


@change("restore", "share again all that was withheld, and let the app in again", touches="sharing")
def restore(edit: Edit) -> None:
    district = edit.district
    access = district.access
    connected = access.granted and access.secure_sync
    if connected and not any(len(table) for table in district.withheld.values()):
        raise ChangeError("nothing is withheld; 'undo' takes back other changes")
    access.generation += not access.granted
    access.granted = access.secure_sync = True
    for kind, table in district.withheld.items():
        for identifier in list(table.ids()):
            district.tables[kind].put(identifier, table.pop(identifier))
