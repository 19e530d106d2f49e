"""A small Clever of recorded shapes, with verbs of the domain; it answers inside the process."""

import asyncio
import json
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest

from rosterhold.adapters.clever.client import CleverClient
from rosterhold.adapters.clever.fetch import fetch_snapshot
from rosterhold.adapters.clever.rate import MemoryRateGate
from rosterhold.adapters.clever.unchanged import unchanged_since
from rosterhold.adapters.http import Http
from rosterhold.adapters.snapshots import FolderSnapshots

DISTRICT = "58da8a43cc70ab00017a1a87"
LISTS = ("schools", "terms", "courses", "sections", "users")


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 1_795_000_000.0
        self.slept = []

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class FakeClever:
    def __init__(self):
        self.tokens = {DISTRICT: "token-1"}
        self.district = {"id": DISTRICT, "name": "#DEMO", "state": "running", "error": ""}
        self.district["last_sync"] = "2026-11-20T08:00:00.000Z"
        self.lists = {name: {} for name in LISTS}
        self.page_size = 10_000
        self.asked = []
        self.faults = []
        self.syncs_after = None
        self.repeats_first_pages = False

    # What the district does

    def has_school(self, school, **fields):
        self._add("schools", {"id": school, "name": f"School {school}", **fields})

    def has_user(self, user, role, fields=None, **top):
        person = {"id": user, "name": {"first": "A", "last": "B"}, "roles": {role: fields or {}}}
        self._add("users", person | top)

    def has_section(self, section, school, students=(), **fields):
        content = {"id": section, "school": school, "students": list(students), "teachers": []}
        self._add("sections", content | fields)

    def has_anything(self, name, key, element):
        """An element of a list as it comes, however malformed."""
        self.lists[name][key] = element

    def has_a_small_roster(self):
        """Two schools, five students, a contact each, a teacher and a class."""
        self.has_school("b1")
        self.has_school("b2")
        for number in range(1, 6):
            self.has_user(f"c{number}", "student", {"school": "b1", "sis_id": f"S{number}"})
            link = {"student": f"c{number}", "type": "Primary", "relationship": "Parent"}
            self.has_user(f"e{number}", "contact", {"student_relationships": [link]})
        self.has_user("d1", "teacher", {"school": "b1"})
        self.has_section("f1", "b1", ["c1", "c2"], teacher="d1")

    def syncs_after_each(self, requests):
        """`last_sync` moves with every so many requests for data."""
        self.syncs_after = requests

    def rotates_its_token(self, token):
        self.tokens[DISTRICT] = token

    def removes_the_app(self):
        self.tokens.clear()

    # What Clever does

    def fails(self, answer, *, at, times=1):
        """Answer a path (or `path role`) so, a number of times.

        `answer` is a status and a body, an exception to raise, or takes the page that would have
        been given and gives another.
        """
        self.faults.append([at, times, answer])

    def client(self):
        return httpx.MockTransport(self._answer)

    def _add(self, name, content):
        uri = f"/v3.0/{name}/{content['id']}"
        self.lists[name][content["id"]] = {"data": content, "uri": uri}

    def _answer(self, request):
        path = request.url.path
        query = dict(parse_qsl(request.url.query.decode()))
        if path == "/oauth/tokens":
            return self._token_list(query)
        name = path.removeprefix("/v3.0/")
        wanted = f"{name} {query['role']}" if "role" in query else name
        self.asked.append((wanted, query.get("starting_after", ""), query.get("limit", "")))
        bearer = request.headers["authorization"].removeprefix("Bearer ")
        if bearer not in self.tokens.values():
            return httpx.Response(401, json={"message": "invalid token"})
        if self.syncs_after and name in LISTS and len(self.asked) % self.syncs_after == 0:
            self.district["last_sync"] = f"moved at request {len(self.asked)}"
        return self._faulty(wanted, query) or self._good(name, query)

    def _token_list(self, query):
        data = [
            {
                "id": "1",
                "created": "2022-06-23T21:56:32.335Z",
                "owner": {"type": "district", "id": district},
                "access_token": token,
                "scopes": ["read:students"],
            }
            for district, token in self.tokens.items()
            if query.get("district", district) == district
        ]
        return self._faulty("tokens", query) or httpx.Response(200, json={"data": data})

    def _faulty(self, wanted, query):
        for fault in self.faults:
            at, times, answer = fault
            if times and wanted == at:
                fault[1] -= 1
                if isinstance(answer, Exception):
                    raise answer
                if callable(answer):
                    return answer(self._good(wanted.split()[0], query))
                status, body, *headers = answer
                content = json.dumps(body).encode() if isinstance(body, dict) else body
                return httpx.Response(status, content=content, headers=dict(*headers))
        return None

    def _good(self, name, query):
        if name.startswith("districts/"):
            return httpx.Response(200, json={"data": self.district, "links": []})
        role = query.get("role", "")
        after = "" if self.repeats_first_pages else query.get("starting_after", "")
        limit = min(int(query["limit"]), self.page_size)
        ids = [
            key for key in sorted(self.lists[name]) if key > after and self._has(name, key, role)
        ]
        links = [{"rel": "self", "uri": f"/v3.0/{name}"}]
        if ids[limit:]:
            rest = urlencode(query | {"starting_after": ids[limit - 1]})
            links.append({"rel": "next", "uri": f"/v3.0/{name}?{rest}"})
        page = [self.lists[name][key] for key in ids[:limit]]
        return httpx.Response(200, json={"data": page, "links": links})

    def _has(self, name, key, role):
        element = self.lists[name][key]
        if not role:
            return True
        try:
            return role in element["data"]["roles"]
        except (TypeError, KeyError):
            return element.get("served_as") == role if isinstance(element, dict) else False


