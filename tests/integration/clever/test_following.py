"""Events, and whether they lead to what a full fetch gives; against the stand-in on a real port."""

import asyncio
import time

import pytest

from rosterhold.adapters.clever.client import CleverClient
from rosterhold.adapters.clever.fetch import fetch_snapshot
from rosterhold.adapters.clever.follow import Doubt, base_at, fetch_by_events, look
from rosterhold.adapters.clever.outcome import Fetched
from rosterhold.adapters.clever.rate import MemoryRateGate
from rosterhold.adapters.http import Http
from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.roster.kinds import KINDS
from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.events import Event
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.records import encode
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

WEEK_S = 7 * 24 * 3600.0
# The simulator's clock is so far behind that no event is just being written.
BEHIND_S = 3600.0


class Followed:
    """A district at Clever, and the snapshots made of it."""

    def __init__(self, world: World, url: str, store: FolderSnapshots) -> None:
        self.world = world
        self.url = url
        self.store = store
        self.district = world.district()
        self.late_s = 0.0
        self.made = 0

    def changes(self, name, **parameters):
        self.world.change(name, **parameters)

    def tells(self, kind, what, record, previous=None):
        """An event that no change stands behind."""
        second = self.world.clock()
        identifier = self.district.event_ids.next()
        body = encode(record)
        old = None if previous is None else encode(previous)
        stamp = self.world.now().isoformat()
        self.district.events.append(Event(identifier, kind, what, second, stamp, body, old))

    def a_user(self, role):
        return self.district.tables["users"].get(next(iter(self.district.ids_of(role))))

    def behaves(self, **behaviour):
        self.world.behaviour = Behaviour(**behaviour)

    def fully(self):
        """Fetch all; returns the prefix of the snapshot."""
        prefix = self._prefix()
        fetched = self._with_client(
            lambda client: fetch_snapshot(
                client,
                self.store,
                prefix,
                self.district.id,
                had={},
                on_page=lambda *_: None,
                followed=True,
            )
        )
        assert isinstance(fetched, Fetched)
        return prefix

    def by_events(self, after):
        """Fetch the events after a snapshot; returns the prefix of the new one, or the doubt."""
        prefix = self._prefix()
        base = base_at(self.store, after)
        assert base is not None
        outcome = self._with_client(
            lambda client: fetch_by_events(client, self.store, prefix, self.district.id, base)
        )
        if isinstance(outcome, Doubt):
            assert not self.store.list(prefix)
            return outcome
        return prefix

    def news(self, after):
        base = base_at(self.store, after)
        assert base is not None
        return self._with_client(lambda client: look(client, self.district.id, base))

    def rows(self, prefix):
        """All that a snapshot holds, by kind."""
        kinds = {
            name: self.store.scan([f"{prefix}/{name}.parquet"]).collect().sort(kind.key).rows()
            for name, kind in KINDS.items()
        }
        return kinds | {"invalid": self.store.scan([f"{prefix}/invalid.parquet"]).collect().rows()}

    def _prefix(self):
        self.made += 1
        return f"district/sync-{self.made}/fetch-1"

    def _with_client(self, use):
        return asyncio.run(self._run(use))

    async def _run(self, use):
        async with Http() as http:
            client = CleverClient(
                http,
                client_id=self.world.client_id,
                client_secret=self.world.client_secret,
                gate=MemoryRateGate(time.time),
                data_url=self.url,
                oauth_url=self.url,
                now=lambda: time.time() + self.late_s,
            )
            return await use(client)


@pytest.fixture
def followed(tmp_path):
    world = World([generate_district(5, 250)], clock=lambda: time.time() - BEHIND_S)
    with SimulatorServer(world) as server:
        # The feed of a district that never changed is empty.
        world.change("edit-names", count=1)
        yield Followed(world, server.url, FolderSnapshots(tmp_path))


CHANGES = [
    ("add-students", {"count": 6}),
    ("add-school", {"students": 20}),
    ("remove-students", {"share": 0.1}),
    ("remove-teachers", {"count": 3}),
    ("remove-sections", {"share": 0.2}),
    ("edit-names", {"share": 0.1}),
    ("rekey", {}),
    ("rekey-contacts", {"share": 0.2}),
    ("introduce-contact-sis-ids", {}),
    ("emergency-contacts", {"count": 12}),
    ("many-guardians", {}),
    ("employee-email", {"way": "change"}),
    ("employee-email", {"way": "split"}),
    ("employee-email", {"way": "merge"}),
    ("malformed", {"kind": "students", "how": "type", "count": 3}),
    ("remove-school", {}),
    ("year-end", {}),
]


