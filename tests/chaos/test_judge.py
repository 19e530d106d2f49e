"""The judge of the judge: whatever it claims to notice is done to a healthy database."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from chaos.administrators import Ledger
from chaos.commands import Commands
from chaos.folder import new_folder
from chaos.judge import Judge
from chaos.post_office import PostOffice
from chaos.sql import of_sqlite
from chaos.truth import differences
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

pytestmark = pytest.mark.chaos


class Place:
    """One district that was synced, held, confirmed and completed."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "rosterhold.db"
        self.post_office = PostOffice()
        self.simulator = SimulatorServer(World([generate_district(5, 60)]))
        self.ledger = Ledger()
        with self.simulator, self.post_office:
            commands = Commands(folder, self._environment(folder), Random(0))
            self._live(commands)

    def _environment(self, folder: Path) -> dict[str, str]:
        return {
            "ROSTERHOLD_DATABASE_URL": f"sqlite:///{self.file}",
            "ROSTERHOLD_SNAPSHOTS": str(folder / "snapshots"),
            "ROSTERHOLD_CLEVER_API_URL": self.simulator.url,
            "ROSTERHOLD_CLEVER_OAUTH_URL": self.simulator.oauth_url,
            "ROSTERHOLD_SMTP_URL": self.post_office.url,
            "ROSTERHOLD_SECRET_KEYS": "a key for tests and nothing else",
        }

    def _live(self, commands: Commands) -> None:
        (clever_id,) = self.simulator.world.districts
        words = ("--clever-id", clever_id, "--name", "Town", "--admin", "ada@example.org")
        assert commands.run("init").code == 0
        assert commands.run("district", "add", *words).code == 0
        first = commands.run("sync", "start", clever_id, "--wait", "--json")
        self.simulator.world.change("remove-students", clever_id, share=0.5)
        second = commands.run("sync", "start", clever_id, "--wait", "--json")
        assert (first.code, second.code) == (0, 3), first.err + second.err
        self.ledger.started += [first.document["id"], second.document["id"]]
        (hold,) = commands.run("hold", "list", "--json").document
        digest = hold["reasons"][0]["digest"]
        words = ("hold", "confirm", hold["sync"], "--digest", digest, "--wait", "--json")
        assert commands.run(*words).code == 0
        self.ledger.decided.append((hold["sync"], "confirm_removals", digest))

    def judge(self, file: Path) -> Judge:
        return Judge(of_sqlite(file), self.post_office, self.ledger)


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    folder = new_folder(0)
    yield Place(folder)
    shutil.rmtree(folder)


@pytest.fixture
def file(place: Place, tmp_path: Path) -> Path:
    return Path(shutil.copy(place.file, tmp_path / "rosterhold.db"))


def test_a_healthy_database_has_nothing_wrong(place: Place, file: Path):
    assert place.judge(file).verdict() == []
    assert list(differences(of_sqlite(file), place.simulator.world)) == []


DAMAGES = {
    "DELETE FROM transitions WHERE seq = 2": "has gaps",
    "INSERT INTO transitions SELECT sync_id, seq + 1, from_state, to_state, event, why, who, at "
    "FROM transitions t WHERE seq = (SELECT version FROM syncs WHERE id = t.sync_id)": "has gaps",
    "UPDATE transitions SET event = 'clear' WHERE event = 'fetched'": "no such road",
    "UPDATE transitions SET from_state = 'resumed' WHERE event = 'clear'": "no such road",
    "UPDATE transitions SET to_state = 'cancelled' WHERE event = 'applied'": "comes to",
    "UPDATE transitions SET who = 'schedule' WHERE event = 'start'": "one slot fired 2 times",
    "DELETE FROM transitions WHERE event = 'resume'": "answer and history",
    "UPDATE syncs SET state = 'running.applying'": "does not rest",
    "UPDATE syncs SET state = 'failed', failure = 'x'": "failed: x",
    "UPDATE syncs SET finished_at = NULL WHERE version < 6": "finished at None",
    "DELETE FROM syncs": "acknowledged, and is not there",
    "UPDATE holds SET resolved_at = NULL": "open holds",
    "UPDATE holds SET resolved_at = NULL, answered_at = NULL": "unanswered holds",
    "DELETE FROM decisions": "nobody confirmed",
    "INSERT INTO decisions SELECT id || '2', sync_id, district_id, reason, action, who, "
    "from_where, digest, evaluation_no, at, login FROM decisions": "taken 2 times",
    "UPDATE decisions SET digest = 'another'": "acknowledged, and is not there",
    "UPDATE roster_students SET active = 1": "and",
    "DELETE FROM roster_students WHERE id = (SELECT max(id) FROM roster_students WHERE active)": (
        "came to"
    ),
    "UPDATE roster_students SET removed_by_sync = 'nobody' WHERE NOT active": "which may not",
    "UPDATE districts SET baseline_sync_id = NULL": "the baseline is not",
    "UPDATE emails SET status = 'waiting'": "is waiting",
    "UPDATE emails SET status = 'refused'": "is refused",
    "UPDATE emails SET status = 'not_needed' WHERE hold_id IS NULL": "is not_needed",
    "UPDATE emails SET message_id = '<' || id": "never came to the server",
    "UPDATE emails SET recipient = 'eve@example.org'": "went to somebody else",
    "DELETE FROM emails WHERE template = 'hold_opened'": "was not told of the hold",
    "DELETE FROM emails WHERE template = 'hold_resolved'": "was not told that",
    "INSERT INTO emails SELECT id || '2', intent || '2', district_id, sync_id, hold_id, template, "
    "recipient, message_id, status, attempts, last_error, created_at, sent_at, day FROM emails": (
        "2 mails about"
    ),
    "INSERT INTO outbox (work, district_id, subject, queue, created_at, due_at, sends, epoch, "
    "attempts) SELECT 'fetch', id, '', 'urgent', created_at, created_at, 0, 0, 0 FROM districts": (
        "waits: fetch"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_judge_notices(place: Place, file: Path, damage: str):
    with closing(sqlite3.connect(file)) as conn:
        assert conn.execute(damage).rowcount > 0
        conn.commit()
    wrong = place.judge(file).verdict()
    assert any(DAMAGES[damage] in sentence for sentence in wrong), wrong


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE roster_students SET last_name = 'Somebody Else'",
        "DELETE FROM roster_enrolments",
        "UPDATE roster_contacts SET active = 1 - active",
    ],
)
def test_a_roster_that_is_not_as_clever_has_it_is_noticed(place: Place, file: Path, damage: str):
    with closing(sqlite3.connect(file)) as conn:
        conn.execute(damage)
        conn.commit()
    assert list(differences(of_sqlite(file), place.simulator.world))


def test_a_mail_that_nobody_logged_is_noticed(place: Place, file: Path):
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("DELETE FROM emails")
        conn.commit()
    assert any("the log does not" in sentence for sentence in place.judge(file).verdict())
