"""Limits that a district sets and that the pure functions of a roster go by."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardianLimit:
    """From how many guardians on a student has too many: in a district, and in some schools."""

    district: int
    schools: Mapping[str, int]