@pytest.mark.parametrize(("name", "parameters"), CHANGES)
def test_events_of_a_change_lead_to_what_a_full_fetch_gives(followed, name, parameters):
    before = followed.fully()
    followed.changes(name, **parameters)
    after = followed.by_events(before)
    assert not isinstance(after, Doubt), after
    assert followed.rows(after) == followed.rows(followed.fully())
    assert followed.rows(after) != followed.rows(before)


def test_many_changes_are_followed_one_after_the_other(followed):
    at = followed.fully()
    for name, parameters in [*CHANGES[:4], ("return-student", {"count": 5}), *CHANGES[4:12]]:
        followed.changes(name, **parameters)
        at = followed.by_events(at)
        assert not isinstance(at, Doubt), (name, at)
    assert followed.rows(at) == followed.rows(followed.fully())


def test_what_the_full_fetch_had_seen_already_may_be_told_again(followed):
    before = followed.fully()
    for name, parameters in CHANGES[:8]:
        followed.changes(name, **parameters)
    reached = followed.store.read_bytes(f"{before}/reached.json")
    now = followed.fully()
    followed.store.write_bytes(f"{now}/reached.json", reached)
    again = followed.by_events(now)
    assert followed.rows(again) == followed.rows(now)


def test_without_events_there_is_no_news(followed):
    assert not followed.news(followed.fully()).exist


def test_an_event_is_news(followed):
    before = followed.fully()
    followed.changes("edit-names", count=1)
    news = followed.news(before)
    assert (news.exist, news.settled) == (True, True)


def test_what_clever_is_just_writing_is_left_for_later(followed):
    before = followed.fully()
    followed.changes("edit-names", count=1)
    followed.late_s = -BEHIND_S
    assert not followed.news(before).settled
    assert "just writing" in followed.by_events(before).why


def test_an_empty_feed_is_followed_by_nothing(followed):
    followed.behaves(events_enabled=False)
    assert base_at(followed.store, followed.fully()) is None


def test_events_that_were_switched_off_are_doubted(followed):
    before = followed.fully()
    followed.behaves(events_enabled=False)
    assert followed.news(before).exist
    assert "does not reach back" in followed.by_events(before).why


def test_data_that_moved_without_an_event_are_doubted(followed):
    before = followed.fully()
    followed.district.info["last_sync"] = "2026-11-25T04:00:00.000Z"
    assert followed.news(before).exist
    assert "without an event" in followed.by_events(before).why


def test_a_feed_that_was_cut_is_doubted(followed):
    before = followed.fully()
    followed.changes("edit-names", count=2)
    del followed.district.events[:-1]
    assert "does not reach back" in followed.by_events(before).why


def test_a_full_fetch_of_a_week_ago_is_doubted(followed):
    before = followed.fully()
    followed.late_s = WEEK_S - 60
    assert not followed.news(before).exist
    followed.late_s = WEEK_S
    assert followed.news(before).exist
    assert "a week old" in followed.by_events(before).why


def test_a_refused_feed_is_doubted(followed):
    before = followed.fully()
    followed.world.fail("404", path="events")
    assert followed.news(before).exist
    assert "cannot be read" in followed.by_events(before).why


@pytest.mark.parametrize("kind", ["attendances", "users.roles"])
def test_an_unknown_type_is_doubted(followed, kind):
    before = followed.fully()
    followed.tells(kind, "updated", followed.a_user("student"))
    assert "of the type" in followed.by_events(before).why


def test_an_event_without_the_id_of_its_record_is_doubted(followed):
    before = followed.fully()
    followed.changes("malformed", kind="students", how="missing-id", count=1)
    assert "as it should" in followed.by_events(before).why


def test_an_update_of_a_stranger_is_doubted(followed):
    before = followed.fully()
    stranger = {**followed.a_user("student"), "id": "f" * 23 + "0"}
    followed.tells("users", "updated", stranger)
    assert "not in the last snapshot" in followed.by_events(before).why


def test_a_record_that_comes_again_with_other_data_is_doubted(followed):
    before = followed.fully()
    known = followed.a_user("student")
    followed.tells("users", "created", {**known, "name": {"first": "An", "last": "Other"}})
    assert "with other data" in followed.by_events(before).why


def test_fields_that_vanish_are_not_taken_for_lost(followed):
    before = followed.fully()
    known = followed.a_user("student")
    rest = {key: value for key, value in known.items() if key != "name"}
    followed.tells("users", "updated", rest, previous=known)
    assert "shared no longer" in followed.by_events(before).why


def test_a_user_without_a_role_is_doubted(followed):
    before = followed.fully()
    known = followed.a_user("student")
    followed.tells("users", "updated", {**known, "roles": {}})
    assert "names no role" in followed.by_events(before).why


def test_nothing_left_is_doubted(followed):
    before = followed.fully()
    followed.changes("unshare-everything")
    assert isinstance(followed.by_events(before), Doubt)
