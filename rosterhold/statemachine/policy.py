"""Limits and switches of the rules. The nearest setting wins: school, district, default."""

from collections.abc import Mapping
from typing import Final

import msgspec

from rosterhold.roster.district_settings import GuardianLimit

MAX_REMOVED_SHARE: Final = 0.10
MIN_REMOVED_RECORDS: Final = 5
MAX_REMOVED_PEOPLE: Final = 2_500
MAX_REIDENTIFIED_SHARE: Final = 0.10
MIN_GUARDIANS_HELD: Final = 6
HELD_CONTACT_TYPES: Final = ("Emergency", "Secondary")
MAX_INVALID_SHARE: Final = 0.01


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The limits that hold for one place (a district, or one of its schools).

    Shares are 0.0 to 1.0. A limit is passed when the measured value is *greater*, but for
    `min_removed_records` and `min_guardians_held`, which are reached at the number itself.
    """

    max_removed_share: float = MAX_REMOVED_SHARE
    min_removed_records: int = MIN_REMOVED_RECORDS
    max_removed_people: int = MAX_REMOVED_PEOPLE
    max_reidentified_share: float = MAX_REIDENTIFIED_SHARE
    min_guardians_held: int = MIN_GUARDIANS_HELD
    held_contact_types: tuple[str, ...] = HELD_CONTACT_TYPES
    max_invalid_share: float = MAX_INVALID_SHARE


class Policies(msgspec.Struct, frozen=True):
    """The policy of a district and of those of its schools that have settings of their own."""

    district: Policy = Policy()
    schools: Mapping[str, Policy] = {}

    def of_school(self, clever_id: str) -> Policy:
        return self.schools.get(clever_id, self.district)

    def guardian_limit(self) -> GuardianLimit:
        """From how many guardians on a student has too many, wherever he is."""
        own = {school: policy.min_guardians_held for school, policy in self.schools.items()}
        return GuardianLimit(self.district.min_guardians_held, own)


class PolicyError(ValueError):
    """Raised when a limit has no such name or not such a value; the text names it."""


def policies(
    district: Mapping[str, object], schools: Mapping[str, Mapping[str, object]]
) -> Policies:
    """Build the policies from the settings of a district and of its schools.

    Raises:
        PolicyError: a setting is unknown or has the wrong type.
    """
    try:
        return Policies(
            district=msgspec.convert(dict(district), Policy),
            schools={
                school: msgspec.convert({**district, **settings}, Policy)
                for school, settings in schools.items()
            },
        )
    except msgspec.ValidationError as error:
        raise PolicyError(f"policy: {error}") from error
