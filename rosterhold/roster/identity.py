"""Who is the same person, or which is the same class, under a new Clever id."""

from typing import Final

import polars as pl

from rosterhold.roster.kinds import Kind
from rosterhold.roster.references import NO_RENAMES

_NAMES: Final = frozenset({"name", "first_name", "middle_name", "last_name"})


def same_records(kind: Kind, missing: pl.DataFrame, added: pl.DataFrame) -> pl.DataFrame:
    """Match records that are gone with new ones that are the same person or thing.

    The groups of ``kind.identity`` are tried best first. Two records match when they agree on
    every column of a group, none of them empty, and when no other record on either side does; a
    matched record takes no part in later groups.

    Args:
        kind: what the rows are; its key is one column.
        missing: baseline rows that the snapshot lacks, their references under today's ids.
        added: snapshot rows that the baseline lacks.

    Returns:
        One row a match, in columns ``was`` (the old id) and ``clever_id`` (the new one).
    """
    matches = [pl.DataFrame(schema=NO_RENAMES)]
    for group in kind.identity:
        if missing.is_empty() or added.is_empty():
            break
        old = _the_only_ones(missing, group).rename({"clever_id": "was"})
        match = old.join(_the_only_ones(added, group), on=list(group)).select(list(NO_RENAMES))
        missing = missing.join(match, left_on="clever_id", right_on="was", how="anti")
        added = added.join(match, on="clever_id", how="anti")
        matches.append(match)
    return pl.concat(matches)


def _the_only_ones(rows: pl.DataFrame, group: tuple[str, ...]) -> pl.DataFrame:
    """Ids and comparable values of the rows that no other row shares its whole group with."""
    comparable = rows.select("clever_id", *(_comparable(column) for column in group))
    return comparable.filter(pl.col(column) != "" for column in group).unique(
        subset=list(group), keep="none"
    )


def _comparable(column: str) -> pl.Expr:
    """A value as it is compared: what a person or an SIS writes now so, now so, is evened out."""
    text = pl.col(column)
    if column in _NAMES:
        # "SMITH, Jo Ann" is "Jo Ann Smith": a contact's whole name is in one field (Clever,
        # Contacts and Guardians), in whichever order the SIS writes it.
        words = text.str.to_lowercase().str.extract_all(r"[^\s,;]+")
        return words.list.sort().list.join(" ")
    if column == "email":
        return text.str.to_lowercase().str.replace_all(r"\s+", "")
    if column == "phone":
        # The number without the country code of North America, which Clever writes at times.
        return text.str.replace_all(r"\D+", "").str.replace(r"^1(\d{10})$", "$1")
    return text.str.strip_chars()
