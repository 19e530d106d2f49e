"""When a scheduled sync need not read Clever, because it would find what was applied last."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rosterhold.roster.district_settings import LeaveOut
from rosterhold.statemachine.policy import Policies

# The trigger of a sync that the schedule began.
BY_SCHEDULE: Final = "schedule"
# A slot of the schedule that comes a little early still counts as the day's.
_EARLY: Final = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sync that is to read Clever.

    Attributes:
        trigger: what began it.
        fetch_no: 1 for its first fetch.
        was_held: whether it was ever on hold.
        settings: the digest of the settings in force.
    """

    trigger: str
    fetch_no: int
    was_held: bool
    settings: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The sync that was applied last.

    Attributes:
        began_at: when it began, and no later than it read Clever.
        trigger: what began it; one by events did not read Clever fully.
        settings: the digest of the settings that it was judged by; "" where none was kept.
        is_baseline: whether the roster is still what it applied.
    """

    began_at: datetime
    trigger: str
    settings: str
    is_baseline: bool


def may_be_unchanged(
    wanted: Wanted, applied: Applied, *, now: datetime, full_read_days: int, by_events: str
) -> bool:
    """Whether it is enough to ask Clever if its data moved since the last sync was applied.

    Only the first fetch of a sync that the schedule began: what people start or answer, and what
    was on hold, is read fully.

    Args:
        wanted: the sync that is to read Clever.
        applied: the one that was applied last.
        now: the time.
        full_read_days: Clever is read fully at least so often; 0 for always.
        by_events: the trigger of a sync by events.
    """
    is_fresh = now - applied.began_at < timedelta(days=full_read_days) - _EARLY
    return (
        wanted.trigger == BY_SCHEDULE
        and wanted.fetch_no == 1
        and not wanted.was_held
        and applied.is_baseline
        and applied.trigger != by_events
        and bool(applied.settings)
        and applied.settings == wanted.settings
        and is_fresh
    )


def settings_digest(
    policies: Policies,
    leave_out: LeaveOut,
    accepted: Collection[tuple[str, ...]],
    release: str,
) -> str:
    """Name all that says, beside the data, what becomes of them: SHA-256 in hex.

    Args:
        policies: the limits of the district and its schools.
        leave_out: what the district leaves out.
        accepted: rule, kind, key and fact of each record that was accepted.
        release: of this program, whose rules may differ from another one's.
    """
    said = {
        "release": release,
        "policies": msgspec.to_builtins(policies),
        "types": sorted(leave_out.types),
        "crowded": leave_out.crowded,
        "accepted": sorted(accepted),
    }
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
