"""Named changes: what can happen to a district's data, its sharing and its connection.

Each change is a function registered by name; `apply_change` runs it, moves the district's
`last_sync`, stamps what was touched and writes the events.
"""

from rosterhold.simulator.changes import (
    connection,
    contacts,
    identity,
    malformed,
    people,
    sharing,
    undo,
    year_end,
)
from rosterhold.simulator.changes.apply import Batch, apply_change, move_last_sync
from rosterhold.simulator.changes.registry import (
    CHANGES,
    Change,
    ChangeError,
    Edit,
    change_named,
)

__all__ = [
    "CHANGES",
    "Batch",
    "Change",
    "ChangeError",
    "Edit",
    "apply_change",
    "change_named",
    "connection",
    "contacts",
    "identity",
    "malformed",
    "move_last_sync",
    "people",
    "sharing",
    "undo",
    "year_end",
]