class Fetching:
    """Fetches the fake's district as a worker would, and keeps what it was told."""

    prefix = "district/sync/fetch-1"

    def __init__(self, clever, clock, store):
        self.clever, self.clock, self.store = clever, clock, store
        self.pages = []
        self.dies_after = None

    def __call__(self, had=None, gate=None):
        return asyncio.run(self._fetch(had or {}, gate))

    def is_killed_after(self, pages):
        self.dies_after = pages
        with pytest.raises(KilledError):
            self()

    def ask(self, question):
        """What `question(client)` gives."""
        return asyncio.run(self._with_client(question))

    def is_still_true(self):
        """Whether Clever is found to have what was fetched."""
        return None is not self.ask(
            lambda client: unchanged_since(client, self.store, self.prefix, DISTRICT)
        )

    def rows(self, fetched, kind):
        return self.store.scan([fetched.manifest.files[kind]]).collect().rows(named=True)

    def invalid(self, fetched):
        return self.store.scan([fetched.manifest.invalid]).collect().rows()

    def _on_page(self, kind, records):
        self.pages.append((kind, records))
        if self.dies_after is not None and len(self.pages) >= self.dies_after:
            self.dies_after = None
            raise KilledError

    async def _fetch(self, had, gate):
        return await self._with_client(
            lambda client: fetch_snapshot(
                client, self.store, self.prefix, DISTRICT, had=had, on_page=self._on_page
            ),
            gate,
        )

    async def _with_client(self, use, gate=None):
        async with Http(self.clever.client()) as http:
            client = CleverClient(
                http,
                client_id="app",
                client_secret="secret",
                gate=gate or MemoryRateGate(self.clock),
                sleep=self.clock.sleep,
                jitter=lambda: 1.0,
                now=self.clock,
            )
            return await use(client)


class KilledError(Exception):
    """The worker dies here."""


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def clever():
    return FakeClever()


@pytest.fixture
def fetching(clever, clock, tmp_path):
    return Fetching(clever, clock, FolderSnapshots(tmp_path))
