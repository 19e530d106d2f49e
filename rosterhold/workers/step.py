"""What the steps of a sync have in common."""

from typing import Final

from rosterhold.adapters.database import districts
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.statemachine.chart import SyncState, Work

# The work that a transaction wrote.
Follow = tuple[Written, ...]

# The state in which a piece of work is wanted. In any other one the world moved on without it.
WANTED_IN: Final[dict[Work, SyncState]] = {
    Work.FETCH: SyncState.FETCHING,
    Work.EVALUATE: SyncState.EVALUATING,
    Work.APPLY: SyncState.APPLYING,
    Work.RESUME: SyncState.RESUMED,
}


def district_of(database: Database, sync: SyncRow) -> DistrictRow:
    """The district of a sync.

    Raises:
        LookupError: the row is gone, which nothing in this program does.
    """
    with database.reading() as conn:
        district = districts.find(conn, sync.district_id)
    if district is None:
        raise LookupError(f"no district {sync.district_id}")
    return district
