"""The rules that put a sync on hold, one in each file, most severe first.

A rule is a pure function: it is given what is judged and gives what it found. A new one is a file
here, a line in RULES, its sentence in ``statemachine/sentences.py`` and, if it has a limit, a
field in ``statemachine/policy.py``.
"""

from collections.abc import Callable, Iterable
from typing import Final

from rosterhold.statemachine.findings import Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.rules.contact_types import contact_types
from rosterhold.statemachine.rules.emptied import emptied
from rosterhold.statemachine.rules.guardians_per_student import guardians_per_student
from rosterhold.statemachine.rules.people_removed import people_removed
from rosterhold.statemachine.rules.reidentified import reidentified
from rosterhold.statemachine.rules.school_removed import school_removed
from rosterhold.statemachine.rules.share_removed import share_removed
from rosterhold.statemachine.rules.unreadable_records import unreadable_records

Rule = Callable[[Judged], Iterable[Finding]]

RULES: Final[dict[str, Rule]] = {
    # data_configuration
    "unreadable_records": unreadable_records,
    "guardians_per_student": guardians_per_student,
    "contact_types": contact_types,
    # data_removals
    "school_removed": school_removed,
    "emptied": emptied,
    "people_removed": people_removed,
    "share_removed": share_removed,
    "reidentified": reidentified,
}
