"""What Clever says of a district before any of its records are read."""

from dataclasses import dataclass

from rosterhold.adapters.clever.client import CleverClient, Grant
from rosterhold.adapters.clever.errors import NotFoundError, OutOfScopeError
from rosterhold.adapters.clever.outcome import DistrictFacts


@dataclass(frozen=True, slots=True)
class Description:
    """A district: who it is and how large; None for a size that the grant does not show."""

    facts: DistrictFacts
    schools: int | None
    students: int | None


async def describe(client: CleverClient, grant: Grant) -> Description:
    """Ask who a district is, and count what it shares: three small requests.

    Raises:
        CleverError: Clever does not show the district, or could not be asked.
    """
    facts = DistrictFacts.of(await client.district(grant.district_clever_id, grant))
    schools = await _count(client, grant, "schools")
    students = await _count(client, grant, "users", role="student")
    return Description(facts, schools, students)


async def _count(client: CleverClient, grant: Grant, path: str, **params: str) -> int | None:
    try:
        return await client.count(path, params, grant)
    except (NotFoundError, OutOfScopeError):
        return None
