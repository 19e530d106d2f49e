"""Many districts with syncs in any state, written straight into the tables."""

import random
from collections import defaultdict
from datetime import timedelta

import sqlalchemy as sa
from ulid import ULID

from rosterhold.adapters.database import districts, outbox
from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.tables import (
    emails,
    findings,
    holds,
    syncs,
    transitions,
)
from rosterhold.adapters.database.tables import outbox as outbox_table
from rosterhold.statemachine.chart import SyncState, Work

FINAL = {"completed", "failed", "cancelled"}
STATES = [state.value for state in SyncState]


class Crowd:
    """What operators look at."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[str, str] = {}
        self._syncs: dict[str, str] = {}
        # Written together: thousands of single rows take long.
        self._rows: dict[sa.Table, list[dict[str, object]]] = defaultdict(list)

    def district(
        self, name: str, state: str | None, *, students: int = 0, held_days: float = 1
    ) -> str:
        with self._database.transaction() as tx:
            self._ids[name] = districts.add(
                tx, clever_id=f"clever-{name}", name=name, emails=["office@example.org"]
            )
            if state is not None:
                self._sync(tx, name, state, students=students, held_days=held_days)
            self._write(tx)
        return self._ids[name]

    def _write(self, tx: Transaction) -> None:
        for table in (syncs, transitions, holds, findings):
            if self._rows[table]:
                tx.conn.execute(sa.insert(table), self._rows.pop(table))

    def sync(self, name: str, state: str, *, started_hours_ago: float = 2) -> str:
        with self._database.transaction() as tx:
            sync_id = self._sync(tx, name, state, started_hours_ago=started_hours_ago)
            self._write(tx)
        return sync_id

    def in_all_states(self) -> None:
        for state in [*STATES, None]:
            self.district(f"In {state}", state, students=12)

    def many(self, size: int, seed: int = 1) -> None:
        """So many districts, most of them well."""
        draw = random.Random(seed)
        with self._database.transaction() as tx:
            for number in range(size):
                name = f"{draw.choice(PLACES)} {draw.choice(KINDS)} {number}"
                clever_id = f"{seed:08x}{number:016x}"
                self._ids[name] = districts.add(
                    tx, clever_id=clever_id, name=name, emails=["office@example.org"]
                )
                state = draw.choice(STATES) if draw.random() < 0.4 else "completed"
                hours = draw.uniform(0.1, 22)
                people, days = draw.randrange(5, 3_000), draw.uniform(0.1, 20)
                self._sync(tx, name, state, students=people, held_days=days,
                           started_hours_ago=hours)  # fmt: skip
            self._write(tx)

    def finds_again(self, name: str, rule: str, records: int) -> None:
        """Another rule finds the same people."""
        with self._database.transaction() as tx:
            self._finding(tx, name, "data_removals", rule, records, no=2)
            self._write(tx)

    def work(
        self,
        name: str,
        work: str,
        *,
        failures: int = 0,
        error: str = "it did not work",
        given_up: bool = False,
        leased: bool = False,
        of_sync: bool = False,
    ) -> int:
        with self._database.transaction() as tx:
            outbox.add(
                tx,
                Work(work),
                district_id=self._ids[name],
                sync_id=self._syncs[name] if of_sync else None,
            )
            values = {
                "failures": failures,
                "attempts": failures,
                "last_error": error if failures or given_up else None,
                "given_up_at": tx.now if given_up else None,
                "leased_until": tx.now + timedelta(minutes=5) if leased else None,
            }
            work_id = tx.work[-1].work_id
            tx.conn.execute(
                sa.update(outbox_table).where(outbox_table.c.id == work_id).values(values)
            )
        return work_id

    def mail(
        self, name: str, status: str, *, hours_ago: float = 1, error: str | None = None
    ) -> None:
        with self._database.transaction() as tx:
            at = tx.now - timedelta(hours=hours_ago)
            mail_id = str(ULID())
            row = {
                "id": mail_id, "intent": mail_id, "district_id": self._ids[name],
                "sync_id": self._syncs[name], "template": "hold_opened",
                "recipient": "office@example.org", "message_id": mail_id, "status": status,
                "attempts": 1, "last_error": error, "created_at": at,
                "sent_at": at if status == "sent" else None,
            }  # fmt: skip
            tx.conn.execute(sa.insert(emails).values(row))

    def _sync(
        self,
        tx: Transaction,
        name: str,
        state: str,
        *,
        students: int = 0,
        held_days: float = 1,
        started_hours_ago: float = 2,
    ) -> str:
        is_held = state.startswith("on_hold.")
        held_since = tx.now - timedelta(days=held_days) if is_held else None
        started = (held_since or tx.now) - timedelta(hours=started_hours_ago)
        sync_id = self._syncs[name] = str(ULID())
        ended = tx.now - timedelta(hours=started_hours_ago / 2)
        row = {
            "id": sync_id, "district_id": self._ids[name], "state": state, "version": 1,
            "trigger": "test", "fetch_no": 1, "evaluation_no": 1, "counts": {}, "set_aside": {},
            "started_at": started, "held_since": held_since,
            "finished_at": ended if state in FINAL else None,
            "failure": "the disk is full" if state == "failed" else None,
        }  # fmt: skip
        self._rows[syncs].append(row)
        line = {
            "sync_id": sync_id, "seq": 1, "to_state": state, "event": "start", "why": "a test",
            "who": "test", "at": started,
        }  # fmt: skip
        self._rows[transitions].append(line)
        if is_held:
            self._hold(tx, name, state.removeprefix("on_hold."), students, held_since)
        return sync_id

    def _hold(self, tx: Transaction, name: str, reason: str, students: int, at: object) -> None:
        records = 0 if reason == "disconnected" else students
        self._rows[holds].append(
            {
                "id": str(ULID()),
                "sync_id": self._syncs[name],
                "district_id": self._ids[name],
                "reason": reason,
                "digest": "d",
                "evaluation_no": 1,
                "sentence": "A sentence.",
                "records": records,
                "opened_at": at,
            }
        )
        rule = {"disconnected": "unreachable", "data_removals": "share_removed"}
        self._finding(tx, name, reason, rule.get(reason, "contact_types"), records)

    def _finding(
        self, tx: Transaction, name: str, reason: str, rule: str, records: int, no: int = 1
    ) -> None:
        kind = {"data_removals": "students", "disconnected": ""}.get(reason, "guardianships")
        self._rows[findings].append(
            {
                "sync_id": self._syncs[name],
                "evaluation_no": 1,
                "no": no,
                "district_id": self._ids[name],
                "reason": reason,
                "rule": rule,
                "kind": kind,
                "school": "",
                "school_name": "",
                "measured": 0.5,
                "limit": 0.1,
                "records": records,
                "of": records * 2,
                "sentence": "A sentence.",
            }
        )


PLACES = ("Prairie", "Harbor", "Lake", "Hill", "Cedar", "Mesa", "River", "Summit", "Valley")
KINDS = ("Unified", "Union", "Consolidated", "City Schools", "County Schools", "Independent")
