"""The finding of a lost connection: it is about no record, and holds always."""

from datetime import timedelta
from typing import Final

import polars as pl

from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding
from rosterhold.statemachine.reasons import Reason

# Codes of a lost connection by what a district can check in Clever; for any other, both.
CHECK_APP: Final = frozenset({"token_refused", "not_connected"})
CHECK_SHARING: Final = frozenset({"out_of_scope", "nothing_shared", "incomplete"})
# Clever, or the way to it, is down.
DOWN: Final = frozenset({"unreachable", "rate_limited", "bad_answer"})
# What passes, and what only those who run the app can correct.
PASSES: Final = DOWN | {"moving"}
OUR_OWN: Final = frozenset({"credentials_refused", "refused"})
NOTHING_TO_CHECK: Final = PASSES | OUR_OWN
# A district that is held for what passes does not wait for its next night.
CHECK_AGAIN_AFTER: Final = timedelta(minutes=30)


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
