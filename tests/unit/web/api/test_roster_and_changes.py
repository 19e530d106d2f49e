"""The roster by kind, and the change feed, on either database."""

from collections.abc import Callable
from dataclasses import asdict

import polars as pl
import pytest
from starlette.testclient import TestClient

from rosterhold.adapters import destination, layout
from rosterhold.adapters.database import syncs
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.roster.changes import difference
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.snapshot import INVALID_SCHEMA, empty, no_frames
from rosterhold.statemachine.chart import SyncEvent
from tests.offices import Office

Calls = Callable[..., TestClient]
Rows = dict[str, list[dict[str, str]]]
NOTHING_INVALID = pl.DataFrame(schema=INVALID_SCHEMA)


@pytest.fixture
def office(office_on_both: Office) -> Office:
    return office_on_both


class Town:
    """A district whose roster is synced step by step, as the workers do."""

    def __init__(self, office: Office, name: str = "Prairie") -> None:
        self.office = office
        self.id = office.opens_district(name)
        self.baseline = no_frames()

    def syncs(self, **rows: list[dict[str, str]]) -> str:
        """Bring the roster to these rows."""
        snapshot = {
            name: pl.DataFrame(
                [{**dict.fromkeys(kind.all_columns, ""), **row} for row in rows.get(name, [])],
                schema=empty(kind).schema,
            ).lazy()
            for name, kind in KINDS.items()
        }
        changes = difference(self.baseline, snapshot, NOTHING_INVALID)
        sync_id = self.office.starts_sync(self.id)
        prefix = layout.evaluation_prefix(self.id, sync_id, 1)
        for name, frame in changes.frames.items():
            self.office.store.write(layout.changes_ref(prefix, name), frame)
        counts = {name: asdict(count) for name, count in changes.counts.items()}
        self.office.happens(sync_id, SyncEvent.FETCHED)
        self.office.happens(sync_id, SyncEvent.CLEAR, counts=counts, evaluation_no=1)
        with self.office.database.transaction() as tx:
            frames = {name: frame.lazy() for name, frame in changes.frames.items()}
            destination.apply_changes(tx, district_id=self.id, sync_id=sync_id, changes=frames)
            sync = syncs.load(tx.conn, sync_id)
            assert sync is not None
            perform(tx, sync, SyncEvent.APPLIED, Cause("applied"))
        self.baseline = snapshot
        return sync_id


def student(number: int, **values: str) -> dict[str, str]:
    return {"clever_id": f"stu{number}", "sis_id": f"s{number}", "last_name": "Doe"} | values


SECTION = {"clever_id": "sec1", "sis_id": "c1", "name": "Math"}


def enrolled(*numbers: int) -> list[dict[str, str]]:
    return [
        {"section_clever_id": "sec1", "student_clever_id": f"stu{number}"} for number in numbers
    ]


@pytest.fixture
def town(office: Office) -> Town:
    return Town(office)


