"""What a district sets and the pure functions of a roster go by.

Without Polars: the commands read these settings with a district and never look at a frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardianLimit:
    """From how many guardians on a student has too many: in a district, and in some schools."""

    district: int
    schools: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Which contacts a district wants left out.

    Attributes:
        types: a link to a student is left out when it has a type, and has none but these
            (compared without regard to case).
        crowded: for a student with too many guardians, links that are not in the roster yet are
            left out. Guardians in the roster stay: nobody chooses by guess whose guardian gets
            access.
    """

    types: tuple[str, ...] = ()
    crowded: bool = False
