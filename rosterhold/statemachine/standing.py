"""How a school stands, for whoever looks at the whole district."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.reasons import Reason


class Standing(StrEnum):
    """What is said beside a school."""

    CONNECTED = "connected"
    ON_HOLD = "on_hold"
    NOT_CONNECTED = "not_connected"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What of a district's open sync is on hold.

    Attributes:
        state: of the open sync; None without one.
        reasons: the open reasons.
        schools: the Clever ids of the schools that lose a record or are named by a finding.
        whole_district: whether a finding of configuration is about no school in particular.
    """

    state: SyncState | None = None
    reasons: Collection[Reason] = ()
    schools: Collection[str] = ()
    whole_district: bool = False

    @property
    def is_on_hold(self) -> bool:
        return self.state is not None and self.state.is_on_hold


def standing_of(school: str, waiting: Waiting, *, is_shared: bool) -> Standing:
    """How one school stands.

    Args:
        school: its Clever id.
        waiting: what is on hold in its district.
        is_shared: whether the school is in the roster as applied last.
    """
    if not is_shared:
        return Standing.NOT_CONNECTED
    if not waiting.is_on_hold:
        return Standing.CONNECTED
    if Reason.DISCONNECTED in waiting.reasons:
        return Standing.NOT_CONNECTED
    concerned = school in waiting.schools or waiting.whole_district
    return Standing.ON_HOLD if concerned else Standing.CONNECTED
