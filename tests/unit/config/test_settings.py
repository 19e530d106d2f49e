import stat
from pathlib import Path

import pytest

from rosterhold.config.settings import Settings, SettingsError, load, own_key

KEY = {"ROSTERHOLD_SECRET_KEYS": "a-key-of-the-test"}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text: str, name: str = "rosterhold.toml") -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def test_nothing_but_loopback_is_named_by_default():
    settings = load(KEY)
    for url in (settings.clever_api_url, settings.clever_oauth_url, settings.public_url):
        assert url.startswith("http://127.0.0.1:")
    assert settings.redis_url is None
    assert settings.smtp_url is None


def test_the_environment_wins_over_the_file_and_the_file_over_the_default():
    write('mail_from = "file@example.org"\nsnapshots = "from-the-file"\n')
    settings = load({**KEY, "ROSTERHOLD_MAIL_FROM": "environ@example.org"})
    assert settings.mail_from == "environ@example.org"
    assert settings.snapshots == "from-the-file"
    assert settings.database_url == "sqlite:///var/rosterhold.db"


def test_a_named_file_is_read_instead_of_the_one_of_the_folder():
    write('snapshots = "here"\n')
    other = write('snapshots = "there"\n', "other.toml")
    assert load(KEY, other).snapshots == "there"
    assert load({**KEY, "ROSTERHOLD_CONFIG": "other.toml"}).snapshots == "there"


def test_an_empty_value_counts_as_absent():
    assert load({**KEY, "ROSTERHOLD_REDIS_URL": " "}).redis_url is None


@pytest.mark.parametrize(
    "given", ["http://127.0.0.1:1/", "http://127.0.0.1:1", "http://127.0.0.1:1/v3.0/"]
)
def test_the_address_of_clever_is_the_host_whatever_slash_or_version_follows(given):
    settings = load({**KEY, "ROSTERHOLD_CLEVER_API_URL": given})
    assert settings.clever_api_url == "http://127.0.0.1:1"


def test_keys_are_separated_by_commas_or_listed_newest_first():
    assert load({"ROSTERHOLD_SECRET_KEYS": "new, old,"}).secret_keys == ("new", "old")
    path = write('secret_keys = ["new", "old"]\n')
    assert load({}, path).secret_keys == ("new", "old")


def test_without_keys_one_is_made_that_every_process_of_the_folder_reads():
    first = load({}).secret_keys
    assert load({}).secret_keys == first
    assert len(first[0]) >= 32
    assert stat.S_IMODE(Path("var/secret-key").stat().st_mode) == 0o600


def test_an_empty_key_file_is_an_error_and_not_an_empty_key():
    write("", "key")
    with pytest.raises(SettingsError, match="ROSTERHOLD_SECRET_KEYS"):
        own_key(Path("key"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ROSTERHOLD_DATABASE_URL", "mysql://host/name"),
        ("ROSTERHOLD_DATABASE_URL", "sqlite://"),
        ("ROSTERHOLD_DATABASE_URL", "sqlite:///:memory:"),
        ("ROSTERHOLD_REDIS_URL", "http://127.0.0.1"),
        ("ROSTERHOLD_REDIS_URL", "redis://127.0.0.1:port"),
        ("ROSTERHOLD_CLEVER_API_URL", "api.clever.com"),
        ("ROSTERHOLD_CLEVER_OAUTH_URL", "https://"),
        ("ROSTERHOLD_SMTP_URL", "mail.example.org:25"),
        ("ROSTERHOLD_MAIL_FROM", "nobody"),
        ("ROSTERHOLD_PUBLIC_URL", "https://roster.example.org/?a=b"),
        ("ROSTERHOLD_SECRET_KEYS", ","),
        ("ROSTERHOLD_LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_key(key, value):
    with pytest.raises(SettingsError, match=f"^{key} "):
        load({**KEY, key: value})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('databse_url = "x"', "databse_url is not a setting"),
        ("snapshots = 3", "snapshots must be a text"),
        ("snapshots", "is not TOML"),
        ("secret_keys = [1]", "secret_keys must be keys"),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_key(text, said):
    with pytest.raises(SettingsError, match=said) as raised:
        load(KEY, write(text))
    assert "rosterhold.toml" in str(raised.value)


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        load(KEY, Path("nowhere.toml"))


def test_secrets_are_not_printed():
    settings = Settings(
        database_url="postgresql://me:hunter2@127.0.0.1/roster",
        redis_url="redis://:hunter2@127.0.0.1",
        clever_client_secret="hunter2",
        smtp_url="smtp://me:hunter2@127.0.0.1",
        secret_keys=("hunter2",),
    )
    assert "hunter2" not in repr(settings)
    assert "postgresql://me:***@127.0.0.1/roster" in repr(settings)


def test_an_error_does_not_print_the_password_of_a_url():
    with pytest.raises(SettingsError) as raised:
        load({**KEY, "ROSTERHOLD_REDIS_URL": "redis://me:hunter2/3@127.0.0.1"})
    assert "hunter2" not in str(raised.value)
