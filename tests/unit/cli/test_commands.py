"""Commands that need no worker: help, settings, districts, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest


def test_help_lists_every_command_and_imports_none_of_them():
    code = (
        "import sys; from rosterhold.cli.main import main; main(['--help']);"
        "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'polars', 'dramatiq')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for command in ("init", "up", "worker", "simulate", "demo", "district", "hold", "check"):
        assert command in done.stdout


def test_the_version_is_printed(rosterhold):
    assert rosterhold("--version").out.strip()


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["sync", "nonsense"],
        ["sync", "start"],
        ["sync", "show", "x", "--nonsense"],
        ["district", "add", "--name", "x"],
        ["roster", "export", "d", "--kind", "students", "--format", "xlsx"],
    ],
)
def test_a_wrong_use_is_one_line_that_names_the_help(rosterhold, words):
    said = rosterhold(*words)
    assert said.is_one_line_error
    assert "--help`" in said.err


def test_a_wrong_setting_is_one_line_that_names_its_key(rosterhold, monkeypatch):
    monkeypatch.setenv("ROSTERHOLD_REDIS_URL", "nonsense")
    said = rosterhold("sync", "list")
    assert said.is_one_line_error
    assert "ROSTERHOLD_REDIS_URL" in said.err


def test_settings_come_from_the_file_named_before_the_command(rosterhold):
    Path("other.toml").write_text('database_url = "sqlite:///elsewhere.db"\n')
    assert rosterhold("--config", "other.toml", "init").code == 0
    assert Path("elsewhere.db").exists()


def test_a_database_that_is_not_there_is_said_and_not_made(rosterhold):
    said = rosterhold("sync", "list")
    assert said.is_one_line_error
    assert "rosterhold init" in said.err
    assert not Path("var/rosterhold.db").exists()


def test_an_unreadable_database_is_said(rosterhold, monkeypatch):
    Path("bad.db").write_text("this is no database, whatever it is called")
    monkeypatch.setenv("ROSTERHOLD_DATABASE_URL", "sqlite:///bad.db")
    said = rosterhold("district", "list")
    assert said.is_one_line_error
    assert "not a database" in said.err


def test_an_empty_database_says_how_to_fill_it(rosterhold, monkeypatch):
    Path("empty.db").touch()
    monkeypatch.setenv("ROSTERHOLD_DATABASE_URL", "sqlite:///empty.db")
    said = rosterhold("district", "list")
    assert said.is_one_line_error
    assert "rosterhold init" in said.err


def test_init_can_be_run_again_and_keeps_what_is_there(ready):
    assert ready("init", "--json").document["ready"] is True
    assert len(ready("district", "list", "--json").document) == 1


def test_an_added_district_is_shown_under_both_ids(ready):
    [listed] = ready("district", "list", "--json").document
    assert listed["administrators"] == ["office@example.org"]
    for word in ("c1", listed["id"], listed["id"].lower()):
        assert ready("district", "show", word, "--json").document == listed


def test_adding_prints_the_id_and_takes_several_mails(ready):
    said = ready(
        "district", "add", "--clever-id", "c2", "--name", "Two",
        "--admin", "a@example.org", "b@example.org", "--admin", "c@example.org,d@example.org",
    )  # fmt: skip
    shown = ready("district", "show", said.out.strip(), "--json").document
    assert [mail[0] for mail in shown["administrators"]] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("mail", ["nobody", "a@", "@example.org", "a b@example.org", "a@b", ""])
def test_a_wrong_mail_address_is_refused(ready, mail):
    said = ready("district", "add", "--clever-id", "c2", "--name", "Two", "--admin", mail)
    assert said.is_one_line_error
    assert len(ready("district", "list", "--json").document) == 1


def test_a_second_district_of_the_same_clever_id_is_refused(ready):
    said = ready("district", "add", "--clever-id", "c1", "--name", "x", "--admin", "a@example.org")
    assert said.is_one_line_error
    assert "c1" in said.err


def test_settings_of_a_district_are_changed_and_nothing_else(ready):
    said = ready(
        "district", "set", "c1", "--name", "New", "--time-zone", "America/Chicago",
        "--policy", "max_removed_share=20%", "--leave-out-types", "Other, Emergency", "--json",
    )  # fmt: skip
    after = said.document
    assert after["name"] == "New"
    assert after["time_zone"] == "America/Chicago"
    assert after["policy"] == {"max_removed_share": 0.2}
    assert after["policy_in_force"]["min_removed_records"] == 5
    assert after["leave_out_types"] == ["Emergency", "Other"]
    assert after["administrators"] == ["office@example.org"]


def test_new_administrators_replace_the_old_ones(ready):
    said = ready("district", "set", "c1", "--admin", "new@example.org", "--json")
    assert said.document["administrators"] == ["new@example.org"]


def test_contacts_are_kept_again(ready):
    ready("district", "set", "c1", "--leave-out-types", "Other")
    said = ready("district", "set", "c1", "--keep-contacts", "--json")
    assert said.document["leave_out_types"] == []


def test_a_school_gets_limits_of_its_own_and_loses_them(ready):
    words = ("district", "set", "c1", "--school", "s1", "--json", "--policy")
    assert ready(*words, "max_removed_people=3").document["schools"] == {
        "s1": {"max_removed_people": 3}
    }
    assert ready(*words, "max_removed_people=default").document["schools"] == {}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--policy", "nonsense=1"],
        ["--policy", "max_removed_share=3"],
        ["--time-zone", "Nowhere/Town"],
        ["--name", " "],
        ["--admin", "nobody"],
        ["--school", "s1"],
        ["--keep-contacts", "--leave-out-types", "Other"],
    ],
)
def test_what_cannot_be_set_changes_nothing(ready, words):
    before = ready("district", "show", "c1", "--json").document
    assert ready("district", "set", "c1", *words).is_one_line_error
    assert ready("district", "show", "c1", "--json").document == before


@pytest.mark.parametrize(
    "words",
    [
        ["district", "show", "nobody"],
        ["district", "set", "nobody", "--name", "x"],
        ["sync", "start", "nobody", "--json"],
        ["sync", "show", "nobody", "--json"],
        ["sync", "list", "--district", "nobody"],
        ["hold", "show", "nobody"],
        ["hold", "confirm", "nobody", "--digest", "x", "--wait"],
        ["roster", "export", "nobody", "--kind", "students"],
    ],
)
def test_an_unknown_district_is_named(ready, words):
    said = ready(*words)
    assert said.is_one_line_error
    assert "nobody" in said.err


def test_a_district_without_a_sync_says_so(ready):
    said = ready("sync", "show", "c1")
    assert said.is_one_line_error
    assert "no sync yet" in said.err


def test_a_second_sync_is_refused_and_the_open_one_named(ready):
    first = ready("sync", "start", "c1", "--json").document
    said = ready("sync", "start", "c1")
    assert said.is_one_line_error
    assert first["id"] in said.err
    assert len(ready("sync", "list", "--json").document) == 1


def test_all_districts_are_started_but_those_with_an_open_sync(ready):
    for name in ("c2", "c3"):
        added = ready(
            "district", "add", "--clever-id", name, "--name", name, "--admin", "a@example.org"
        )
        assert added.code == 0
    ready("sync", "start", "c1")
    started = ready("sync", "start", "--all", "--json").document
    assert {sync["district_clever_id"] for sync in started} == {"c2", "c3"}
    assert ready("sync", "start", "--all", "--json").document == []
    assert ready("sync", "start", "--all").code == 0


def test_of_several_districts_all_are_started_or_none(ready):
    ready("district", "add", "--clever-id", "c2", "--name", "Other", "--admin", "a@example.org")
    assert ready("sync", "start", "c1", "nobody").is_one_line_error
    assert ready("sync", "list", "--json").document == []
    assert len(ready("sync", "start", "c1", "c2", "--json").document) == 2
    assert ready("sync", "start", "c1", "c2").is_one_line_error


def test_a_sync_that_was_only_started_is_queued(ready):
    started = ready("sync", "start", "c1", "--json")
    assert started.code == 0
    assert started.document["state"] == "running.fetching"
    assert started.document["finished_at"] is None
    assert ready("sync", "show", "c1", "--json").document == started.document


def test_a_cancelled_sync_makes_way_for_the_next(ready):
    ready("sync", "start", "c1")
    assert ready("sync", "cancel", "c1", "--json").document["state"] == "cancelled"
    assert ready("sync", "cancel", "c1").is_one_line_error
    assert ready("sync", "start", "c1").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["confirm", "--digest", "x"],
        ["accept", "--digest", "x"],
        ["leave-out"],
        ["fixed"],
        ["check-again"],
    ],
)
def test_a_decision_on_a_sync_that_is_not_held_is_refused(ready, words):
    ready("sync", "start", "c1")
    command, *rest = words
    said = ready("hold", command, "c1", *rest)
    assert said.is_one_line_error
    assert "not on hold" in said.err


def test_nothing_held_is_an_empty_list(ready):
    assert ready("hold", "list", "--json").document == []
    assert ready("hold", "list").out == "Nothing is on hold.\n"


def test_an_empty_roster_is_exported_as_nothing(ready):
    words = ("roster", "export", "c1", "--kind", "students")
    assert ready(*words, "--format", "json").document == []
    assert ready(*words).out.startswith("id,clever_id,sis_id")
    assert len(ready(*words).out.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--kind", "pets"], "students"), (["--kind", "students", "--format", "parquet"], "--out")],
)
def test_what_cannot_be_exported_is_said(ready, words, said):
    answer = ready("roster", "export", "c1", *words)
    assert answer.is_one_line_error
    assert said in answer.err


def test_check_says_each_thing_that_is_wrong(rosterhold, monkeypatch):
    monkeypatch.setenv("ROSTERHOLD_CLEVER_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("ROSTERHOLD_CLEVER_OAUTH_URL", "http://127.0.0.1:1/oauth")
    monkeypatch.setenv("ROSTERHOLD_REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("ROSTERHOLD_SMTP_URL", "smtp://127.0.0.1:1")
    said = rosterhold("check", "--json")
    assert said.code == 1
    assert said.document["ok"] is False
    wrong = {check["name"] for check in said.document["checks"] if not check["ok"]}
    assert wrong == {"database", "redis", "clever", "mail"}


def test_check_reports_a_wrong_setting(rosterhold, monkeypatch):
    monkeypatch.setenv("ROSTERHOLD_LOG_FORMAT", "xml")
    said = rosterhold("check", "--json")
    assert said.code == 1
    assert "ROSTERHOLD_LOG_FORMAT" in said.document["checks"][0]["detail"]
