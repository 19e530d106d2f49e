"""The main job from the command line alone: add, sync, hold, decide, export."""

import csv
import io
from pathlib import Path

import polars as pl
import pytest

COUNTS = {"added", "changed", "removed", "total"}


@pytest.fixture
def synced(rosterhold, district):
    assert rosterhold("sync", "start", district, "--wait").code == 0
    return rosterhold


def unshare_a_school(world):
    schools = world.district().tables["schools"]
    world.change("remove-school", school=next(iter(schools.ids())))


@pytest.fixture
def held(synced, clever, district):
    """A sync on hold for the removals of a school, as `hold show` gives it."""
    unshare_a_school(clever)
    assert synced("sync", "start", district, "--wait").code == 3
    return synced("hold", "show", district, "--json").document


def test_a_first_sync_completes_and_says_what_it_did(rosterhold, district):
    said = rosterhold("sync", "start", district, "--wait", "--json")
    assert said.code == 0
    sync = said.document
    assert sync["state"] == "completed"
    assert sync["district"] == rosterhold("district", "show", district, "--json").document["id"]
    assert sync["version"] > 1
    assert sync["started_at"] < sync["finished_at"]
    assert sync["counts"].keys() >= {"schools", "students", "contacts", "enrolments"}
    for counts in sync["counts"].values():
        assert counts.keys() >= COUNTS
        assert counts["added"] == counts["total"]
    assert rosterhold("sync", "show", sync["id"], "--json").document == sync


def test_a_second_sync_without_changes_applies_nothing(synced, district):
    said = synced("sync", "start", district, "--wait", "--json")
    assert said.code == 0
    for counts in said.document["counts"].values():
        assert (counts["added"], counts["changed"], counts["removed"]) == (0, 0, 0)


def test_a_school_that_is_unshared_puts_the_sync_on_hold(synced, clever, district):
    unshare_a_school(clever)
    said = synced("sync", "start", district, "--wait", "--json")
    assert said.code == 3
    assert said.document["state"] == "on_hold.data_removals"
    assert said.document["finished_at"] is None
    exported = synced("roster", "export", district, "--kind", "schools", "--json").document
    assert len(exported) == said.document["counts"]["schools"]["total"] + 1


def test_a_hold_shows_its_findings_and_the_digest(held, synced):
    assert held.keys() >= {"sync", "state", "opened_at", "digest", "findings", "decisions"}
    assert len(held["digest"]) == 64
    assert held["decisions"] == []
    finding = held["findings"][0]
    assert finding.keys() >= {
        "reason", "rule", "kind", "school", "measured", "limit", "sentence",
    }  # fmt: skip
    assert {finding["reason"] for finding in held["findings"]} == {"data_removals"}
    [listed] = synced("hold", "list", "--json").document
    assert listed == held


def test_a_hold_is_readable_for_people(held, synced):
    said = synced("hold", "show", held["sync"]).out
    assert held["digest"] in said
    assert held["findings"][0]["sentence"] in said
    assert held["sync"] in synced("hold", "list").out


def test_the_mail_of_a_hold_went_out_before_the_command_ended(held):
    [mail] = Path("var/mail").iterdir()
    assert "office@example.org" in mail.read_text()


