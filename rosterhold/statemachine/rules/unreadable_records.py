"""The rule: too many records of a kind that cannot be read are held."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from rosterhold.roster.kinds import KINDS
from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.losses import DISTRICT
from rosterhold.statemachine.reasons import Reason

RULE: Final = "unreadable_records"


def unreadable_records(judged: Judged) -> Iterator[Finding]:
    """Find kinds of which more than the share of all records Clever gave could not be read.

    Records a person accepted as they are (the same record, for the same reason) do not count.
    Of records without an id only the reason and their number can be named.
    """
    limit = judged.policies.district.max_invalid_share
    accepted = judged.accepted.filter(rule=RULE)
    for (name,), invalid in judged.invalid.partition_by("kind", as_dict=True).items():
        found = _subjects(invalid).join(accepted, on=SUBJECT_COLUMNS, how="anti")
        total = invalid.height + judged.readable[str(name)]
        unreadable = sum(found["records"].to_list())
        if not unreadable or unreadable / total <= limit:
            continue
        yield Finding(
            reason=Reason.DATA_CONFIGURATION,
            rule=RULE,
            kind=str(name),
            school=DISTRICT,
            school_name="",
            measured=unreadable / total,
            limit=limit,
            records=unreadable,
            of=total,
            sentence=sentences.UNREADABLE_RECORDS.format(
                place=sentences.THE_DISTRICT,
                unreadable=sentences.number(unreadable),
                total=sentences.number(total),
                records=KINDS[str(name)].words[1],
                share=sentences.percent(unreadable / total, limit),
                limit=sentences.percent_limit(limit),
            ),
            subjects=found.select(SUBJECT_COLUMNS),
        )


def _subjects(invalid: pl.DataFrame) -> pl.DataFrame:
    """One subject an unreadable record and reason, with how many ``records`` it stands for."""
    nameless = pl.col("clever_id") == ""
    return (
        invalid.group_by("kind", pl.col("clever_id"), "reason")
        .agg(pl.len().alias("records"))
        .select(
            "kind",
            pl.col("clever_id").alias("key"),
            pl.when(nameless)
            .then(pl.format("{} ({} records)", "reason", "records"))
            .otherwise(pl.col("reason"))
            .alias("fact"),
            "records",
        )
    )
