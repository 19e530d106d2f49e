"""The lists of records that a sync has: what goes, what changes, and what needs a decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from rosterhold.adapters import layout
from rosterhold.adapters.database.views import FindingView
from rosterhold.roster.changes import ADDED, CHANGED, REIDENTIFIED, REMOVED
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.roster.references import record_key
from rosterhold.roster.report import called
from rosterhold.statemachine.reasons import Reason
from rosterhold.web.evaluated import Evaluated
from rosterhold.web.removals import removed_rows, sought, subjects_of, summary_of

# What a rule of configuration is about; the others are changes.
HELD: Final = "held"
CHANGES: Final = (REMOVED, HELD, REIDENTIFIED, CHANGED, ADDED)

COLUMNS: Final = ("kind", "key", "name", "detail", "school", "school_name", "was", "sought")


@dataclass(frozen=True, slots=True)
class Listed:
    """A list before it is searched.

    Attributes:
        rows: in COLUMNS, in the order in which they are shown; `sought` is what a search looks
            through.
        kind: the only kind in it, where a list has one kind at a time; else "".
        by_kind: how many there are of each kind.
        by_change: how many each list has.
        schools: Clever id, name, number of records; 0 where it is not known.
    """

    rows: pl.LazyFrame
    kind: str
    by_kind: Mapping[str, int]
    by_change: Mapping[str, int]
    schools: tuple[tuple[str, str, int], ...]


def listed(found: Evaluated, change: str, kind: str, finding_no: int) -> Listed:
    """One list of an evaluation.

    Raises:
        SnapshotLostError: its file is gone.
    """
    finding = next((one for one in found.findings if one.no == finding_no), None)
    by_change = _by_change(found)
    if change == REMOVED:
        summary = summary_of(found)
        return Listed(
            removed_rows(found, finding).select(COLUMNS),
            "",
            summary.by_kind,
            by_change,
            summary.schools,
        )
    if change == HELD:
        rows = _held(found, finding)
        by_kind = dict(rows.group_by("kind").agg(pl.len()).collect().iter_rows())
        return Listed(rows, "", by_kind, by_change, ())
    numbers = {name: of.get(change, 0) for name, of in found.counts.items()}
    by_kind = {name: number for name, number in numbers.items() if number}
    # The lists of all kinds together can be as long as the roster: one kind is read at a time.
    shown = kind if kind in by_kind else next(iter(by_kind), "students")
    schools = sorted((name, id_) for id_, name in found.schools.items())
    return Listed(
        _changed(found, change, KINDS[shown]),
        shown,
        by_kind,
        by_change,
        tuple((id_, name, 0) for name, id_ in schools) if KINDS[shown].has_school else (),
    )


def _by_change(found: Evaluated) -> dict[str, int]:
    numbers = {
        change: sum(of.get(change, 0) for of in found.counts.values())
        for change in (REMOVED, REIDENTIFIED, CHANGED, ADDED)
    }
    doubtful = [one for one in found.findings if one.reason == Reason.DATA_CONFIGURATION]
    numbers[HELD] = sum(one.records for one in doubtful)
    return {change: numbers[change] for change in CHANGES if numbers[change]}


def _held(found: Evaluated, finding: FindingView | None) -> pl.LazyFrame:
    """What needs a decision, with the fact that was found of each record as its detail."""
    if finding is not None and finding.reason == Reason.DATA_CONFIGURATION:
        subjects = subjects_of(found, finding)
    else:
        ref = layout.subjects_ref(found.prefix, Reason.DATA_CONFIGURATION)
        subjects = found.store.scan([ref])
    students, contacts = (
        found.target()[name].select(
            "clever_id",
            called(KINDS[name]).alias(name),
            *(("school_clever_id",) * (name == "students")),
        )
        for name in ("students", "contacts")
    )
    ids = pl.col("key").str.split("/")
    return (
        subjects.with_columns(ids.list.last().alias("student"), ids.list.first().alias("contact"))
        .join(students, left_on="student", right_on="clever_id", how="left", maintain_order="left")
        .join(contacts, left_on="contact", right_on="clever_id", how="left", maintain_order="left")
        .with_columns(
            pl.concat_str("contacts", "students", separator=" → ", ignore_nulls=True).alias("name"),
            pl.col("school_clever_id").fill_null("").alias("school"),
        )
        .with_columns(
            pl.col("fact").alias("detail"),
            _school_name("school", found.schools),
            pl.lit("").alias("was"),
            sought(),
        )
        .select(COLUMNS)
    )


def _changed(found: Evaluated, change: str, kind: Kind) -> pl.LazyFrame:
    """What is added, changed or re-identified of a kind."""
    school = pl.col("school_clever_id") if kind.has_school else pl.lit("")
    name = pl.lit("") if kind.is_pair else called(kind)
    return (
        found.store.scan([layout.changes_ref(found.prefix, kind.name)])
        .filter(pl.col("change") == change)
        .select(
            pl.lit(kind.name).alias("kind"),
            record_key(kind.key).alias("key"),
            name.alias("name"),
            pl.lit("").alias("detail"),
            school.alias("school"),
            "was",
        )
        .with_columns(_school_name("school", found.schools), sought())
        .select(COLUMNS)
    )


def _school_name(column: str, names: Mapping[str, str]) -> pl.Expr:
    return (
        pl.col(column)
        .replace_strict(dict(names), default="", return_dtype=pl.String())
        .alias("school_name")
    )
