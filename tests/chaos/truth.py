"""What Clever holds, read from the simulator's own records, against the roster as applied."""

from collections.abc import Iterator

from chaos.sql import Rows
from rosterhold.simulator.district import District
from rosterhold.simulator.world import World

ROLES = {
    "students": "student",
    "teachers": "teacher",
    "staff": "staff",
    "district_admins": "district_admin",
    "contacts": "contact",
}
PAIRS = {"enrolments": ("section", "student"), "guardianships": ("contact", "student")}
PLAIN = ("schools", "terms", "courses", "sections")


def of_clever(district: District) -> dict[str, set[tuple[str, ...]]]:
    """Kind → records by id, with what tells a changed one; pairs by the ids of both ends."""
    found: dict[str, set[tuple[str, ...]]] = {kind: set() for kind in (*PLAIN, *ROLES)}
    found |= {"enrolments": set(), "guardianships": set()}
    for kind in PLAIN:
        table = district.tables[kind]
        found[kind] = {(key, str(table.get(key).get("name", ""))) for key in table}
    users = district.tables["users"]
    for kind, role in ROLES.items():
        for key in district.ids_of(role):
            found[kind].add((key, str(users.get(key)["name"].get("last", ""))))
    students = set(district.ids_of("student"))
    for key in district.tables["sections"]:
        named = set(district.tables["sections"].get(key).get("students", []))
        found["enrolments"] |= {(key, student) for student in named & students}
    for key in district.ids_of("contact"):
        links = users.get(key)["roles"]["contact"].get("student_relationships", [])
        named = {str(link["student"]) for link in links}
        found["guardianships"] |= {(key, student) for student in named & students}
    return found


def of_roster(rows: Rows, district_id: str) -> dict[str, set[tuple[str, ...]]]:
    queries = {
        kind: f"SELECT p.clever_id AS a, p.{'name' if kind in PLAIN else 'last_name'} AS b "
        f"FROM roster_{kind} p"
        for kind in (*PLAIN, *ROLES)
    }
    for kind, (first, second) in PAIRS.items():
        queries[kind] = (
            f"SELECT a.clever_id AS a, b.clever_id AS b FROM roster_{kind} p "
            f"JOIN roster_{first}s a ON a.id = p.{first}_id "
            f"JOIN roster_{second}s b ON b.id = p.{second}_id"
        )
    own = f" WHERE p.district_id = '{district_id}' AND p.active"
    return {kind: {(row.a, row.b) for row in rows(query + own)} for kind, query in queries.items()}


def differences(rows: Rows, world: World) -> Iterator[str]:
    """How rosters differ from Clever, where every district has just been synced to the end.

    A district that leaves contacts out is compared without them.
    """
    for row in rows("SELECT id, clever_id, leave_out_types, leave_out_crowds FROM districts"):
        wanted, found = of_clever(world.districts[row.clever_id]), of_roster(rows, row.id)
        leaves_out = bool(row.leave_out_types) or row.leave_out_crowds
        for kind, records in wanted.items():
            if leaves_out and kind in {"contacts", "guardianships"}:
                continue
            if records != found[kind]:
                missing, stale = len(records - found[kind]), len(found[kind] - records)
                yield (
                    f"{row.clever_id} {kind}: {missing} of Clever's records are not in the "
                    f"roster, {stale} of the roster's are no longer Clever's"
                )
