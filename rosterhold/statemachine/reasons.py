"""Why a sync can be on hold."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """An open stop of a sync."""

    DISCONNECTED = "disconnected"
    DATA_CONFIGURATION = "data_configuration"
    DATA_REMOVALS = "data_removals"


# The state of a sync names the first of these that is open.
MOST_SEVERE_FIRST: Final = (
    Reason.DISCONNECTED,
    Reason.DATA_CONFIGURATION,
    Reason.DATA_REMOVALS,
)
