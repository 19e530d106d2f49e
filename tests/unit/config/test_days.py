import pytest

from rosterhold.config.settings import SettingsError, load

KEY = {"ROSTERHOLD_SECRET_KEYS": "a-key-of-the-test"}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_files_are_kept_for_35_days_and_removed_records_for_ever_by_default():
    settings = load(KEY)
    assert settings.retention_days == 35
    assert settings.forget_removed_days is None


def test_days_are_read_from_the_environment_and_from_a_file(tmp_path):
    assert load({**KEY, "ROSTERHOLD_RETENTION_DAYS": " 7 "}).retention_days == 7
    file = tmp_path / "other.toml"
    file.write_text('retention_days = 60\nforget_removed_days = "365"\n')
    settings = load(KEY, file)
    assert (settings.retention_days, settings.forget_removed_days) == (60, 365)


@pytest.mark.parametrize("value", ["6", "0", "-35", "3.5", "a month", "35 days", "1e3", "36501"])
def test_files_that_a_rule_looks_back_on_cannot_be_deleted(value):
    with pytest.raises(SettingsError, match="ROSTERHOLD_RETENTION_DAYS must be a whole number"):
        load({**KEY, "ROSTERHOLD_RETENTION_DAYS": value})


@pytest.mark.parametrize("value", ["0", "-1", "never"])
def test_nobody_is_forgotten_at_once_by_a_slip(value):
    with pytest.raises(SettingsError, match="ROSTERHOLD_FORGET_REMOVED_DAYS must be"):
        load({**KEY, "ROSTERHOLD_FORGET_REMOVED_DAYS": value})


@pytest.mark.parametrize("value", ["true", "35.0", "[35]"])
def test_days_in_a_file_are_whole_numbers(tmp_path, value):
    file = tmp_path / "other.toml"
    file.write_text(f"retention_days = {value}\n")
    with pytest.raises(SettingsError, match="retention_days must be a whole number of days"):
        load(KEY, file)


@pytest.mark.parametrize("value", ["5", "300"])
def test_a_lease_may_last_from_five_seconds_to_five_minutes(value):
    assert load({"ROSTERHOLD_LEASE_SECONDS": value}).lease_seconds == int(value)


@pytest.mark.parametrize("value", ["4", "301", "15.5", "soon"])
def test_a_lease_that_no_worker_can_keep_is_refused(value):
    with pytest.raises(SettingsError, match="whole number of seconds from 5 to 300"):
        load({"ROSTERHOLD_LEASE_SECONDS": value})
