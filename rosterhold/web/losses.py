"""What would be lost as pictures: by kind, by school and by grade, against the limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from rosterhold.adapters.manifests import frames_of, read_manifest
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.schools import count_at_schools
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.roster.wording import in_order
from rosterhold.statemachine.policy import Policies
from rosterhold.web.evaluated import Evaluated

# So many schools and findings tell the story; the others are in the list of records.
SHOWN_SCHOOLS: Final = 10
# Whose number stands for the size of a school.
_SIZE: Final = "students"
_KEPT_SIZES: Final = 64
_WIDTH: Final = 100.0
# Clever's grades that are no number, in their order (Data API, Students).
_BEFORE_FIRST: Final = (
    "InfantToddler", "Preschool", "PreKindergarten", "TransitionalKindergarten", "Kindergarten",
)  # fmt: skip
_AFTER_ALL: Final = 1_000


@dataclass(frozen=True, slots=True)
class Loss:
    """One bar.

    Attributes:
        name: of the kind, school or grade; a Clever id stands for a school in links.
        label: what the bar is called; "" where the name says it.
        removed: how many go.
        before: how many there were; 0 where that is not known.
        filled: how far the bar is filled, 0 to 100.
        limit: where the limit's line stands, 0 to 100; None for no limit.
        is_over: whether the limit is passed.
    """

    name: str
    label: str
    removed: int
    before: int
    filled: float
    limit: float | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Losses:
    """Everything that would be removed, from three sides.

    Attributes:
        schools_more: how many schools lose something beside those shown.
    """

    by_kind: Sequence[Loss]
    by_school: Sequence[Loss]
    schools_more: int
    by_grade: Sequence[Loss]

    @property
    def grades(self) -> dict[str, int]:
        return {loss.name: loss.removed for loss in self.by_grade}


def losses_of(found: Evaluated, policies: Policies) -> Losses:
    """The pictures of an evaluation; without bars when nothing would be removed."""
    tally = found.tally()
    schools, more = _by_school(found, tally, policies)
    return Losses(_by_kind(found, policies), schools, more, _by_grade(tally))


def _by_kind(found: Evaluated, policies: Policies) -> list[Loss]:
    policy = policies.district
    losses = []
    for kind, removed in in_order(
        {name: of.get("removed", 0) for name, of in found.counts.items()}
    ):
        of = found.counts[kind]
        before = of.get("total", 0) - of.get("added", 0) + removed
        is_over = removed > policy.max_removed_share * before
        is_over = is_over and removed >= policy.min_removed_records
        losses.append(_against(kind, "", removed, before, policy.max_removed_share, is_over))
    return losses


def _by_school(found: Evaluated, tally: pl.DataFrame, policies: Policies) -> tuple[list[Loss], int]:
    """The schools that lose most students; where none does, most records of any kind."""
    rows = tally.filter(pl.col("school") != "")
    students = rows.filter(pl.col("kind") == _SIZE)
    rows = students if students.height else rows
    counted = (
        rows.group_by("school", "school_name")
        .agg(pl.col("n").sum())
        .sort("n", "school_name", descending=[True, False])
    )
    sizes = _sizes(found) if students.height else {}
    most = int(counted["n"].max() or 1)  # type: ignore[arg-type]
    losses = []
    for school, name, removed in counted.head(SHOWN_SCHOOLS).iter_rows():
        policy = policies.of_school(school)
        before = sizes.get(school, 0)
        if before >= removed:
            share = policy.max_removed_share
            is_over = removed > share * before and removed >= policy.min_removed_records
            losses.append(_against(school, name, removed, before, share, is_over))
        else:
            losses.append(
                Loss(school, name, removed, 0, _WIDTH * removed / most, None, is_over=True)
            )
    return losses, max(counted.height - SHOWN_SCHOOLS, 0)


def _sizes(found: Evaluated) -> Mapping[str, int]:
    """How many students each school had."""
    try:
        return _counted(found.store, found.baseline_ref)
    except SnapshotLostError:
        return {}


@lru_cache(_KEPT_SIZES)
def _counted(store: SnapshotStore, baseline_ref: str | None) -> Mapping[str, int]:
    """As `_sizes`. A file of the store never changes, so it is counted once."""
    students = frames_of(store, read_manifest(store, baseline_ref))[_SIZE]
    counted = count_at_schools(KINDS[_SIZE], students)
    return dict(counted.select("school", "records").iter_rows())


def _by_grade(tally: pl.DataFrame) -> list[Loss]:
    rows = tally.filter(pl.col("kind") == _SIZE).group_by("grade").agg(pl.col("n").sum())
    counted: Mapping[str, int] = dict(rows.iter_rows())
    most = max(counted.values(), default=1)
    return [
        Loss(grade, grade, n, 0, _WIDTH * n / most, None, is_over=False)
        for grade, n in sorted(counted.items(), key=lambda pair: _grade_order(pair[0]))
    ]


def _grade_order(grade: str) -> tuple[int, str]:
    """Before school, kindergarten, then by number; what is no number comes last."""
    if grade.isdecimal():
        return int(grade), ""
    if grade in _BEFORE_FIRST:
        return _BEFORE_FIRST.index(grade) - len(_BEFORE_FIRST), ""
    return _AFTER_ALL, grade


def _against(
    name: str,
    label: str,
    removed: int,
    before: int,
    limit: float,
    is_over: bool,  # noqa: FBT001
) -> Loss:
    share = min(removed / before, 1.0) if before else 1.0
    return Loss(name, label, removed, before, _WIDTH * share, _WIDTH * limit, is_over)
