"""What cannot be read is never taken for removed."""

from dataclasses import dataclass

import polars as pl

from rosterhold.roster.kinds import Kind
from rosterhold.roster.references import REFERENCES, among, record_key


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The records of one fetch that could not be read.

    Attributes:
        ids: kind name → ids (for pairs: keys) of those whose id is known.
        nameless: names of the kinds with a record of which not even the id could be read; any
            missing record of that kind may be it.
    """

    ids: dict[str, pl.Series]
    nameless: frozenset[str]

    @classmethod
    def of(cls, invalid: pl.DataFrame) -> "Unreadable":
        """Sort out the rows of a snapshot's invalid records (INVALID_COLUMNS)."""
        named = invalid.filter(pl.col("clever_id") != "")
        nameless = invalid.filter(pl.col("clever_id") == "")
        return cls(
            {
                str(kind): rows["clever_id"].unique()
                for (kind,), rows in named.partition_by("kind", as_dict=True).items()
            },
            frozenset(nameless["kind"].unique()),
        )

    def is_known(self, kind: Kind) -> pl.Expr:
        """Whether a row, or a record it joins, is there but could not be read."""
        known = [among(record_key(kind.key), self.ids[kind.name])] if kind.name in self.ids else []
        if kind.is_pair:
            known += [
                among(column, self.ids[REFERENCES[column]])
                for column in kind.key
                if REFERENCES[column] in self.ids
            ]
        return pl.any_horizontal(pl.lit(False), *known)

    def may_be_any(self, kind: Kind) -> bool:
        """Whether any missing row of this kind may be one that could not be read."""
        ends = (REFERENCES[column] for column in kind.key) if kind.is_pair else ()
        return not self.nameless.isdisjoint((kind.name, *ends))
