"""Fetching over a real port from the stand-in Clever."""

import asyncio
import time

import pytest

from rosterhold.adapters.clever.client import CleverClient
from rosterhold.adapters.clever.fetch import fetch_snapshot
from rosterhold.adapters.clever.outcome import Fetched
from rosterhold.adapters.clever.rate import MemoryRateGate
from rosterhold.adapters.clever.unchanged import unchanged_since
from rosterhold.adapters.http import Http
from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.roster.kinds import KINDS
from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.files import load_district
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

# Makes several pages of the generated district's lists.
SMALL_PAGES = 200
PREFIX = "d/s/fetch-1"


@pytest.fixture
def serve(tmp_path, clock):
    servers = []
    # The simulator dates its answers by the real time.
    clock.now = float(int(time.time()))

    def start(district, **behaviour):
        world = World([district], behaviour=Behaviour(**behaviour), clock=clock)
        servers.append(SimulatorServer(world).start())
        return Fetch(servers[-1], FolderSnapshots(tmp_path / str(len(servers))), clock)

    yield start
    for server in servers:
        server.stop()


class Fetch:
    def __init__(self, server, store, clock):
        self.world, self.store, self.clock = server.world, store, clock
        self._server = server

    def __call__(self, had=None):
        return asyncio.run(self._fetch(had or {}))

    def rows(self, fetched):
        return {
            name: self.store.scan([ref]).collect().rows()
            for name, ref in fetched.manifest.files.items()
        }

    def is_still_true(self):
        """Whether Clever is found to have what was fetched."""
        clever_id = self.world.district().id

        async def ask(client):
            return await unchanged_since(client, self.store, PREFIX, clever_id)

        return asyncio.run(self._with_client(ask)) is not None

    async def _fetch(self, had):
        async def fetch(client):
            return await fetch_snapshot(
                client,
                self.store,
                PREFIX,
                self.world.district().id,
                had=had,
                on_page=lambda _kind, _records: None,
            )

        return await self._with_client(fetch)

    async def _with_client(self, use):
        async with Http() as http:
            client = CleverClient(
                http,
                client_id=self.world.client_id,
                client_secret=self.world.client_secret,
                gate=MemoryRateGate(self.clock),
                data_url=self._server.url,
                oauth_url=self._server.url,
                sleep=self.clock.sleep,
                now=self.clock,
            )
            return await use(client)


def small_district():
    return generate_district(7, 900)


def test_clevers_demo_district_arrives_whole_over_the_wire(serve, shared):
    fetched = serve(load_district(shared / "clever" / "demo-district"))()
    counts = fetched.manifest.counts
    assert (counts["students"], counts["contacts"], counts["teachers"]) == (1004, 1002, 89)
    assert (counts["district_admins"], counts["sections"], counts["enrolments"]) == (3, 378, 8954)
    assert not fetched.manifest.invalid_counts


def test_missing_values_strange_order_and_unknown_fields_give_the_same_rows(serve):
    fetch = serve(small_district())
    plain = fetch.rows(fetch())
    for form in ("absent", "null"):
        other = serve(small_district(), empty_values=form, shuffled_keys=True, unknown_fields=True)
        assert other.rows(other()) == plain


def test_many_small_pages_give_the_same_rows_as_one(serve):
    whole, paged = serve(small_district()), serve(small_district(), max_limit=SMALL_PAGES)
    assert paged.rows(paged()) == whole.rows(whole())


@pytest.mark.parametrize(
    "fault", ["429", "500", "502", "503", "cut-body", "html-200", "missing-between-pages"]
)
def test_a_fault_that_passes_changes_nothing(serve, fault):
    plain, hurt = serve(small_district()), serve(small_district(), max_limit=SMALL_PAGES)
    hurt.world.fail(fault, times=3)
    outcome = hurt()
    assert isinstance(outcome, Fetched), outcome
    assert hurt.rows(outcome) == plain.rows(plain())


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("401", "token_refused"),
        ("403", "out_of_scope"),
        ("404", "incomplete"),
        ("404-html", "incomplete"),
        ("500", "unreachable"),
        ("cut-body", "unreachable"),
        ("html-200", "bad_answer"),
        ("repeat-page", "incomplete"),
        ("next-loop", "incomplete"),
    ],
)
def test_a_fault_that_lasts_is_told_and_the_next_fetch_is_whole(serve, fault, code):
    fetch = serve(small_district(), max_limit=SMALL_PAGES)
    fetch.world.fail(fault, path="/users")
    assert fetch(had={"contacts": 1, "staff": 1, "district_admins": 1}).code == code
    fetch.world.heal()
    assert isinstance(fetch(), Fetched)


def test_data_that_always_move_are_given_up(serve):
    fetch = serve(small_district())
    fetch.world.fail("moving")
    assert fetch().code == "moving"


def test_a_generated_district_has_no_record_that_cannot_be_read(serve):
    fetched = serve(small_district())()
    assert not fetched.manifest.invalid_counts
    people = sum(fetched.manifest.counts[name] for name, kind in KINDS.items() if kind.people)
    assert people >= 900


def test_a_fetch_of_more_requests_than_the_limit_waits_and_is_never_refused(serve, clock):
    fetch = serve(small_district(), max_limit=SMALL_PAGES, rate_limit=20)
    started = clock.now
    assert isinstance(fetch(), Fetched)
    assert clock.now - started > 59
    assert fetch.world.requests.by_status[429] == 0


def test_what_is_shared_otherwise_is_noticed_by_the_length_of_a_list_alone(serve):
    fetch = serve(small_district())
    fetch()
    district = fetch.world.district()
    assert fetch.is_still_true()
    before = district.info["last_sync"]
    fetch.world.change("remove-school")
    assert district.info["last_sync"] != before
    district.info["last_sync"] = before
    assert not fetch.is_still_true()
