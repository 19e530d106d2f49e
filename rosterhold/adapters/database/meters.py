"""The sums of all processes: each adds what it counted since it last did."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.operation_tables import meters
from rosterhold.adapters.metrics import Count, Meter

# How often a process writes what it counted; a killed one loses so much.
WRITE_EVERY_S: Final = 5.0
_LABELS: Final = msgspec.json.Decoder(tuple[str, ...])


def write(database: Database, meter: Meter) -> None:
    """Add what a process counted to the sums, in one statement; nothing is lost if it fails.

    A statement whose answer is lost may have been done, and is then counted twice.

    Raises:
        SQLAlchemyError: the database is away; the counts are kept for the next time.
    """
    counts = meter.take()
    if not counts:
        return
    # In one order everywhere, so that two processes do not wait for each other's rows.
    rows: list[dict[str, Any]] = [
        {
            "name": key.name,
            "labels": msgspec.json.encode(key.labels).decode(),
            "part": key.part,
            "value": number,
        }
        for key, number in sorted(counts.items())
    ]
    insert: Any = (sqlite if database.is_sqlite else postgresql).insert(meters).values(rows)
    add = insert.on_conflict_do_update(
        index_elements=[meters.c.name, meters.c.labels, meters.c.part],
        set_={"value": meters.c.value + insert.excluded.value},
    )
    try:
        with database.one_statement() as tx:
            tx.conn.execute(add)
    except SQLAlchemyError:
        meter.put_back(counts)
        raise


def sums(conn: sa.Connection) -> Mapping[Count, float]:
    """What all processes have counted, as far as they wrote it."""
    return {
        Count(row.name, _LABELS.decode(row.labels), row.part): row.value
        for row in conn.execute(sa.select(meters))
    }
