"""Looks at everything after each event, and says what must never be."""

import json
from collections import defaultdict
from itertools import pairwise
from typing import Any

from doubles.oracle import (
    ENDS,
    ROADS,
    Wishes,
    expected,
    unaccepted_configuration,
    unconfirmed_damage,
)
from doubles.town import Key, Row, Rows, Shared, nobody
from doubles.world import DISTRICT, World
from rosterhold.adapters.manifests import read_manifest
from rosterhold.roster.kinds import KINDS, Kind

WANTS = {
    "running.fetching": "fetch",
    "running.evaluating": "evaluate",
    "running.applying": "apply",
    "resumed": "resume",
}
FINAL = ("completed", "cancelled", "failed")
# The roster tables call the parts of a pair by their own ids.
OWN = {kind: [f"{end.removesuffix('s')}_id" for end in ends] for kind, ends in ENDS.items()}


class Inspector:
    """Follows one life of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        # The roster as it is to be, with the columns that only the report needs.
        self._model = nobody()
        self._wanted = nobody()
        self._applied_by: str | None = None
        self._ends: dict[str, str] = {}
        self._had_nothing_new: set[str] = set()
        self._own_ids: dict[tuple[str, tuple[str, ...]], int] = {}
        # What was looked at already and found right: it is so until it changes.
        self._moment: object = None
        self._read: dict[str, list[Any]] = {}
        self._roster = nobody()

    def looks(self) -> None:
        moment = self._world.moment()
        if moment == self._moment:
            return
        syncs = self._world.rows(
            "SELECT id, state, version, finished_at, snapshot_ref, target_ref, nothing_new_since "
            "FROM syncs"
        )
        steps = self._of_each_sync(
            "SELECT sync_id, seq, from_state, event, to_state FROM transitions ORDER BY 1, 2"
        )
        work = self._of_each_sync(
            "SELECT sync_id, work FROM outbox WHERE work NOT IN ('email', 'remind')"
        )
        holds = self._of_each_sync(
            "SELECT sync_id, reason, answered_at FROM holds WHERE resolved_at IS NULL"
        )
        for sync in syncs:
            _history_tells_the_state(sync, steps[sync[0]])
            _work_is_there_exactly_when_wanted(sync, work[sync[0]], holds[sync[0]])
        assert sum(1 for sync in syncs if sync[3] is None) <= 1, "two open syncs"
        self._reasons_are_open_until_all_is_answered()
        self._mails_are_sent_once_or_waiting()
        self._every_open_hold_is_reminded_of()
        self._the_roster_is_what_was_approved({sync[0]: sync for sync in syncs})
        self._moment = moment

    def _of_each_sync(self, query: str) -> dict[str, list[Any]]:
        """The rows by their first column, without it."""
        found: dict[str, list[Any]] = defaultdict(list)
        for sync_id, *rest in self._world.rows(query):
            found[sync_id].append(tuple(rest))
        return found

    def _reasons_are_open_until_all_is_answered(self) -> None:
        for reason, is_open, found, answered in self._world.rows(
            "SELECT h.reason, h.answered_at IS NULL, count(f.no), count(a.no) FROM holds h "
            "JOIN findings f USING (sync_id, evaluation_no, reason) "
            "LEFT JOIN answered_findings a USING (sync_id, evaluation_no, no) "
            "WHERE h.resolved_at IS NULL GROUP BY h.id"
        ):
            assert is_open == (answered < found), f"{reason}: {answered} of {found} answered"

    def _mails_are_sent_once_or_waiting(self) -> None:
        world = self._world
        to_send = {row[0] for row in world.rows("SELECT subject FROM outbox WHERE work = 'email'")}
        unknown = set(world.post.taken)
        for mail_id, message_id, status in world.rows("SELECT id, message_id, status FROM emails"):
            waits = status in {"waiting", "retrying"}
            assert waits == (mail_id in to_send), f"a mail is {status} and its work is lost"
            taken = world.post.taken[message_id]
            assert taken <= 1 + world.excused.get(mail_id, 0), "a mail went out again"
            assert taken or status != "sent", "noted as sent and never handed over"
            known = self._ends.setdefault(mail_id, status) if not waits else status
            assert known == status, f"a mail that was {known} is {status}"
            unknown.discard(message_id)
        assert not unknown, "a mail went out that nobody noted"
        twice = world.rows(
            "SELECT hold_id, template, sync_id, day FROM emails GROUP BY 1, 2, 3, 4 "
            "HAVING count(*) > 1"
        )
        assert not twice, "two mails about one thing"

    def _every_open_hold_is_reminded_of(self) -> None:
        world = self._world
        reminded = [
            row[0] for row in world.rows("SELECT subject FROM outbox WHERE work = 'remind'")
        ]
        for hold_id, resolved, final in world.rows(
            "SELECT h.id, h.resolved_at, s.finished_at FROM holds h "
            "JOIN syncs s ON s.id = h.sync_id"
        ):
            number = reminded.count(hold_id)
            assert number <= (final is None), "reminders of a hold that is over, or twice"
            assert number == 1 or resolved, "nobody is reminded of an open hold"

    def _the_roster_is_what_was_approved(self, syncs: dict[str, Any]) -> None:
        ((applied_by, target_ref),) = self._world.rows(
            "SELECT baseline_sync_id, baseline_ref FROM districts WHERE id = ?", DISTRICT
        )
        roster = self._active()
        if applied_by != self._applied_by:
            sync = syncs[applied_by]
            assert (sync[1], sync[5]) == ("completed", target_ref), "applied by another sync"
            assert roster == self._target(target_ref), "the roster is not what was evaluated"
            self._was_allowed(applied_by, self._world.clever.given[sync[4]])
            self._applied_by = applied_by
        assert roster == self._wanted, "the roster is not what was let through"
        for sync in syncs.values():
            if sync[6] and sync[0] not in self._had_nothing_new:
                self._would_have_come_to_the_same(sync, syncs)
                self._had_nothing_new.add(sync[0])

    def _would_have_come_to_the_same(self, sync: Any, syncs: dict[str, Any]) -> None:
        """A sync that read nothing left out nothing that it would have done with the same data."""
        assert (sync[1], sync[4], sync[5]) == ("completed", None, None), "nothing new, and read"
        assert self._applied_by is not None, "nothing new, and nothing was there"
        given, wishes = self._world.clever.given[syncs[self._applied_by][4]], self._wishes()
        after = expected(self._model, given, wishes)
        assert _compared(after) == self._wanted, "nothing new, and it would have changed something"
        assert not unaccepted_configuration(after, given, wishes), "nothing new, and it would hold"

    def _was_allowed(self, sync_id: str, given: Shared) -> None:
        wishes = self._wishes()
        after = expected(self._model, given, wishes)
        if self._applied_by is not None:
            confirmed = self._world.confirmed.get(sync_id, set())
            damage = unconfirmed_damage(self._model, after, confirmed)
            assert not damage, f"removed and never confirmed: {sorted(damage)}"
        doubts = unaccepted_configuration(after, given, wishes)
        assert not doubts, f"doubtful and never accepted: {sorted(doubts)}"
        self._model, self._wanted = after, _compared(after)

    def _wishes(self) -> Wishes:
        ((types, crowds),) = self._world.rows(
            "SELECT leave_out_types, leave_out_crowds FROM districts WHERE id = ?", DISTRICT
        )
        return Wishes(self._world.accepted, frozenset(json.loads(types)), bool(crowds))

    def _active(self) -> Rows:
        """The active records of the roster tables; a record has one own id for ever."""
        for name, query in QUERIES.items():
            read = self._world.rows(query)
            if read != self._read.get(name):
                self._roster[name] = self._named(name, read)
                self._read[name] = read
        return self._roster

    def _named(self, name: str, read: list[Any]) -> dict[Key, Row]:
        kind = KINDS[name]
        rows: dict[Key, Row] = {}
        for own_id, *texts in read:
            row = dict(zip((*kind.key, *kind.columns), texts, strict=True))
            key = tuple(row[part] for part in kind.key)
            rows[key] = row
            known = self._own_ids.setdefault((name, key), own_id)
            assert known == own_id, f"{name} {key} has another own id"
        return rows

    def _target(self, ref: str) -> Rows:
        manifest = read_manifest(self._world.store, ref)
        assert manifest is not None
        rows = nobody()
        for name, kind in KINDS.items():
            for values in self._world.store.rows(manifest.files[name]):
                row = dict(zip(kind.all_columns, values, strict=True))
                rows[name][tuple(row[part] for part in kind.key)] = row
        return _compared(rows)


def _compared(rows: Rows) -> Rows:
    """Without what only the report needs."""
    return {
        name: {
            key: {column: row[column] for column in (*KINDS[name].key, *KINDS[name].columns)}
            for key, row in of_kind.items()
        }
        for name, of_kind in rows.items()
    }


def _query(name: str, kind: Kind) -> str:
    """The active records of a kind, with the Clever ids of what a pair joins."""
    keys, joins = "t.clever_id", ""
    if name in ENDS:
        parts = list(zip(("a", "b"), ENDS[name], OWN[name], strict=True))
        keys = ", ".join(f"{letter}.clever_id" for letter, _, _ in parts)
        joins = " ".join(
            f"JOIN roster_{end} {letter} ON {letter}.id = t.{own}" for letter, end, own in parts
        )
    values = "".join(f", t.{column}" for column in kind.columns)
    return f"SELECT t.id, {keys}{values} FROM roster_{name} t {joins} WHERE t.active"


QUERIES = {name: _query(name, kind) for name, kind in KINDS.items()}


def _history_tells_the_state(sync: Any, steps: list[Any]) -> None:
    assert [step[0] for step in steps] == list(range(1, sync[2] + 1)), "history has gaps"
    assert steps[0][1:] == (None, "start", "running.fetching")
    for before, step in pairwise(steps):
        assert step[1] == before[3], "a transition begins where none ended"
        assert step[1:] in ROADS, f"the chart has no such road: {step[1:]}"
    assert steps[-1][3] == sync[1], "the state is not what the history comes to"
    assert (sync[3] is not None) == (sync[1] in FINAL)


def _work_is_there_exactly_when_wanted(sync: Any, work: list[Any], holds: list[Any]) -> None:
    wanted = [(WANTS[sync[1]],)] if sync[1] in WANTS else []
    assert work == wanted, f"{sync[1]} has the work {work}"
    unanswered = [reason for reason, answered in holds if answered is None]
    if sync[1].startswith("on_hold."):
        assert unanswered, "on hold for nothing"
        assert sync[1].removeprefix("on_hold.") in unanswered
    if sync[1] in {"running.applying", *FINAL}:
        assert not holds, f"{sync[1]} with open holds: {holds}"
