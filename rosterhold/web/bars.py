"""Pictures of what was found against its limit: the numbers of a bar, drawn by the template."""

from dataclasses import dataclass
from typing import Final

from rosterhold.adapters.database.views import FindingView

WIDTH: Final = 100.0
_ROOM_BESIDE: Final = 1.1


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of WIDTH.

    Attributes:
        filled: how far it is filled.
        limit: where the limit's line stands; None without a limit.
        label: the same in words.
    """

    filled: float
    limit: float | None
    label: str


def bar(finding: FindingView) -> Bar | None:
    """The bar of a finding; None for one that has nothing to compare.

    A finding's measure is a share when its limit is at most 1, else a count.
    """
    if finding.limit is None:
        if finding.of <= 0:
            return None
        share = min(finding.records / finding.of, 1.0)
        return Bar(WIDTH * share, None, f"{finding.records:,} of {finding.of:,}")
    if finding.limit <= 1:
        return Bar(
            WIDTH * min(finding.measured, 1.0),
            WIDTH * finding.limit,
            f"{finding.records:,} of {finding.of:,}: {_percent(finding.measured)}, "
            f"the limit is {_percent(finding.limit)}",
        )
    whole = max(finding.measured, finding.limit) * _ROOM_BESIDE
    return Bar(
        WIDTH * finding.measured / whole,
        WIDTH * finding.limit / whole,
        f"{finding.measured:,.0f}, the limit is {finding.limit:,.0f}",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0") + " %"
