"""Answers for chosen schools: what is kept, what is left, and when the sync goes on."""

import polars as pl
import pytest

from rosterhold.adapters import layout
from rosterhold.adapters.database import answers, decisions, districts, holds, syncs, views
from rosterhold.adapters.database.decisions import Decided, Person
from rosterhold.adapters.database.holds import HoldIntent
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.statemachine.chart import SyncEvent, SyncState
from rosterhold.statemachine.decisions import Action, Refused
from rosterhold.statemachine.findings import (
    SUBJECT_COLUMNS,
    Finding,
    digest,
    named_by,
    subjects_of,
)
from rosterhold.statemachine.reasons import Reason

JANE, OMAR = Person("jane@example.org", "a test"), Person("omar@example.org", "a test")
SCHEMA = dict.fromkeys(SUBJECT_COLUMNS, pl.String())


def found(school, *keys, reason=Reason.DATA_REMOVALS, rule="share_removed", fact=""):
    rows = [("students", key, fact) for key in keys]
    return Finding(
        reason=reason,
        rule=rule,
        kind="students",
        school=school,
        school_name=school.title(),
        measured=len(keys),
        limit=None,
        records=len(keys),
        of=100,
        sentence=f"{school or 'the district'} would lose {len(keys)} students",
        subjects=pl.DataFrame(rows, SCHEMA, orient="row"),
    )


REMOVALS = (found("", "a1", "b1"), found("adams", "a1"), found("brook", "b1"))
CROWDS = {"reason": Reason.DATA_CONFIGURATION, "rule": "guardians_per_student"}
CONFIGURATION = (
    found("adams", "a2", fact="7 guardians", **CROWDS),
    found("", "b2", reason=Reason.DATA_CONFIGURATION, rule="contact_types", fact="Emergency"),
)


class Held:
    """A held sync, and people who answer."""

    def __init__(self, database, folder, sync_id):
        self.database, self.sync_id = database, sync_id
        self.store = FolderSnapshots(folder)
        self.digest = ""

    def is_held_for(self, *findings, by_finding=True):
        """Clever is read, and that is found."""
        with self.database.transaction() as tx:
            sync = syncs.load(tx.conn, self.sync_id)
            if sync.state.is_on_hold:
                sync = perform(tx, sync, SyncEvent.RESUME, Cause("a test"))
            if sync.state is SyncState.RESUMED:
                sync = perform(tx, sync, SyncEvent.PROCEED, Cause("a test"))
            sync = perform(tx, sync, SyncEvent.FETCHED, Cause("a test"))
            number = sync.evaluation_no + 1
            prefix = layout.evaluation_prefix(sync.district_id, sync.id, number)
            if by_finding:
                self.store.write(layout.named_ref(prefix), named_by(findings))
            holds.write_findings(tx, sync, number, findings)
            self.digest = digest(findings)
            for reason in dict.fromkeys(finding.reason for finding in findings):
                mine = [finding for finding in findings if finding.reason is reason]
                self.store.write(layout.subjects_ref(prefix, reason), subjects_of(mine))
                holds.put(tx, sync, HoldIntent(reason, self.digest, number, "found", 2))
            perform(tx, sync, SyncEvent.HOLD, Cause("a test"), {"evaluation_no": number})
        return self

    def answer(self, action=Action.CONFIRM, person=JANE, **scope):
        return decisions.decide(
            self.database,
            self.store,
            sync_id=self.sync_id,
            action=action,
            digest=scope.pop("digest", self.digest),
            person=person,
            **scope,
        )

    def view(self):
        with self.database.reading() as conn:
            return views.hold_view(conn, self.sync_id)

    def accepted(self):
        with self.database.reading() as conn:
            district_id = syncs.load(conn, self.sync_id).district_id
            return {row[2] for row in districts.accepted_subjects(conn, district_id)}

    def confirmed(self):
        with self.database.reading() as conn:
            return answers.confirmed(conn, self.sync_id)


@pytest.fixture
def held(database, tmp_path, sync_id):
    return Held(database, tmp_path, sync_id)


def state_after(answer):
    assert isinstance(answer, Decided), answer
    return answer.state


def test_the_sync_goes_on_when_the_last_school_is_answered(held):
    held.is_held_for(*REMOVALS)
    assert state_after(held.answer(schools=["adams"])) is SyncState.HELD_REMOVALS
    assert state_after(held.answer(schools=[""], person=OMAR)) is SyncState.HELD_REMOVALS
    assert state_after(held.answer(schools=["brook"])) is SyncState.RESUMED
    assert held.confirmed() == {1: None}


def test_the_page_says_what_is_left_and_who_answered_the_rest(held):
    held.is_held_for(*REMOVALS)
    held.answer(schools=["adams"], person=OMAR)
    view = held.view()
    [reason] = view.reasons
    assert (reason.answered, reason.findings_left, reason.schools_left) == (
        False,
        [1, 3],
        ["", "brook"],
    )
    assert [(one.no, one.answered, one.answered_by) for one in view.findings] == [
        (1, False, None),
        (2, True, "omar@example.org"),
        (3, False, None),
    ]
    assert view.findings[1].answered_at == view.decisions[0].at
    [decision] = view.decisions
    assert (decision.action, decision.partly) == ("confirm_removals", True)
    assert (decision.findings, decision.schools, decision.school_names) == (
        [2],
        ["adams"],
        ["Adams"],
    )


