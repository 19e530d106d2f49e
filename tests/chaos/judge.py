"""The judge: what must be true of every district, sync, hold, answer and mail, by SQL alone.

Nothing of the product is imported, and no file of its store is read.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from doubles.oracle import ROADS

from chaos.administrators import Ledger
from chaos.post_office import PostOffice
from chaos.sql import Rows

FINAL = {"completed", "cancelled", "failed"}
HELD = {"on_hold.disconnected", "on_hold.data_configuration", "on_hold.data_removals"}
# What became the roster; a sync that found nothing new is completed as well.
APPLIED = "state = 'completed' AND nothing_new_since IS NULL"
LEAST_RECORDS, MOST_SHARE = 5, 0.1
KINDS = (
    *("schools", "terms", "courses", "sections", "students", "teachers", "staff"),
    *("district_admins", "contacts", "enrolments", "guardianships"),
)
ANSWER_EVENTS = ("answer", "resume")


class Judge:
    """Every method yields what is wrong, in a sentence; nothing when all is well."""

    def __init__(self, rows: Rows, post_office: PostOffice, ledger: Ledger) -> None:
        self.rows = rows
        self._post_office = post_office
        self._ledger = ledger

    def verdict(self) -> list[str]:
        return [
            *self._ledger.wrong,
            *self.syncs_rest_in_legal_states(),
            *self.histories_are_gapless_and_on_the_chart(),
            *self.holds_fit_their_syncs(),
            *self.answers_happened_once(),
            *self.what_was_acknowledged_is_there(),
            *self.removals_are_of_a_sync_that_may(),
            *self.rosters_are_of_the_last_completed_sync(),
            *self.each_mail_is_logged_once_and_came(),
            *self.slots_fired_once(),
            *self.nothing_waits(),
        ]

    def open_syncs(self) -> int:
        return len(self.rows("SELECT id FROM syncs WHERE finished_at IS NULL"))

    def resting(self) -> bool:
        states = {row.state for row in self.rows("SELECT DISTINCT state FROM syncs")}
        return states <= FINAL | HELD and not list(self.nothing_waits())

    def syncs_rest_in_legal_states(self) -> Iterator[str]:
        for row in self.rows("SELECT id, state, failure, finished_at FROM syncs"):
            if row.state not in FINAL | HELD:
                yield f"{row.id} does not rest: {row.state}"
            if row.state == "failed":
                yield f"{row.id} failed: {row.failure}"
            if (row.finished_at is not None) != (row.state in FINAL):
                yield f"{row.id} is {row.state} and finished at {row.finished_at}"
        for row in self.rows(
            "SELECT district_id, count(*) AS n FROM syncs WHERE finished_at IS NULL "
            "GROUP BY 1 HAVING count(*) > 1"
        ):
            yield f"district {row.district_id} has {row.n} open syncs"

    def histories_are_gapless_and_on_the_chart(self) -> Iterator[str]:
        history = defaultdict(list)
        for row in self.rows("SELECT * FROM transitions ORDER BY sync_id, seq"):
            history[row.sync_id].append(row)
        for sync in self.rows("SELECT id, state, version FROM syncs"):
            steps = history.pop(sync.id, [])
            if [step.seq for step in steps] != list(range(1, sync.version + 1)):
                yield f"{sync.id}: the history of {len(steps)} has gaps at version {sync.version}"
            if not steps or steps[-1].to_state != sync.state:
                yield f"{sync.id}: the state is not what the history comes to"
            elif (steps[0].from_state, steps[0].to_state) != (None, "running.fetching"):
                yield f"{sync.id}: the history does not begin with the beginning"
            for before, step in pairwise(steps):
                road = (step.from_state, step.event, step.to_state)
                if step.from_state != before.to_state or road not in ROADS:
                    yield f"{sync.id}: no such road after {before.to_state}: {road}"
        yield from (f"{sync_id} has a history and is no sync" for sync_id in history)

    def holds_fit_their_syncs(self) -> Iterator[str]:
        for row in self.rows(
            "SELECT s.id, s.state, count(h.id) FILTER (WHERE h.resolved_at IS NULL) AS unresolved, "
            "count(h.id) FILTER (WHERE h.resolved_at IS NULL AND h.answered_at IS NULL) AS open "
            "FROM syncs s LEFT JOIN holds h ON h.sync_id = s.id GROUP BY 1, 2"
        ):
            if (row.state in HELD) != (row.open > 0):
                yield f"{row.id} is {row.state} with {row.open} unanswered holds"
            if row.state in FINAL and row.unresolved:
                yield f"{row.id} is {row.state} with {row.unresolved} open holds"

    def answers_happened_once(self) -> Iterator[str]:
        """Each answer is one row and one transition, of the same person."""
        answers = Counter(
            (row.sync_id, row.who, row.action) for row in self.rows("SELECT * FROM decisions")
        )
        moves = Counter(
            (row.sync_id, row.who, row.why)
            for row in self.rows("SELECT * FROM transitions")
            if row.event in ANSWER_EVENTS and row.who not in {"rosterhold", "schedule"}
        )
        for sync_id, who, action in (answers - moves) | (moves - answers):
            yield f"{sync_id}: answer and history of {who} ({action}) differ"
        for row in self.rows(
            "SELECT sync_id, action, digest, evaluation_no, count(*) AS n FROM decisions "
            "WHERE action IN ('confirm_removals', 'accept') GROUP BY 1, 2, 3, 4 "
            "HAVING count(*) > 1"
        ):
            yield f"{row.sync_id}: {row.action} was taken {row.n} times on one page"

    def what_was_acknowledged_is_there(self) -> Iterator[str]:
        there = {row.id for row in self.rows("SELECT id FROM syncs")}
        started = Counter(self._ledger.started)
        yield from (f"{one} was acknowledged, and is not there" for one in started.keys() - there)
        yield from (f"{one} was started {n} times" for one, n in started.items() if n > 1)
        answers: Counter[tuple[str, str, str]] = Counter()
        for row in self.rows("SELECT sync_id, action, digest FROM decisions"):
            bound = row.action in {"confirm_removals", "accept"}
            answers[row.sync_id, row.action, row.digest if bound else ""] += 1
        for answer in Counter(self._ledger.decided) - answers:
            yield f"an answer was acknowledged, and is not there: {answer}"

    def removals_are_of_a_sync_that_may(self) -> Iterator[str]:
        """Every removal is of a completed sync, counted there, and confirmed if over a limit."""
        completed = defaultdict(list)
        for row in self.rows(
            "SELECT s.id, s.district_id, s.counts, EXISTS (SELECT 1 FROM decisions d WHERE "
            "d.sync_id = s.id AND d.action = 'confirm_removals') AS confirmed "
            f"FROM syncs s WHERE {APPLIED} ORDER BY finished_at"
        ):
            completed[row.district_id].append(row)
        of_sync = {sync.id: sync for syncs in completed.values() for sync in syncs}
        for kind in KINDS:
            for row in self.rows(
                f"SELECT removed_by_sync, district_id, count(*) AS n FROM roster_{kind} "
                "WHERE NOT active GROUP BY 1, 2"
            ):
                sync = of_sync.get(row.removed_by_sync)
                if sync is None or sync.district_id != row.district_id:
                    yield f"{row.n} {kind} were removed by {row.removed_by_sync}, which may not"
                elif row.n > sync.counts[kind]["removed"]:
                    yield f"{sync.id} removed {row.n} {kind}, and counted fewer"
        for syncs in completed.values():
            for before, sync in pairwise(syncs):
                for kind in KINDS:
                    removed, had = sync.counts[kind]["removed"], before.counts[kind]["total"]
                    over = removed >= LEAST_RECORDS and removed > MOST_SHARE * had
                    if (over or (kind == "schools" and removed)) and not sync.confirmed:
                        yield f"{sync.id} removed {removed} of {had} {kind}, and nobody confirmed"

    def rosters_are_of_the_last_completed_sync(self) -> Iterator[str]:
        last = {}
        for row in self.rows(
            f"SELECT id, district_id, counts FROM syncs WHERE {APPLIED} ORDER BY finished_at"
        ):
            last[row.district_id] = row
        for district in self.rows("SELECT id, baseline_sync_id FROM districts"):
            applied = last.get(district.id)
            if district.baseline_sync_id != (applied.id if applied else None):
                yield f"{district.id}: the baseline is not of the last completed sync"
        for kind in KINDS:
            active = {
                row.district_id: row.n
                for row in self.rows(
                    f"SELECT district_id, count(*) AS n FROM roster_{kind} WHERE active GROUP BY 1"
                )
            }
            for district_id, sync in last.items():
                wanted, found = sync.counts[kind]["total"], active.pop(district_id, 0)
                if wanted != found:
                    yield f"{district_id}: {found} {kind}, and {sync.id} came to {wanted}"
            yield from (f"{district_id} has {kind} of no sync" for district_id in active)

    def each_mail_is_logged_once_and_came(self) -> Iterator[str]:
        mails = self.rows("SELECT * FROM emails")
        closed = {row.id for row in self.rows("SELECT id FROM holds WHERE resolved_at IS NOT NULL")}
        taken = {message_id: list(sent) for message_id, sent in self._post_office.taken.items()}
        for mail in mails:
            came = taken.pop(mail.message_id, [])
            refused = mail.status == "refused" and mail.message_id in self._post_office.refused
            if mail.status == "not_needed" and mail.hold_id in closed:
                continue
            if mail.status != "sent" and not refused:
                yield f"mail {mail.intent} is {mail.status}: {mail.last_error}"
            if not came and not refused:
                yield f"mail {mail.intent} never came to the server"
            if any(delivery.recipient != mail.recipient for delivery in came):
                yield f"mail {mail.intent} went to somebody else"
        yield from (f"the server has {message_id}, the log does not" for message_id in taken)
        about = Counter((m.template, m.hold_id or m.sync_id, m.recipient, m.day) for m in mails)
        yield from (f"{number} mails about {one}" for one, number in about.items() if number > 1)
        for row in self.rows(
            "SELECT h.id, h.reason, a.email FROM holds h JOIN administrators a USING (district_id)"
        ):
            template = "connection_lost" if row.reason == "disconnected" else "hold_opened"
            if (template, row.id, row.email, None) not in about:
                yield f"{row.email} was not told of the hold {row.id}"
        for row in self.rows(
            "SELECT DISTINCT s.id, a.email FROM syncs s JOIN holds h ON h.sync_id = s.id "
            "JOIN administrators a ON a.district_id = s.district_id WHERE s.state = 'completed'"
        ):
            if ("hold_resolved", row.id, row.email, None) not in about:
                yield f"{row.email} was not told that {row.id} is complete"

    def slots_fired_once(self) -> Iterator[str]:
        """The storm lets one night come for each district, whatever number of schedulers runs."""
        for row in self.rows(
            "SELECT s.district_id, count(*) AS n FROM transitions t JOIN syncs s "
            "ON s.id = t.sync_id WHERE t.who = 'schedule' GROUP BY 1 HAVING count(*) > 1"
        ):
            yield f"{row.district_id}: one slot fired {row.n} times"

    def nothing_waits(self) -> Iterator[str]:
        for row in self.rows(
            "SELECT id, work, attempts, last_error, given_up_at FROM outbox WHERE work <> 'remind'"
        ):
            yield f"work {row.id} waits: {row.work}, {row.attempts} attempts, {row.last_error}"
