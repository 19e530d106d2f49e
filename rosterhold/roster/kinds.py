"""The kinds of record of a roster, and the columns of each.

One table of facts that everything else reads: the Clever adapter fills these columns, snapshots
store them, the change set compares them, the destination's tables have them.

A list of ids (a student's schools, a section's teachers) is one text column that holds a sorted
JSON array, so that two snapshots compare by plain equality and SQL stores need no array type.
"""

from dataclasses import dataclass
from typing import Final

from rosterhold.roster.language import N_


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record.

    Attributes:
        name: plural, snake case; the name of its Parquet file and of its roster table.
        key: the columns that name a record, within a district.
        columns: every other column that is compared and applied, all of them text.
        derived: columns that only serve counting and the report (which school a pair belongs to);
            never compared and never applied.
        people: whether the records are people, to whom the cap by number applies.
        identity: groups of columns, best first; a removed and an added record that agree on one
            whole, non-empty group, and are the only ones to do so, are the same person or class
            under a new Clever id.
        words: how one and how many of them are called in a sentence.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    derived: tuple[str, ...] = ()
    people: bool = False
    identity: tuple[tuple[str, ...], ...] = ()
    words: tuple[str, str] = (N_("record"), N_("records"))

    @property
    def is_pair(self) -> bool:
        """Whether a record only joins two others (an enrolment, a guardianship)."""
        return len(self.key) > 1

    @property
    def all_columns(self) -> tuple[str, ...]:
        return self.key + self.columns + self.derived

    @property
    def has_school(self) -> bool:
        """Whether its records are counted for a school."""
        return "school_clever_id" in self.columns or "school_clever_id" in self.derived


_NAMES: Final = ("first_name", "middle_name", "last_name", "email")
_BIRTH: Final = ("first_name", "last_name", "dob")

SCHOOLS: Final = Kind(
    "schools",
    ("clever_id",),
    (
        "sis_id",
        "name",
        "school_number",
        "state_id",
        "nces_id",
        "low_grade",
        "high_grade",
        "phone",
        "principal_name",
        "principal_email",
    ),
    identity=(("sis_id",), ("school_number",), ("nces_id",)),
    words=(N_("school"), N_("schools")),
)
TERMS: Final = Kind(
    "terms",
    ("clever_id",),
    ("name", "start_date", "end_date"),
    identity=(("name", "start_date", "end_date"),),
    words=(N_("term"), N_("terms")),
)
COURSES: Final = Kind(
    "courses",
    ("clever_id",),
    ("name", "number"),
    identity=(("number", "name"), ("number",)),
    words=(N_("course"), N_("courses")),
)
SECTIONS: Final = Kind(
    "sections",
    ("clever_id",),
    (
        "sis_id",
        "name",
        "school_clever_id",
        "course_clever_id",
        "term_clever_id",
        "teacher_clever_id",
        "teacher_clever_ids",
        "period",
        "section_number",
        "grade",
        "subject",
    ),
    identity=(("sis_id",),),
    words=(N_("class"), N_("classes")),
)
STUDENTS: Final = Kind(
    "students",
    ("clever_id",),
    (
        "sis_id",
        *_NAMES,
        "school_clever_id",
        "school_clever_ids",
        "student_number",
        "state_id",
        "grade",
        "dob",
        "gender",
        "ell_status",
        "graduation_year",
        "username",
    ),
    people=True,
    identity=(("sis_id",), ("state_id",), ("student_number",), _BIRTH),
    words=(N_("student"), N_("students")),
)
TEACHERS: Final = Kind(
    "teachers",
    ("clever_id",),
    (
        "sis_id",
        *_NAMES,
        "school_clever_id",
        "school_clever_ids",
        "teacher_number",
        "state_id",
        "title",
        "username",
    ),
    people=True,
    identity=(("sis_id",), ("state_id",), ("teacher_number",), ("email", "last_name")),
    words=(N_("teacher"), N_("teachers")),
)
STAFF: Final = Kind(
    "staff",
    ("clever_id",),
    ("staff_id", *_NAMES, "school_clever_ids", "title", "department", "username"),
    derived=("school_clever_id",),
    people=True,
    identity=(("staff_id",), ("email", "last_name")),
    words=(N_("staff member"), N_("staff members")),
)
DISTRICT_ADMINS: Final = Kind(
    "district_admins",
    ("clever_id",),
    (*_NAMES, "title"),
    people=True,
    identity=(("email", "last_name"),),
    words=(N_("district administrator"), N_("district administrators")),
)
CONTACTS: Final = Kind(
    "contacts",
    ("clever_id",),
    ("sis_id", *_NAMES, "phone", "phone_type"),
    derived=("school_clever_id", "student_clever_id"),
    people=True,
    # Always with the name: a household shares its e-mail and phone, and another parent must not
    # be taken for the one who left.
    identity=(
        ("sis_id",),
        ("last_name", "email"),
        ("last_name", "phone"),
        ("last_name", "student_clever_id"),
    ),
    words=(N_("guardian"), N_("guardians")),
)
ENROLMENTS: Final = Kind(
    "enrolments",
    ("section_clever_id", "student_clever_id"),
    (),
    derived=("school_clever_id",),
    words=(N_("enrolment"), N_("enrolments")),
)
GUARDIANSHIPS: Final = Kind(
    "guardianships",
    ("contact_clever_id", "student_clever_id"),
    ("types", "relationships"),
    derived=("school_clever_id",),
    words=(N_("guardian-student link"), N_("guardian-student links")),
)

# Schools first, pairs last: the order in which they are applied and shown.
KINDS: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        SCHOOLS,
        TERMS,
        COURSES,
        STUDENTS,
        TEACHERS,
        STAFF,
        DISTRICT_ADMINS,
        CONTACTS,
        SECTIONS,
        ENROLMENTS,
        GUARDIANSHIPS,
    )
}

# What a caller may also say for a kind.
_ALIASES: Final = {
    "staff_member": "staff",
    "enrollment": "enrolments",
    "enrollments": "enrolments",
    "guardian": "contacts",
    "guardians": "contacts",
    "admin": "district_admins",
    "admins": "district_admins",
    "class": "sections",
    "classes": "sections",
}


def kind_named(word: str) -> Kind | None:
    """The kind that a person means by a word: singular, plural, any case, spaces or hyphens."""
    name = word.strip().lower().replace(" ", "_").replace("-", "_")
    for candidate in (name, f"{name}s", _ALIASES.get(name, "")):
        if candidate in KINDS:
            return KINDS[candidate]
    return None
