"""Who belongs to what: the lists behind the sub-resources, worked out when first asked for."""

from collections import defaultdict
from functools import cached_property

from rosterhold.simulator.records import ROLES, Table, section_place, user_place


class Relations:
    """Reads the tables of a district as they are now; a change of the data needs a new one."""

    def __init__(self, tables: dict[str, Table], roles: dict[str, list[str]] | None = None) -> None:
        self._tables = tables
        if roles is not None:
            self.__dict__["roles"] = roles

    @cached_property
    def roles(self) -> dict[str, list[str]]:
        """Give the ids of the users of each role, rising."""
        found: dict[str, list[str]] = {role: [] for role in ROLES}
        users = self._tables["users"]
        for identifier in users.ids():
            places = user_place(users.bodies[identifier]).roles
            for role in ROLES:
                if getattr(places, role) is not None:
                    found[role].append(identifier)
        return found

    @cached_property
    def users_of_school(self) -> dict[str, list[str]]:
        return self._users_by_school[0]

    @cached_property
    def primary_users_of_school(self) -> dict[str, list[str]]:
        return self._users_by_school[1]

    @cached_property
    def schools_of_user(self) -> dict[str, list[str]]:
        return _turned(self.users_of_school)

    @cached_property
    def sections_of_school(self) -> dict[str, list[str]]:
        return self._sections_by("school")

    @cached_property
    def sections_of_course(self) -> dict[str, list[str]]:
        return self._sections_by("course")

    @cached_property
    def sections_of_term(self) -> dict[str, list[str]]:
        return self._sections_by("term_id")

    @cached_property
    def users_of_section(self) -> dict[str, list[str]]:
        """Give students and teachers of each section; ids that are not shared are left out."""
        sections, users = self._tables["sections"], self._tables["users"]
        found = {}
        for identifier in sections.ids():
            place = section_place(sections.bodies[identifier])
            members = {*place.students, *place.teachers}
            found[identifier] = sorted(member for member in members if member in users)
        return found

    @cached_property
    def sections_of_user(self) -> dict[str, list[str]]:
        return _turned(self.users_of_section)

    @cached_property
    def students_of_contact(self) -> dict[str, list[str]]:
        users = self._tables["users"]
        found = {}
        for identifier in users.ids():
            students = user_place(users.bodies[identifier]).students()
            if students:
                found[identifier] = sorted(student for student in students if student in users)
        return found

    @cached_property
    def contacts_of_student(self) -> dict[str, list[str]]:
        return _turned(self.students_of_contact)

    def students_of_user(self, user: str) -> list[str]:
        """Name the students of a contact, or those a teacher meets in a section."""
        if user in self.students_of_contact:
            return self.students_of_contact[user]
        return self._classmates(user, "student")

    def teachers_of_student(self, student: str) -> list[str]:
        return self._classmates(student, "teacher")

    def courses_of_school(self, school: str) -> list[str]:
        return self._named_by_sections(school, "courses")

    def terms_of_school(self, school: str) -> list[str]:
        return self._named_by_sections(school, "terms")

    def schools_of_sections(self, sections: list[str]) -> list[str]:
        """Name the shared schools that hold these sections."""
        bodies, schools = self._tables["sections"].bodies, self._tables["schools"]
        found = {section_place(bodies[section]).school for section in sections}
        return sorted(school for school in found if school in schools)

    def _named_by_sections(self, school: str, kind: str) -> list[str]:
        bodies, table = self._tables["sections"].bodies, self._tables[kind]
        found = set()
        for section in self.sections_of_school.get(school, []):
            place = section_place(bodies[section])
            named = place.course if kind == "courses" else place.term_id
            if named and named in table:
                found.add(named)
        return sorted(found)

    def _classmates(self, user: str, role: str) -> list[str]:
        wanted = self._role_sets[role]
        found: set[str] = set()
        for section in self.sections_of_user.get(user, []):
            found.update(m for m in self.users_of_section[section] if m in wanted)
        found.discard(user)
        return sorted(found)

    @cached_property
    def _role_sets(self) -> dict[str, set[str]]:
        return {role: set(ids) for role, ids in self.roles.items()}

    @cached_property
    def _users_by_school(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        users = self._tables["users"]
        every: dict[str, list[str]] = defaultdict(list)
        primary: dict[str, list[str]] = defaultdict(list)
        for identifier in users.ids():
            place = user_place(users.bodies[identifier])
            for school in place.schools():
                every[school].append(identifier)
            main = place.roles.student or place.roles.teacher
            if main is not None and main.school:
                primary[main.school].append(identifier)
        return dict(every), dict(primary)

    def _sections_by(self, field: str) -> dict[str, list[str]]:
        sections = self._tables["sections"]
        found: dict[str, list[str]] = defaultdict(list)
        for identifier in sections.ids():
            named = getattr(section_place(sections.bodies[identifier]), field)
            if named:
                found[named].append(identifier)
        return dict(found)


def _turned(lists: dict[str, list[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = defaultdict(list)
    for key, values in lists.items():
        for value in values:
            turned[value].append(key)
    return {key: sorted(values) for key, values in turned.items()}
