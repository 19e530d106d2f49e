"""What Clever holds, read from the simulator's own records, against the roster as applied."""

from collections.abc import Iterator

import sqlalchemy as sa

from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.config.wiring import Services
from rosterhold.simulator.district import District
from rosterhold.simulator.world import World

ROLES = {
    "students": "student",
    "teachers": "teacher",
    "staff": "staff",
    "district_admins": "district_admin",
    "contacts": "contact",
}
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


def of_roster(conn: sa.Connection, district_id: str) -> dict[str, set[tuple[str, ...]]]:
    found: dict[str, set[tuple[str, ...]]] = {}
    for kind in (*PLAIN, *ROLES):
        table = ROSTER[kind]
        value = table.c.name if kind in PLAIN else table.c.last_name
        query = sa.select(table.c.clever_id, value)
        found[kind] = _rows(conn, query, table, district_id)
    for kind, (first, second) in {
        "enrolments": ("section", "student"),
        "guardianships": ("contact", "student"),
    }.items():
        table = ROSTER[kind]
        one, other = ROSTER[f"{first}s"].alias("one"), ROSTER[f"{second}s"].alias("other")
        query = (
            sa.select(one.c.clever_id, other.c.clever_id)
            .select_from(table)
            .join(one, one.c.id == table.c[f"{first}_id"])
            .join(other, other.c.id == table.c[f"{second}_id"])
        )
        found[kind] = _rows(conn, query, table, district_id)
    return found


def _rows(
    conn: sa.Connection, query: sa.Select[tuple[str, str]], table: sa.Table, district_id: str
) -> set[tuple[str, ...]]:
    own = query.where(table.c.district_id == district_id, table.c.active)
    return {tuple(row) for row in conn.execute(own)}


def differences(services: Services, world: World) -> Iterator[str]:
    """How rosters differ from Clever, where every district has just been synced to the end.

    A district that leaves contacts out is compared without them.
    """
    with services.database.reading() as conn:
        rows = conn.execute(
            sa.text("SELECT id, clever_id, leave_out_types, leave_out_crowds FROM districts")
        ).all()
        for row in rows:
            wanted, found = of_clever(world.districts[row.clever_id]), of_roster(conn, row.id)
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