def test_an_answer_to_what_is_left_names_just_that(held):
    held.is_held_for(*REMOVALS)
    held.answer(schools=["adams"])
    assert state_after(held.answer(person=OMAR)) is SyncState.RESUMED
    first, last = held.view().decisions
    assert (first.partly, first.findings) == (True, [2])
    assert (last.partly, last.findings, last.schools) == (False, [1, 3], ["", "brook"])


def test_several_schools_are_answered_in_one_go(held):
    held.is_held_for(*REMOVALS)
    held.answer(schools=["adams", "brook"])
    assert held.confirmed() == {1: frozenset({2, 3})}


def test_a_finding_is_answered_by_its_number(held):
    held.is_held_for(*REMOVALS)
    held.answer(findings=[3])
    assert held.confirmed() == {1: frozenset({3})}


def test_a_school_is_not_answered_twice(held):
    held.is_held_for(*REMOVALS)
    held.answer(schools=["adams"], person=OMAR)
    refused = held.answer(schools=["adams", "brook"])
    assert isinstance(refused, Refused)
    assert (refused.code, refused.earlier.who) == ("decided", "omar@example.org")
    assert len(held.view().decisions) == 1


def test_a_reason_that_somebody_has_answered_is_refused_with_who_it_was(held):
    held.is_held_for(*CONFIGURATION, *REMOVALS)
    held.answer(person=OMAR)
    refused = held.answer()
    assert (refused.code, refused.earlier.who) == ("decided", "omar@example.org")


@pytest.mark.parametrize("digest", ["0" * 64, "", None])
def test_a_part_needs_the_digest_of_the_whole_page(held, digest):
    held.is_held_for(*REMOVALS)
    assert held.answer(schools=["adams"], digest=digest).code == "outdated"
    assert held.view().decisions == []


def test_a_part_of_an_older_evaluation_is_refused(held):
    held.is_held_for(*REMOVALS)
    old = held.digest
    held.is_held_for(*REMOVALS[:2])
    assert held.answer(schools=["adams"], digest=old).code == "outdated"


@pytest.mark.parametrize("action", [Action.CHECK_AGAIN, Action.LEAVE_OUT])
def test_what_is_for_the_whole_district_takes_no_schools(held, action):
    held.is_held_for(*CONFIGURATION)
    assert held.answer(action, schools=["adams"]).code == "whole_only"


def test_after_checking_again_nothing_new_counts_as_answered(held):
    held.is_held_for(*REMOVALS)
    held.answer(schools=["adams"])
    assert state_after(held.answer(Action.CHECK_AGAIN)) is SyncState.RESUMED
    held.is_held_for(found("brook", "b1", "b3"), found("", "b1", "b3"))
    assert held.view().reasons[0].findings_left == [1, 2]
    held.answer(schools=["brook"])
    assert held.confirmed() == {1: frozenset({2}), 2: frozenset({1})}


def test_a_part_of_one_reason_leaves_the_other_open(held):
    held.is_held_for(*CONFIGURATION, *REMOVALS)
    assert state_after(held.answer(schools=["adams"])) is SyncState.HELD_CONFIGURATION
    configuration, removals = held.view().reasons
    assert configuration.schools_left == ["adams", ""]
    assert removals.schools_left == ["", "brook"]


def test_only_the_chosen_configuration_is_accepted(held):
    held.is_held_for(*CONFIGURATION)
    assert state_after(held.answer(Action.ACCEPT, schools=["adams"])) is (
        SyncState.HELD_CONFIGURATION
    )
    assert held.accepted() == {"a2"}
    assert state_after(held.answer(Action.ACCEPT)) is SyncState.RESUMED
    assert held.accepted() == {"a2", "b2"}


def test_what_was_accepted_is_not_left_out(held):
    held.is_held_for(*CONFIGURATION)
    held.answer(Action.ACCEPT, schools=["adams"])
    assert state_after(held.answer(Action.LEAVE_OUT)) is SyncState.RESUMED
    with held.database.reading() as conn:
        district = districts.find(conn, syncs.load(conn, held.sync_id).district_id)
    assert (district.leave_out_types, district.leave_out_crowds) == (["Emergency"], False)


def test_an_evaluation_of_the_release_before_is_answered_as_a_whole(held):
    held.is_held_for(*REMOVALS, by_finding=False)
    assert held.answer(schools=["adams"]).code == "whole_only"
    assert state_after(held.answer()) is SyncState.RESUMED


def test_a_worker_of_the_release_before_takes_a_part_for_no_confirmation(held):
    """It approves everything of an evaluation that has a decision of this name."""
    held.is_held_for(*REMOVALS)
    held.answer(schools=["adams"])
    with held.database.reading() as conn:
        kept = [row.action for row in conn.execute(decisions.decisions.select())]
    assert Action.CONFIRM.value not in kept
