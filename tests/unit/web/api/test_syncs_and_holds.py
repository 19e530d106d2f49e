"""Syncs and holds: started, followed, decided."""

import json
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from rosterhold.statemachine.chart import SyncEvent, SyncState
from rosterhold.web.api import progress
from tests.offices import Office, emergency_contacts, lost_connection, removal, students

Calls = Callable[..., TestClient]


@pytest.fixture
def held(office: Office, sync_id: str) -> str:
    leaving = students(53)
    office.holds(sync_id, [removal(leaving, 100)], leaving)
    return sync_id


def test_a_sync_is_started_once_and_rung_for(office: Office, calls: Calls, district: str):
    client = calls()
    key = {"Idempotency-Key": "k"}

    first, second = (
        client.post("/syncs", json={"district": district}, headers=key) for _ in range(2)
    )
    other = client.post("/syncs", json={"district": district})

    assert first.status_code == 201
    assert first.json() == second.json()
    assert first.json()["state"] == "running.fetching"
    assert [work.work.value for work in office.doorbell.rung] == ["fetch"]
    assert other.status_code == 409
    assert other.json()["type"] == "urn:rosterhold:problem:already-open"
    assert first.json()["id"] in other.json()["detail"]


def test_syncs_come_newest_first_by_state_and_district(office: Office, calls: Calls, sync_id: str):
    office.happens(sync_id, SyncEvent.CANCEL)
    other = office.starts_sync(office.opens_district("Hilltop"))
    own = office.sync(sync_id).district_id
    client = calls()

    def found(**params: object) -> list[str]:
        return [one["id"] for one in client.get("/syncs", params=params).json()["data"]]

    assert found() == [other, sync_id]
    assert found(state="cancelled") == [sync_id]
    assert found(state=["cancelled", "running.fetching"]) == [other, sync_id]
    assert found(district=own) == [sync_id]
    page = client.get("/syncs", params={"limit": 1}).json()
    assert found(limit=1, cursor=page["next_cursor"]) == [sync_id]


def test_a_sync_with_nothing_new_says_since_when(office: Office, calls: Calls, sync_id: str):
    office.finds_nothing_new(sync_id, datetime(2026, 7, 4, 17, 3, tzinfo=UTC))

    shown = calls().get(f"/syncs/{sync_id}").json()

    assert (shown["state"], shown["counts"]) == ("completed", {})
    assert shown["nothing_new_since"] == "2026-07-04T17:03:00Z"


def test_a_sync_is_cancelled_and_its_history_tells_by_whom(calls: Calls, sync_id: str):
    client = calls()

    assert client.post(f"/syncs/{sync_id}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/syncs/{sync_id}/cancel").status_code == 409
    lines = client.get(f"/syncs/{sync_id}/history").json()["data"]
    assert [line["to_state"] for line in lines] == ["running.fetching", "cancelled"]
    assert lines[-1]["who"] == "token test"
    page = client.get(f"/syncs/{sync_id}/history", params={"limit": 1}).json()
    rest = client.get(f"/syncs/{sync_id}/history", params={"cursor": page["next_cursor"]}).json()
    assert page["data"] + rest["data"] == lines


def test_a_hold_shows_findings_and_digest_and_is_listed(calls: Calls, held: str):
    client = calls()

    hold = client.get(f"/holds/{held}").json()

    assert hold["findings"][0]["sentence"].startswith("Lincoln Elementary would lose 53")
    assert hold["digest"] == hold["reasons"][0]["digest"]
    assert [one["id"] for one in client.get("/holds").json()["data"]] == [held]


def test_holds_come_oldest_first_a_page_at_a_time(office: Office, calls: Calls, held: str):
    other = office.starts_sync(office.opens_district("Hilltop"))
    office.holds(other, [lost_connection()])
    client = calls()

    first = client.get("/holds", params={"limit": 1}).json()
    second = client.get("/holds", params={"limit": 1, "cursor": first["next_cursor"]}).json()

    assert [one["id"] for one in first["data"] + second["data"]] == [held, other]
    assert second["next_cursor"] is None


def test_the_changes_of_a_hold_come_a_page_at_a_time(office: Office, calls: Calls, held: str):
    office.writes_changes(held, "students", [{"change": "added", "clever_id": "n1"}])
    client, found, cursor = calls(), [], ""

    while cursor is not None:
        params = {"limit": 20} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/holds/{held}/changes", params=params).json()
        found += [(one["change"], one["id"]) for one in page["data"]]
        cursor = page["next_cursor"]

    assert found == [("removed", f"s{number:05}") for number in range(53)] + [("added", "n1")]
    added = client.get(f"/holds/{held}/changes", params={"change": "added"}).json()
    assert [one["id"] for one in added["data"]] == ["n1"]


