"""What a person accepted of a district's data stays accepted when Clever renames its records."""

import polars as pl

from rosterhold.roster.references import Renames
from rosterhold.statemachine.findings import SUBJECT_SCHEMA


def carried_over(accepted: pl.DataFrame, renames: Renames) -> pl.DataFrame:
    """The accepted subjects with every key under today's ids.

    Contacts without a ``sis_id`` have a new Clever id after any change of their data; without
    this, whatever was accepted of them would be held again.

    Args:
        accepted: subjects of findings, in SUBJECT_SCHEMA.
        renames: old and new ids of the re-identified records.
    """
    if not renames or accepted.is_empty():
        return accepted
    first, second = (pl.col("parts").struct.field(name) for name in ("first", "second"))
    parts = pl.col("key").str.split_exact("/", 1).struct.rename_fields(["first", "second"])
    key = pl.when(kind="students").then(_today(pl.col("key"), renames, "students"))
    return (
        accepted.with_columns(parts.alias("parts"))
        .with_columns(
            key.when(kind="guardianships")
            .then(
                pl.concat_str(
                    _today(first, renames, "contacts"),
                    _today(second, renames, "students"),
                    separator="/",
                )
            )
            .otherwise(pl.col("key"))
            .alias("key")
        )
        .select(list(SUBJECT_SCHEMA))
    )


def _today(ids: pl.Expr, renames: Renames, kind: str) -> pl.Expr:
    if kind not in renames:
        return ids
    return ids.replace(renames[kind]["was"], renames[kind]["clever_id"])
