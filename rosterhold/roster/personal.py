"""Which columns tell of a person, and are blanked when a removed record is to be forgotten."""

from typing import Final

from rosterhold.roster.kinds import GUARDIANSHIPS, KINDS, SCHOOLS, Kind
from rosterhold.roster.references import LIST_REFERENCES, REFERENCES

_ELSEWHERE: Final = {
    SCHOOLS.name: ("principal_name", "principal_email"),
    GUARDIANSHIPS.name: ("types", "relationships"),
}


def _personal(kind: Kind) -> tuple[str, ...]:
    """Of people everything but where they belong: the numbers that schools give them too."""
    places = {*REFERENCES, *LIST_REFERENCES}
    if kind.people:
        return tuple(column for column in kind.columns if column not in places)
    return _ELSEWHERE.get(kind.name, ())


# Kind name → its personal columns, for the kinds that have any. Clever's id is in none.
PERSONAL: Final = {name: _personal(kind) for name, kind in KINDS.items() if _personal(kind)}
