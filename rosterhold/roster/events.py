"""What became of records between two full fetches, as a feed of events tells it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from rosterhold.roster.references import among


class What(StrEnum):
    """What an event says of its record."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a record.

    Attributes:
        what: whether it came, changed or went.
        group: where its id is unique: ``users``, or the name of a kind.
        record: its Clever id.
        lists: names of the kinds that it is one of afterwards.
        body: the whole record afterwards, as Clever sent it.
    """

    what: What
    group: str
    record: str
    lists: frozenset[str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Story:
    """All events of one record, in order."""

    events: tuple[Event, ...]

    @property
    def record(self) -> str:
        return self.events[0].record

    @property
    def group(self) -> str:
        return self.events[0].group

    @property
    def last(self) -> Event:
        return self.events[-1]

    @property
    def is_gone(self) -> bool:
        return self.last.what is What.DELETED

    @property
    def begins_with_creation(self) -> bool:
        return self.events[0].what is What.CREATED

    def was_missed(self, *, known: bool) -> bool:
        """Whether an earlier event must have been lost: it changed, and nobody knows it.

        What a full fetch had seen already may be told again; so an unknown record that went is
        none that was missed.
        """
        creations = [event for event in self.events if event.what is What.CREATED]
        return not known and not creations and not self.is_gone


def stories(events: Iterable[Event]) -> list[Story]:
    """The events of each record; `events` come in the order in which they happened."""
    found: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        found.setdefault((event.group, event.record), []).append(event)
    return [Story(tuple(of_one)) for of_one in found.values()]


def with_news(rows: pl.DataFrame, told: pl.Series, news: pl.DataFrame) -> pl.DataFrame:
    """The records of one kind afterwards, sorted by id.

    Args:
        rows: those before, with a column ``clever_id``.
        told: ids of all records that events tell of.
        news: those of them that are of this kind afterwards, in the columns of `rows`.
    """
    return pl.concat([rows.filter(~among("clever_id", told)), news]).sort("clever_id")
