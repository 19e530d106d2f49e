"""Pictures of what was found against its limit: the numbers of a bar, drawn by the template."""

from dataclasses import dataclass
from typing import Final

from rosterhold.adapters.database.views import FindingView
from rosterhold.roster.language import ENGLISH, N_, Language

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


def bar(finding: FindingView, language: Language = ENGLISH) -> Bar | None:
    """The bar of a finding; None for one that has nothing to compare.

    A finding's measure is a share when its limit is at most 1, else a count.
    """
    share_of = language.say(
        N_("{records} of {of}"),
        records=language.number(finding.records),
        of=language.number(finding.of),
    )
    if finding.limit is None:
        if finding.of <= 0:
            return None
        return Bar(WIDTH * min(finding.records / finding.of, 1.0), None, share_of)
    if finding.limit <= 1:
        label = language.say(
            N_("{records_of}: {measured}, the limit is {limit}"),
            records_of=share_of,
            measured=_percent(finding.measured),
            limit=_percent(finding.limit),
        )
        return Bar(WIDTH * min(finding.measured, 1.0), WIDTH * finding.limit, label)
    whole = max(finding.measured, finding.limit) * _ROOM_BESIDE
    label = language.say(
        N_("{measured}, the limit is {limit}"),
        measured=language.number(round(finding.measured)),
        limit=language.number(round(finding.limit)),
    )
    return Bar(WIDTH * finding.measured / whole, WIDTH * finding.limit / whole, label)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0") + "\N{NO-BREAK SPACE}%"
