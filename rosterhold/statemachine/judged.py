"""What the rules judge: one sync of one district."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from rosterhold.roster.changes import REIDENTIFIED, REMOVED, ChangeSet
from rosterhold.roster.district_settings import LeaveOut
from rosterhold.roster.kinds import SCHOOLS
from rosterhold.roster.snapshot import Frames
from rosterhold.statemachine.findings import SUBJECT_COLUMNS
from rosterhold.statemachine.losses import DISTRICT, Loss, losses_of
from rosterhold.statemachine.policy import Policies, Policy


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules judge. Every rule is given all of it and reads what it needs.

    A rule that looks at more than one sync (a slow leak over a week, say) gets what it needs as
    one more field here, such as an older baseline.

    Attributes:
        changes: baseline → snapshot.
        losses: what the district, and each school that stays, loses and nobody approved.
        losses_of_gone_schools: the same, of each school that goes; it is judged as a whole.
        reidentified: kind name → rows of the change set nobody approved, with SUBJECT_COLUMNS.
        baseline: the roster as applied last.
        roster: the roster as it would be after applying.
        readable: kind name → how many records of the fetch could be read.
        invalid: the records that could not, in INVALID_COLUMNS.
        policies: the limits.
        leave_out: the district's setting; it is applied already.
        accepted: what a person accepted of this district's data, in SUBJECT_SCHEMA.
        school_names: Clever id → name, of schools before and after.
    """

    changes: ChangeSet
    losses: tuple[Loss, ...]
    losses_of_gone_schools: Mapping[str, tuple[Loss, ...]]
    reidentified: Mapping[str, pl.DataFrame]
    baseline: Frames
    roster: Frames
    readable: Mapping[str, int]
    invalid: pl.DataFrame
    policies: Policies
    leave_out: LeaveOut
    accepted: pl.DataFrame
    school_names: Mapping[str, str]

    def policy_of(self, place: str) -> Policy:
        """The policy of a school, or of the district for DISTRICT."""
        return self.policies.district if place == DISTRICT else self.policies.of_school(place)

    def name_of(self, place: str) -> str:
        """A school's name, or else its id; "" for DISTRICT."""
        return self.school_names.get(place) or place

    def by_place(self, rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        """Rows of the roster by whose limits they are judged: a school's own, or the district's."""
        if not self.policies.schools:
            yield DISTRICT, rows
            return
        school = pl.col("school_clever_id")
        place = pl.when(school.is_in(list(self.policies.schools))).then(school)
        placed = rows.with_columns(place.otherwise(pl.lit(DISTRICT)).alias("place"))
        for (school,), found in placed.partition_by("place", as_dict=True).items():
            yield str(school), found


def judge_what(
    changes: ChangeSet,
    *,
    baseline: Frames,
    roster: Frames,
    readable: Mapping[str, int],
    invalid: pl.DataFrame,
    policies: Policies,
    leave_out: LeaveOut,
    approved: pl.DataFrame,
    accepted: pl.DataFrame,
) -> Judged:
    """Prepare what the rules need, once for all of them."""
    losses = losses_of(changes, baseline=baseline, roster=roster, approved=approved)
    gone = frozenset(changes.rows(SCHOOLS.name, REMOVED)["clever_id"])
    return Judged(
        changes=changes,
        losses=tuple(loss for loss in losses if loss.school not in gone),
        losses_of_gone_schools=_of_gone_schools(gone, losses),
        reidentified=_reidentified(changes, approved),
        baseline=baseline,
        roster=roster,
        readable=readable,
        invalid=invalid,
        policies=_under_todays_schools(policies, changes),
        leave_out=leave_out,
        accepted=accepted,
        school_names=_school_names(baseline, roster),
    )


def _of_gone_schools(gone: Iterable[str], losses: tuple[Loss, ...]) -> dict[str, tuple[Loss, ...]]:
    """The losses of each school that goes, with the school's own record unless approved."""
    found: dict[str, list[Loss]] = {school: [] for school in gone}
    for loss in losses:
        if loss.kind == SCHOOLS:
            for (school,), itself in loss.subjects.partition_by("key", as_dict=True).items():
                found[str(school)].append(Loss(SCHOOLS, str(school), 1, 0, itself))
        elif loss.school in found:
            found[loss.school].append(loss)
    return {school: tuple(of_school) for school, of_school in found.items()}


def _reidentified(changes: ChangeSet, approved: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {
        name: changes.rows(name, REIDENTIFIED)
        .with_columns(
            pl.lit(name).alias("kind"),
            pl.col("was").alias("key"),
            pl.col("clever_id").alias("fact"),
        )
        .join(approved, on=SUBJECT_COLUMNS, how="anti", maintain_order="left")
        for name in changes.renames()
    }


def _under_todays_schools(policies: Policies, changes: ChangeSet) -> Policies:
    """A school under a new Clever id keeps its settings."""
    renamed = changes.renames().get("schools")
    if renamed is None:
        return policies
    moved = {
        new: policies.schools[old]
        for old, new in renamed.select("was", "clever_id").iter_rows()
        if old in policies.schools
    }
    return Policies(policies.district, {**moved, **policies.schools})


def _school_names(baseline: Frames, roster: Frames) -> dict[str, str]:
    return {
        school: name
        for frames in (baseline, roster)
        for school, name in frames["schools"].select("clever_id", "name").collect().iter_rows()
        if name
    }
