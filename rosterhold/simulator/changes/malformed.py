"""Records that cannot be read."""

from rosterhold.simulator.changes.registry import ChangeError, Edit, change
from rosterhold.simulator.records import KINDS, ROLES, Record, encode

WAYS = ("type", "missing-id", "missing-name")

PLURALS = {
    "students": "student",
    "teachers": "teacher",
    "contacts": "contact",
    "district_admins": "district_admin",
    "admins": "district_admin",
}


@change("malformed", "break records of a kind (how=mixed, type, missing-id, missing-name)")
def malformed(
    edit: Edit,
    *,
    kind: str = "students",
    count: int | None = None,
    share: float | None = None,
    how: str = "mixed",
) -> None:
    """Break a share (0.05 by default) of a kind; `undo` mends them."""
    named = PLURALS.get(kind, kind)
    if named not in KINDS and named not in ROLES:
        raise ChangeError(f"kind is '{kind}'; it must be one of: {', '.join((*KINDS, *ROLES))}")
    if how != "mixed" and how not in WAYS:
        raise ChangeError(f"how is '{how}'; it must be one of: mixed, {', '.join(WAYS)}")
    table = edit.district.tables["users" if named in ROLES else named]
    chosen = edit.some(edit.district.ids_of(named), count=count, share=share, default=0.05)
    for number, identifier in enumerate(chosen):
        way = WAYS[number % len(WAYS)] if how == "mixed" else how
        table.put(identifier, encode(_broken(table.get(identifier), way)))


def _broken(record: Record, way: str) -> Record:
    if way == "missing-id":
        return {key: value for key, value in record.items() if key != "id"}
    if way == "missing-name":
        return {key: value for key, value in record.items() if key != "name"}
    return {**record, "name": 7, "district": ["not", "a", "text"]}
