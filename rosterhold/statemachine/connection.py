"""The finding of a lost connection: it is about no record, and holds always."""

import polars as pl

from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding
from rosterhold.statemachine.reasons import Reason


def disconnected(code: str, sentence: str) -> Finding:
    """What could not be connected to, as a finding.

    Args:
        code: what went wrong, in one word for scripts (``token_refused``).
        sentence: the same for the district administrator, with what to check.
    """
    return Finding(
        reason=Reason.DISCONNECTED,
        rule=code,
        kind="",
        school="",
        school_name="",
        measured=0,
        limit=None,
        records=0,
        of=0,
        sentence=sentence,
        subjects=pl.DataFrame(schema=dict.fromkeys(SUBJECT_COLUMNS, pl.String())),
    )
