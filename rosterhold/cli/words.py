"""What the words of a command stand for: a district, a sync; and how long ago something was."""

from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database import districts, views
from rosterhold.adapters.database.districts import DistrictRow
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.cli.output import CliError

FROM_WHERE: Final = "command line"


def the_district(conn: sa.Connection, word: str) -> DistrictRow:
    """The district with this id, ours or Clever's."""
    district = districts.find(conn, word)
    if district is None:
        raise CliError(f"there is no district {word!r}; `rosterhold district list` shows them")
    return district


def the_sync(conn: sa.Connection, word: str) -> SyncRow:
    """The sync with this id, or the open or last one of the district with this id."""
    sync = views.find_sync(conn, word)
    if sync is None:
        if districts.find(conn, word) is not None:
            raise CliError(f"the district {word!r} has had no sync yet")
        raise CliError(f"there is no sync and no district {word!r}")
    return sync


def ago(then: datetime | None) -> str:
    """How long ago, in words of one unit."""
    if then is None:
        return "-"
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
