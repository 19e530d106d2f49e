"""What was found of the records that need a decision, and how often, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import polars as pl

from rosterhold.adapters import layout
from rosterhold.roster.language import Language
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.roster.unreadable_words import is_unreadable, stands_for, unreadable_words
from rosterhold.statemachine.reasons import Reason
from rosterhold.web.evaluated import Evaluated
from rosterhold.web.words import fact_words

_KEPT: Final = 64
_MOST_EXACT: Final = 20


@dataclass(slots=True)
class ShownFact:
    """One thing that was found of some records of a kind.

    Attributes:
        is_unreadable: whether it is why they could not be read.
        exact: the same as the decoder says it, for engineers.
    """

    kind: str
    words: str
    is_unreadable: bool
    records: int = 0
    exact: list[str] = field(default_factory=list)


def facts_found(found: Evaluated, language: Language) -> Sequence[ShownFact]:
    """What was found, most first; nothing when the file is gone."""
    ref = layout.subjects_ref(found.prefix, Reason.DATA_CONFIGURATION)
    try:
        counted = _counted(found.store, ref)
    except SnapshotLostError:
        return ()
    facts: dict[tuple[str, str], ShownFact] = {}
    for kind, fact, records in counted.iter_rows():
        unreadable = is_unreadable(fact)
        words = unreadable_words(fact, language) if unreadable else fact_words(fact, language)
        shown = facts.setdefault((kind, words), ShownFact(kind, words, unreadable))
        shown.records += records * stands_for(fact)
        if unreadable and len(shown.exact) < _MOST_EXACT:
            shown.exact.append(fact)
    return sorted(facts.values(), key=lambda fact: -fact.records)


@lru_cache(_KEPT)
def _counted(store: SnapshotStore, ref: str) -> pl.DataFrame:
    """How many records each fact was found of. A file of the store never changes."""
    return (
        store.scan([ref])
        .group_by("kind", "fact")
        .agg(pl.col("key").n_unique().alias("records"))
        .sort("records", "fact", descending=[True, False])
        .collect()
    )
