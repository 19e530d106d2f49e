"""The buttons that a held sync offers, and what their forms carry."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from rosterhold.adapters import layout
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.views import HoldView, OpenHoldView
from rosterhold.roster.store import SnapshotLostError, SnapshotStore
from rosterhold.statemachine.answers import FOR_CHOSEN
from rosterhold.statemachine.connection import CHECK_APP, CHECK_SHARING, NOTHING_TO_CHECK
from rosterhold.statemachine.decisions import Action, Answered, judge
from rosterhold.statemachine.reasons import Reason

# From so many on, confirming needs more than a click.
TYPED_FROM: Final = 101

_KEPT_COUNTS: Final = 64

# What leaving contacts out is a cure for.
_CONTACT_RULES: Final = frozenset({"contact_types", "guardians_per_student"})


@dataclass(frozen=True, slots=True)
class Place:
    """A school, or the district as a whole (""), that has findings left to answer."""

    school: str
    name: str
    findings: int
    records: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A button that the open reasons allow, and what its form carries.

    Attributes:
        records: how many records an answer to all that is left covers.
        rules: by which the findings were made that are left.
        places: those that can be answered by themselves; none where there is only one.
    """

    action: Action
    digest: str
    evaluation_no: int
    records: int
    only_new_ids: bool
    rules: frozenset[str]
    places: Sequence[Place]

    @property
    def has_new_ids(self) -> bool:
        return "reidentified" in self.rules

    @property
    def has_unreadable(self) -> bool:
        return "unreadable_records" in self.rules

    @property
    def has_contacts(self) -> bool:
        return bool(self.rules & _CONTACT_RULES)

    @property
    def has_nothing_to_check(self) -> bool:
        """Whether nobody in the district can do anything about the connection."""
        return bool(self.rules) and self.rules <= NOTHING_TO_CHECK

    @property
    def checks_app(self) -> bool:
        return not self.rules <= CHECK_SHARING

    @property
    def checks_sharing(self) -> bool:
        return not self.rules <= CHECK_APP

    @property
    def needs_number(self) -> bool:
        """Whether the number of records has to be typed."""
        return self.action is Action.CONFIRM and self.records >= TYPED_FROM


def choices(store: SnapshotStore, sync: SyncRow, hold: HoldView) -> list[Choice]:
    """The buttons that the chart and the open reasons allow, in the order of Action."""
    waiting = {Reason(line.reason): line for line in hold.reasons if not line.answered}
    digests = {reason: line.digest for reason, line in waiting.items()}
    allowed = []
    for action in Action:
        for line in waiting.values():
            verdict = judge(sync.state, digests, action, line.digest)
            if isinstance(verdict, Answered) and verdict.reason == line.reason:
                allowed.append(_choice(store, sync, hold, line, action))
                break
    rules = {finding.rule for finding in hold.findings}
    if not rules & _CONTACT_RULES:
        allowed = [choice for choice in allowed if choice.action is not Action.LEAVE_OUT]
    return allowed


def _choice(
    store: SnapshotStore, sync: SyncRow, hold: HoldView, line: OpenHoldView, action: Action
) -> Choice:
    places: Sequence[Place] = ()
    if action in FOR_CHOSEN and len(line.schools_left) > 1:
        places = _places(store, sync, hold, line)
    return Choice(
        action=action,
        digest=line.digest,
        evaluation_no=line.evaluation_no,
        records=records_left(store, sync, hold, line, None),
        only_new_ids=only_new_ids(hold, line),
        rules=frozenset(
            one.rule for one in hold.findings if one.reason == line.reason and not one.answered
        ),
        places=places,
    )


def records_left(
    store: SnapshotStore,
    sync: SyncRow,
    hold: HoldView,
    line: OpenHoldView,
    schools: Collection[str] | None,
) -> int:
    """How many records an answer covers: to the findings left of some schools, or of all."""
    findings = [one for one in hold.findings if one.reason == line.reason]
    meant = [
        one.no
        for one in findings
        if not one.answered and (schools is None or one.school in schools)
    ]
    if len(meant) == len(findings):
        return line.records
    try:
        ref = _named_ref(sync, line)
        if len(meant) == 1:
            counted = _counted(store, ref)
            return counted.get(meant[0], 0)
        return _distinct(store, ref, tuple(meant))
    except SnapshotLostError:
        return line.records


def _named_ref(sync: SyncRow, line: OpenHoldView) -> str:
    return layout.named_ref(layout.evaluation_prefix(sync.district_id, sync.id, line.evaluation_no))


@lru_cache(_KEPT_COUNTS)
def _distinct(store: SnapshotStore, ref: str, findings: tuple[int, ...]) -> int:
    """How many records some findings are about; one that several name counts once."""
    records = store.scan([ref]).filter(pl.col("finding").is_in(findings)).select("kind", "key")
    return int(records.unique().select(pl.len()).collect().item())


@lru_cache(_KEPT_COUNTS)
def _counted(store: SnapshotStore, ref: str) -> Mapping[int, int]:
    """How many records each finding is about. A file of the store never changes."""
    named = store.scan([ref]).select("finding", "kind", "key").unique()
    return dict(named.group_by("finding").agg(pl.len()).collect().iter_rows())


def _places(store: SnapshotStore, sync: SyncRow, hold: HoldView, line: OpenHoldView) -> list[Place]:
    """Where findings are left: the schools by name, the district as a whole last."""
    left = [one for one in hold.findings if one.reason == line.reason and not one.answered]
    places = []
    for school in line.schools_left:
        own = [one for one in left if one.school == school]
        places.append(
            Place(
                school,
                own[0].school_name if school else "",
                len(own),
                records_left(store, sync, hold, line, {school}),
            )
        )
    return sorted(places, key=lambda place: (not place.school, place.name.lower()))


def only_new_ids(hold: HoldView, line: OpenHoldView) -> bool:
    """Whether nothing but a mass change of ids stands behind a reason: nobody is removed."""
    rules = {finding.rule for finding in hold.findings if finding.reason == line.reason}
    return rules == {"reidentified"}
