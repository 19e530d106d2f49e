"""The rule: a mass change of ids is held."""

from collections.abc import Iterator

import polars as pl

from rosterhold.roster.kinds import KINDS
from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.losses import DISTRICT
from rosterhold.statemachine.reasons import Reason


def reidentified(judged: Judged) -> Iterator[Finding]:
    """Find kinds of which more than the share, and at least the number, has a new Clever id.

    Contacts without a ``sis_id`` are not counted, neither as changed nor in the baseline: Clever
    gives them a new id whenever their data change (Clever, Contacts and Guardians).
    """
    policy = judged.policies.district
    for name, rows in judged.reidentified.items():
        changed, before = rows, judged.changes.baseline_counts[name]
        if name == "contacts":
            changed = rows.filter(pl.col("sis_id") != "")
            before = _contacts_with_stable_ids(judged, changed)
        limit = policy.max_reidentified_share
        if changed.height < policy.min_removed_records or changed.height / before <= limit:
            continue
        share = changed.height / before
        yield Finding(
            reason=Reason.DATA_REMOVALS,
            rule="reidentified",
            kind=name,
            school=DISTRICT,
            school_name="",
            measured=share,
            limit=limit,
            records=changed.height,
            of=before,
            sentence=sentences.REIDENTIFIED.format(
                place=sentences.THE_DISTRICT,
                changed=sentences.number(changed.height),
                before=sentences.number(before),
                records=KINDS[name].words[1],
                share=sentences.percent(share, limit),
                limit=sentences.percent_limit(limit),
            ),
            subjects=changed.select(SUBJECT_COLUMNS),
        )


def _contacts_with_stable_ids(judged: Judged, changed: pl.DataFrame) -> int:
    """Contacts of the baseline that have a ``sis_id``, or that got their first one now."""
    stable = (pl.col("sis_id") != "") | pl.col("clever_id").is_in(changed["was"].implode())
    contacts = judged.baseline["contacts"].filter(stable)
    return int(contacts.select(pl.len()).collect().item())
