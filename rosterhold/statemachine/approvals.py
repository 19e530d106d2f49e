"""What is approved when only some of an evaluation's findings were confirmed."""

from collections.abc import Collection
from typing import Final

import polars as pl

from rosterhold.statemachine.findings import SUBJECT_COLUMNS, SUBJECT_SCHEMA

_SUBJECT: Final = list(SUBJECT_COLUMNS)


def approved_by(named: pl.DataFrame, confirmed: Collection[int]) -> pl.DataFrame:
    """The subjects that the confirmed findings approve.

    A record can be named by several findings: of its school, and of the whole district. The nearest
    place decides: a record that findings of schools name is approved when all of those are
    confirmed, whatever the district-wide ones say; any other record when all district-wide findings
    that name it are. So nothing of a school that was left open passes by an answer to another one.

    Args:
        named: the subjects of all findings of removal of one evaluation, in NAMED_SCHEMA.
        confirmed: the numbers of the findings that a person confirmed.

    Returns:
        In SUBJECT_SCHEMA.
    """
    marked = named.lazy().with_columns(
        (pl.col("school") != "").alias("near"),
        pl.col("finding").is_in(list(confirmed)).alias("confirmed"),
    )
    near = pl.col("near").any().over(_SUBJECT)
    deciding = marked.filter(pl.col("near") == near)
    return (
        deciding.filter(pl.col("confirmed").all().over(_SUBJECT))
        .select(list(SUBJECT_SCHEMA))
        .unique()
        .collect()
    )