def test_the_records_that_would_be_removed_are_written_as_csv(held, synced):
    said = synced("hold", "show", held["sync"], "--csv", "removed.csv", "--json")
    assert said.document == held
    with Path("removed.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == held["reasons"][0]["records"]
    assert rows[0].keys() == {"kind", "key", "name", "detail", "school", "school_name"}
    piped = synced("hold", "show", held["sync"], "--csv", "-").out
    assert list(csv.DictReader(io.StringIO(piped))) == rows


@pytest.mark.parametrize("digest", [[], ["--digest", "0" * 64]])
def test_a_confirmation_without_the_right_digest_changes_nothing(held, synced, digest):
    said = synced("hold", "confirm", held["sync"], *digest, "--wait", "--json")
    assert said.is_one_line_error
    assert synced("hold", "show", held["sync"], "--json").document == held


@pytest.mark.parametrize("words", [["fixed"], ["leave-out"], ["accept", "--digest", "0" * 64]])
def test_a_decision_for_another_reason_is_refused(held, synced, words):
    command, *rest = words
    assert synced("hold", command, held["sync"], *rest).is_one_line_error
    assert synced("hold", "show", held["sync"], "--json").document == held


def test_a_second_start_names_the_held_sync(held, synced, district):
    said = synced("sync", "start", district, "--wait")
    assert said.is_one_line_error
    assert held["sync"] in said.err


def test_confirmed_removals_are_switched_off_and_kept(held, synced, district):
    words = ("roster", "export", district, "--kind", "student", "--format", "json")
    before = synced(*words).document
    said = synced("hold", "confirm", district, "--digest", held["digest"], "--wait", "--json")
    assert said.code == 0
    assert said.document["state"] == "completed"
    removed = said.document["counts"]["students"]["removed"]
    assert removed > 0
    assert len(synced(*words).document) == len(before) - removed
    everyone = synced(*words, "--all").document
    assert {row["id"] for row in everyone} == {row["id"] for row in before}
    gone = [row for row in everyone if not row["active"]]
    assert {row["removed_by_sync"] for row in gone} == {held["sync"]}


def test_a_decision_is_taken_once_and_kept_with_who_and_where(held, synced):
    words = ("hold", "confirm", held["sync"], "--digest", held["digest"])
    assert synced(*words, "--wait").code == 0
    assert synced(*words, "--wait").is_one_line_error
    [decision] = synced("hold", "show", held["sync"], "--json").document["decisions"]
    assert decision["action"] == "confirm_removals"
    assert decision["from_where"] == "command line"
    assert decision["digest"] == held["digest"]
    assert decision["who"]


def test_a_receipt_is_mailed_and_the_history_tells_the_way(held, synced):
    synced("hold", "confirm", held["sync"], "--digest", held["digest"], "--wait")
    assert len(list(Path("var/mail").iterdir())) == 2
    history = synced("sync", "history", held["sync"], "--json").document
    assert [line["to_state"] for line in history] == [
        "running.fetching", "running.evaluating", "on_hold.data_removals", "resumed",
        "running.fetching", "running.evaluating", "running.applying", "completed",
    ]  # fmt: skip


def test_good_data_release_the_hold(held, synced, clever):
    clever.change("restore")
    said = synced("hold", "check-again", held["sync"], "--wait", "--json")
    assert said.code == 0
    assert all(counts["removed"] == 0 for counts in said.document["counts"].values())


def test_bad_data_stay_on_hold_after_another_look(held, synced):
    said = synced("hold", "check-again", held["sync"], "--wait", "--json")
    assert said.code == 3
    assert said.document["id"] == held["sync"]
    assert len(list(Path("var/mail").iterdir())) == 1


def test_a_decision_without_waiting_is_done_by_whoever_waits_later(held, synced):
    said = synced("hold", "confirm", held["sync"], "--digest", held["digest"], "--json")
    assert said.code == 0
    assert said.document["state"] == "resumed"
    assert synced("sync", "wait", held["sync"], "--json").document["state"] == "completed"


def test_a_refused_token_is_on_hold_until_it_is_fixed(synced, clever, district):
    clever.change("revoke")
    said = synced("sync", "start", district, "--wait", "--json")
    assert said.code == 3
    assert said.document["state"] == "on_hold.disconnected"
    assert synced("hold", "confirm", district, "--digest", "x").is_one_line_error
    clever.change("connect")
    assert synced("hold", "fixed", district, "--wait").code == 0


def test_doubtful_contacts_are_accepted(synced, clever, district):
    clever.change("emergency-contacts", count=3)
    assert synced("sync", "start", district, "--wait").code == 3
    held = synced("hold", "show", district, "--json").document
    assert held["state"] == "on_hold.data_configuration"
    assert synced("hold", "show", district, "--csv", "-").is_one_line_error
    said = synced("hold", "accept", district, "--digest", held["digest"], "--wait")
    assert said.code == 0


def test_doubtful_contacts_are_left_out(synced, clever, district):
    clever.change("emergency-contacts", count=3)
    assert synced("sync", "start", district, "--wait").code == 3
    assert synced("hold", "leave-out", district, "--wait").code == 0
    shown = synced("district", "show", district, "--json").document
    assert "Emergency" in shown["leave_out_types"]


def test_a_mail_that_fails_does_not_keep_one_waiting(synced, clever, district, monkeypatch):
    monkeypatch.setenv("ROSTERHOLD_SMTP_URL", "smtp://127.0.0.1:1")
    unshare_a_school(clever)
    assert synced("sync", "start", district, "--wait").code == 3


def test_formats_of_an_export_agree(synced, district):
    words = ("roster", "export", district, "--kind", "contacts", "--out")
    for suffix in ("csv", "json", "parquet"):
        said = synced(*words, f"contacts.{suffix}", "--format", suffix)
        assert (said.code, said.out) == (0, "")
    as_json = pl.read_json("contacts.json")
    assert as_json.height > 0
    assert pl.read_parquet("contacts.parquet")["clever_id"].equals(as_json["clever_id"])
    with Path("contacts.csv").open(encoding="utf-8", newline="") as file:
        assert [row["clever_id"] for row in csv.DictReader(file)] == as_json["clever_id"].to_list()


def test_only_the_district_asked_for_is_exported(synced):
    added = synced(
        "district", "add", "--clever-id", "other", "--name", "Other", "--admin", "a@example.org"
    )
    other = added.out.strip()
    assert synced("roster", "export", other, "--kind", "students", "--json").document == []


def test_check_finds_all_well(synced):
    said = synced("check", "--json")
    assert said.code == 0
    assert said.document["ok"] is True


def test_check_says_that_the_client_secret_is_wrong(synced, monkeypatch):
    monkeypatch.setenv("ROSTERHOLD_CLEVER_CLIENT_SECRET", "wrong")
    said = synced("check", "--json")
    assert said.code == 1
    [wrong] = [check for check in said.document["checks"] if not check["ok"]]
    assert wrong["name"] == "clever"
    assert "client id and secret" in wrong["detail"]


def test_standard_error_tells_no_private_data(held, synced):
    said = synced("hold", "confirm", held["sync"], "--digest", held["digest"], "--wait")
    assert "@" not in said.err