@pytest.fixture
def reads(calls: Calls, town: Town) -> Callable[..., dict]:
    client = calls(district=town.id)

    def of(path: str, **params: object) -> dict:
        answer = client.get(f"/districts/{town.id}{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return of


def follows(reads: Callable[..., dict], cursor: str | None = None, limit: int = 2) -> list[dict]:
    """Everything of the feed from a cursor on, in small pages."""
    found: list[dict] = []
    while True:
        page = reads("/changes", limit=limit, **({"cursor": cursor} if cursor else {}))
        found += page["data"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            assert len(page["data"]) <= limit
            return found


def told(changes: list[dict]) -> list[tuple[object, ...]]:
    return [(one["seq"], one["kind"], one["change"], one["id"]) for one in changes]


def test_the_roster_comes_by_kind_a_page_at_a_time(town: Town, reads):
    town.syncs(
        students=[student(number, school_clever_ids='["a","b"]') for number in range(5)],
        sections=[SECTION],
        enrolments=enrolled(0, 1, 2),
    )
    found, cursor = [], None
    while True:
        page = reads("/roster/students", limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert [one["clever_id"] for one in found] == [f"stu{number}" for number in range(5)]
    assert found[0]["school_clever_ids"] == ["a", "b"]
    assert reads(f"/roster/students/{found[3]['id']}") == found[3]
    pairs = reads("/roster/enrolments", limit=2)
    rest = reads("/roster/enrolments", limit=2, cursor=pairs["next_cursor"])
    joined = [one["student_id"] for one in pairs["data"] + rest["data"]]
    assert joined == sorted(one["id"] for one in found[:3])


def test_the_roster_is_asked_for_what_is_active_or_changed_since(town: Town, reads):
    town.syncs(students=[student(1), student(2), student(3)])
    town.syncs(students=[student(1), student(2, grade="4")])

    def ids(**params: object) -> list[str]:
        return [one["clever_id"] for one in reads("/roster/students", **params)["data"]]

    assert ids() == ["stu1", "stu2", "stu3"]
    assert ids(active="true") == ["stu1", "stu2"]
    assert ids(active="false") == ["stu3"]
    since = reads("/roster/students")["data"][1]["changed_at"]
    assert ids(updated_since=since) == ["stu2", "stu3"]
    assert ids(updated_since=since, active="true") == ["stu2"]


def test_the_feed_tells_every_change_of_every_sync_once_and_in_order(town: Town, reads):
    first = town.syncs(
        students=[student(1), student(2)], sections=[SECTION], enrolments=enrolled(1)
    )
    town.syncs(students=[student(1), student(2)], sections=[SECTION], enrolments=enrolled(1))
    third = town.syncs(students=[student(1, grade="4"), student(3)], sections=[SECTION])

    found = follows(reads)

    own = {one["clever_id"]: one["id"] for one in reads("/roster/students")["data"]}
    [pair] = reads("/roster/enrolments")["data"]
    [section] = reads("/roster/sections")["data"]
    assert told(found) == [
        (1, "students", "added", own["stu1"]),
        (1, "students", "added", own["stu2"]),
        (1, "sections", "added", section["id"]),
        (1, "enrolments", "added", pair["id"]),
        (3, "students", "added", own["stu3"]),
        (3, "students", "changed", own["stu1"]),
        (3, "students", "removed", own["stu2"]),
        (3, "enrolments", "removed", pair["id"]),
    ]
    assert {one["sync"] for one in found} == {first, third}
    assert found[3]["parts"] == {"section_id": section["id"], "student_id": own["stu1"]}
    assert found[5]["values"]["grade"] == "4"
    assert found[6]["values"] is None
    for limit in (1, 3, 500):
        assert follows(reads, limit=limit) == found


def test_a_cursor_goes_on_where_it_ended_after_later_syncs(town: Town, reads):
    town.syncs(students=[student(1)])
    page = reads("/changes")
    assert page["has_more"] is False
    now = reads("/changes", start="now")
    assert now["data"] == []
    assert now["next_cursor"] == page["next_cursor"]

    town.syncs(students=[student(1), student(2)])

    for cursor in (page["next_cursor"], now["next_cursor"]):
        [change] = follows(reads, cursor)
        assert change["clever_ids"] == {"clever_id": "stu2"}


def test_a_change_of_before_a_new_clever_id_names_the_same_record(town: Town, reads):
    town.syncs(students=[student(1)], sections=[SECTION], enrolments=enrolled(1))
    town.syncs(students=[student(1, grade="4")], sections=[SECTION], enrolments=enrolled(1))
    renamed = student(1, grade="4") | {"clever_id": "stu9"}
    town.syncs(students=[renamed], sections=[SECTION], enrolments=enrolled(9))

    found = follows(reads)

    [own] = [one["id"] for one in reads("/roster/students")["data"]]
    assert {one["id"] for one in found if one["kind"] == "students"} == {own}
    last = next(one for one in found if one["change"] == "reidentified")
    assert last["clever_ids"] == {"clever_id": "stu9"}
    assert last["former_clever_id"] == "stu1"
    assert len({one["id"] for one in found if one["kind"] == "enrolments"}) == 1


def test_a_record_that_stepped_aside_is_still_named_by_its_own_id(town: Town, reads):
    town.syncs(students=[student(1), student(2)])
    own = {one["clever_id"]: one["id"] for one in reads("/roster/students")["data"]}
    town.syncs(students=[student(2)])
    # The second student gets the Clever id that the removed one had.
    town.syncs(students=[student(2) | {"clever_id": "stu1"}])

    found = follows(reads)

    assert told(found)[2:] == [
        (2, "students", "removed", own["stu1"]),
        (3, "students", "reidentified", own["stu2"]),
    ]
    assert told(found)[:2] == [
        (1, "students", "added", own["stu1"]),
        (1, "students", "added", own["stu2"]),
    ]


def test_a_feed_whose_files_are_gone_says_how_to_go_on(
    office: Office, town: Town, calls: Calls, reads
):
    old = town.syncs(students=[student(1)])
    cursor = reads("/changes", limit=1)["next_cursor"]
    newer = town.syncs(students=[student(1), student(2)])
    office.store.delete_tree(layout.sync_prefix(town.id, newer))
    client = calls()

    answer = client.get(f"/districts/{town.id}/changes", params={"cursor": cursor})

    assert answer.status_code == 410
    assert "start=now" in answer.json()["detail"]
    assert old
    assert reads("/changes", start="now")["data"] == []


def test_two_districts_have_feeds_of_their_own(office: Office, town: Town, calls: Calls, reads):
    other = Town(office, "Hilltop")
    other.syncs(students=[student(1), student(2)])
    town.syncs(students=[student(1)])

    assert [one["seq"] for one in follows(reads)] == [1]
    assert len(calls().get(f"/districts/{other.id}/changes").json()["data"]) == 2