def test_changes_whose_files_are_gone_are_gone(office: Office, calls: Calls, held: str):
    office.store.delete_tree(f"{office.sync(held).district_id}/{held}")

    assert calls().get(f"/holds/{held}/changes").status_code == 410


def test_a_decision_needs_the_digest_and_is_taken_once(office: Office, calls: Calls, held: str):
    client = calls()
    digest = client.get(f"/holds/{held}").json()["digest"]
    path, key = f"/holds/{held}/decisions", {"Idempotency-Key": "k"}
    asked = {"action": "confirm_removals", "digest": digest}

    without = client.post(path, json={"action": "confirm_removals"})
    old = client.post(path, json={**asked, "digest": "0" * 64})
    first = client.post(path, json=asked, headers=key)
    again = client.post(path, json=asked, headers=key)
    late = client.post(path, json=asked)

    assert without.status_code == old.status_code == 409
    assert old.json()["type"] == "urn:rosterhold:problem:outdated"
    assert first.status_code == 200
    assert first.json() == again.json()
    assert late.json()["type"] == "urn:rosterhold:problem:not-on-hold"
    assert office.sync(held).state is SyncState.RESUMED
    [decision] = client.get(f"/holds/{held}").json()["decisions"]
    assert decision["who"] == "token test"


def test_a_decision_for_chosen_schools_leaves_the_others_open(
    office: Office, calls: Calls, sync_id: str
):
    north = students(150, "North High", "n", "north")
    south = students(20, "South High", "s", "south")
    office.holds(sync_id, [removal(north, 300), removal(south, 100)], north + south)
    client = calls()
    digest = client.get(f"/holds/{sync_id}").json()["digest"]

    def confirms(*schools: str):
        asked = {"action": "confirm_removals", "digest": digest, "schools": schools}
        return client.post(f"/holds/{sync_id}/decisions", json=asked)

    nowhere, nobody = confirms("north", "nowhere"), confirms()
    first = confirms("north")
    twice = confirms("north")
    state_between = office.sync(sync_id).state
    last = confirms("south")

    assert (nowhere.status_code, nobody.status_code) == (409, 422)
    assert nowhere.json()["type"] == "urn:rosterhold:problem:no-finding"
    assert (first.status_code, first.json()["state"]) == (200, "on_hold.data_removals")
    assert twice.status_code == 409
    assert state_between is SyncState.HELD_REMOVALS
    assert (last.status_code, last.json()["state"]) == (200, "resumed")
    assert len(client.get(f"/holds/{sync_id}").json()["decisions"]) == 2


def test_an_answer_to_another_reason_changes_nothing(office: Office, calls: Calls, sync_id: str):
    office.holds(sync_id, [emergency_contacts(30)])

    answer = calls().post(f"/holds/{sync_id}/decisions", json={"action": "fixed"})

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:rosterhold:problem:other-reason"
    assert office.sync(sync_id).state is SyncState.HELD_CONFIGURATION


def events(text: str) -> list[tuple[str, dict]]:
    """Name and data of each event."""
    found = re.findall(r"^(?:id: \d+\n)?event: (\w+)\ndata: (.*)$", text, re.MULTILINE)
    return [(name, json.loads(data)) for name, data in found]


def test_a_sync_is_followed_until_it_rests(
    office: Office, calls: Calls, sync_id: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(progress, "HEARTBEAT_EVERY_S", 0.0)
    client, answers = calls(), []

    def follow() -> None:
        answers.append(client.get(f"/syncs/{sync_id}/progress"))

    follower = threading.Thread(target=follow)
    follower.start()
    leaving = students(5)
    office.holds(sync_id, [removal(leaving, 10)], leaving)
    follower.join(60)

    [answer] = answers
    assert answer.headers["content-type"].startswith("text/event-stream")
    states = [data["to_state"] for name, data in events(answer.text) if name == "transition"]
    assert states == ["running.fetching", "running.evaluating", "on_hold.data_removals"]


def test_who_comes_again_gets_what_was_missed_and_then_nothing(calls: Calls, held: str):
    client = calls()

    missed = client.get(f"/syncs/{held}/progress", headers={"Last-Event-ID": "2"})
    nothing = client.get(f"/syncs/{held}/progress", headers={"Last-Event-ID": "3"})

    assert [data["seq"] for _, data in events(missed.text)] == [3]
    assert nothing.status_code == 204
