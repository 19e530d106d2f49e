"""What an operator sets: one frozen object, from the environment or a TOML file.

Nothing but loopback is contacted by default, and nothing is read when this module is imported.
"""

import os
import secrets
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from rosterhold.adapters.webhooks.secret import check_secret
from rosterhold.config.bucket import bucket_address
from rosterhold.statemachine.retention import HISTORY_DAYS

PREFIX: Final = "ROSTERHOLD_"
CONFIG_KEY: Final = "ROSTERHOLD_CONFIG"
DEFAULT_FILE: Final = Path("rosterhold.toml")
KEY_FILE: Final = Path("var/secret-key")
LOG_FORMATS: Final = ("console", "json")
OFF: Final = "off"
MASK: Final = "***"

_SECRETS: Final = frozenset(
    {
        "clever_client_secret",
        "secret_keys",
        "clever_webhook_secrets",
        "resume_webhook_secrets",
        "metrics_token",
    }
)
# The settings that are several texts.
_LISTS: Final = frozenset({"secret_keys", "clever_webhook_secrets", "resume_webhook_secrets"})
_SWITCHES: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_DATABASES: Final = frozenset({"sqlite", "postgresql", "postgres", "postgresql+psycopg"})
_QUEUES: Final = frozenset({"redis", "rediss", "unix"})
# The settings that are whole numbers → the least that each may be.
_DAYS: Final = {"retention_days": HISTORY_DAYS, "forget_removed_days": 1, "full_read_days": 0}
_MOST_DAYS: Final = 36_500
# Three signs of life have to fit into it.
_LEASE_S: Final = (5, 300)
_MOST_REQUESTS: Final = 1_000_000
_WEB: Final = frozenset({"http", "https"})
_MAIL: Final = frozenset({"smtp", "smtps"})


class SettingsError(Exception):
    """Raised for a setting that cannot be used; the text names its key, never a secret."""


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """Everything an operator sets. `repr` and `shown` mask secrets.

    Attributes:
        database_url: ``sqlite:///path`` or ``postgresql://…``.
        redis_url: the message queue; None for one inside the process.
        snapshots: where snapshots lie: a folder, or ``s3://bucket/prefix``.
        retention_days: how long the files of a sync are kept after it finished.
        forget_removed_days: how long a removed record keeps its personal data; None for ever.
        full_read_days: a scheduled sync reads Clever fully at least so often; 0 for always.
        lease_seconds: how long a worker that does not say that it lives keeps its work.
        clever_api_url: the host under which ``/v3.0/…`` lies, without a trailing slash.
        clever_oauth_url: below it lies ``/tokens``, without a trailing slash.
        clever_issuer: who signs for people who log in with Clever; None for the host of
            `clever_oauth_url`, ``off`` to offer no such login.
        smtp_url: None to write mails as files under `mail_folder`.
        public_url: where people reach the web pages, without a trailing slash.
        secret_keys: newest first; the first signs and encrypts, all of them verify and decrypt.
        log_format: "console" or "json".
        api_requests_per_minute: how many requests a token of the API may send in a minute.
        clever_webhook_secrets: who may say that Clever has new data; newest first.
        resume_webhook_secrets: who may answer holds from outside; newest first.
        webhooks_to_private: whether endpoints may be on this machine or network, by plain HTTP.
        otlp_url: the OpenTelemetry collector that traces go to; None for none.
        metrics_token: what `/metrics` asks for as a bearer token; None for this machine only.
    """

    database_url: str = "sqlite:///var/rosterhold.db"
    redis_url: str | None = None
    snapshots: str = "var/snapshots"
    retention_days: int = 35
    forget_removed_days: int | None = None
    full_read_days: int = 7
    lease_seconds: int = 15
    clever_api_url: str = "http://127.0.0.1:8900"
    clever_oauth_url: str = "http://127.0.0.1:8900/oauth"
    clever_issuer: str | None = None
    clever_client_id: str = "demo-client"
    clever_client_secret: str = "demo-secret"  # noqa: S105 - the simulator's, on loopback
    smtp_url: str | None = None
    mail_from: str = "rosterhold@localhost"
    mail_folder: str = "var/mail"
    public_url: str = "http://127.0.0.1:8800"
    secret_keys: tuple[str, ...] = ()
    log_format: str = "console"
    api_requests_per_minute: int = 600
    clever_webhook_secrets: tuple[str, ...] = ()
    resume_webhook_secrets: tuple[str, ...] = ()
    webhooks_to_private: bool = False
    otlp_url: str | None = None
    metrics_token: str | None = None

    def shown(self) -> dict[str, str]:
        """The settings as they may be printed."""
        return {name: _shown(name, getattr(self, name)) for name in NAMES}

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value}" for name, value in self.shown().items())
        return f"Settings({inner})"


NAMES: Final = tuple(field.name for field in fields(Settings))


def load(environ: Mapping[str, str], toml_path: Path | None = None) -> Settings:
    """Read the settings: the environment wins over the file, the file over the defaults.

    Args:
        environ: usually `os.environ`; an empty value counts as absent.
        toml_path: the file; without it ROSTERHOLD_CONFIG, then rosterhold.toml if there is one.

    Raises:
        SettingsError: a value cannot be used, or the file cannot be read.
    """
    values: dict[str, Any] = {"log_format": "console" if sys.stderr.isatty() else "json"}
    path = _file(environ, toml_path)
    if path is not None:
        for name, raw in _read(path).items():
            values[name] = _checked(name, raw, f"{path}: {name}")
    for name in NAMES:
        raw = environ.get(PREFIX + name.upper(), "").strip()
        if raw:
            values[name] = _checked(name, raw, PREFIX + name.upper())
    if "secret_keys" not in values:
        values["secret_keys"] = (own_key(KEY_FILE),)
    return Settings(**values)


def own_key(path: Path) -> str:
    """The random key kept in a file, made at the first call; every process reads the same.

    Raises:
        SettingsError: the file can be neither made nor read.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(32))
            # A link is made once: of two processes the second keeps the first one's key.
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_text().strip()
    except OSError as error:
        raise SettingsError(
            f"ROSTERHOLD_SECRET_KEYS is not set, and the key file {path} cannot be used: "
            f"{error.strerror}"
        ) from error
    if not key:
        raise SettingsError(f"ROSTERHOLD_SECRET_KEYS is not set, and the key file {path} is empty")
    return key


def _file(environ: Mapping[str, str], toml_path: Path | None) -> Path | None:
    if toml_path is not None:
        return toml_path
    named = environ.get(CONFIG_KEY, "").strip()
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def _read(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} is not TOML: {error}") from error
    for name in content:
        if name not in NAMES:
            raise SettingsError(f"{path}: {name} is not a setting; there are {', '.join(NAMES)}")
    return content


def _checked(name: str, raw: object, key: str) -> object:
    """The value of a setting as it is used, or an error that begins with its key."""
    if name in _LISTS:
        return _keys(raw, key, are_for_webhooks=name != "secret_keys")
    if name == "webhooks_to_private":
        return _switch(raw, key)
    if name in _DAYS:
        return _number(raw, key, f"number of days, {_DAYS[name]} or more", _DAYS[name], _MOST_DAYS)
    if name == "lease_seconds":
        least, most = _LEASE_S
        return _number(raw, key, f"number of seconds from {least} to {most}", least, most)
    if name == "api_requests_per_minute":
        return _number(raw, key, f"number from 1 to {_MOST_REQUESTS}", 1, _MOST_REQUESTS)
    if not isinstance(raw, str) or not raw.strip():
        raise SettingsError(f"{key} must be a text that is not empty")
    check = _CHECKS.get(name)
    try:
        return raw if check is None else check(raw.strip())
    except ValueError as error:
        raise SettingsError(f"{key} {error}") from error


def _keys(raw: object, key: str, *, are_for_webhooks: bool) -> tuple[str, ...]:
    parts = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise SettingsError(f"{key} must be keys separated by commas, or a list of keys")
    keys = tuple(part.strip() for part in parts if part.strip())
    if not keys:
        raise SettingsError(f"{key} holds no key")
    if are_for_webhooks:
        for one in keys:
            try:
                check_secret(one)
            except ValueError as error:
                raise SettingsError(f"{key}: each key {error}") from error
    return keys


def _switch(raw: object, key: str) -> bool:
    if isinstance(raw, bool):
        return raw
    try:
        return _SWITCHES[str(raw).strip().lower()]
    except KeyError as error:
        raise SettingsError(f"{key} must be true or false") from error


def _number(raw: object, key: str, wanted: str, least: int, most: int) -> int:
    text = str(raw).strip()
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if isinstance(raw, bool) or not least <= number <= most:
        raise SettingsError(f"{key} must be a whole {wanted}")
    return number


def _url(raw: str, schemes: frozenset[str], example: str) -> SplitResult:
    # What urllib says of a URL it cannot read may quote a part of the password.
    try:
        parts = urlsplit(raw)
        usable = parts.scheme in schemes and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"must be a URL such as {example}")
    return parts


def _database(raw: str) -> str:
    parts = _url(raw, _DATABASES, "sqlite:///var/rosterhold.db or postgresql://host/name")
    if parts.scheme == "sqlite" and (parts.netloc or parts.path in {"", "/", "/:memory:"}):
        raise ValueError("must name a file: sqlite:///var/rosterhold.db")
    return raw


def _queue(raw: str) -> str:
    _url(raw, _QUEUES, "redis://127.0.0.1:6379/0")
    return raw


def _snapshots(raw: str) -> str:
    if "://" in raw:
        bucket_address(raw)
    return raw


def _web(raw: str) -> str:
    parts = _url(raw, _WEB, "https://roster.example.org")
    if not parts.hostname:
        raise ValueError("names no host")
    if parts.query or parts.fragment:
        raise ValueError("must end with the path")
    return raw.rstrip("/")


def _issuer(raw: str) -> str:
    return raw if raw == OFF else _web(raw)


def _clever_api(raw: str) -> str:
    # People copy the address of the API with its version; requests add the version themselves.
    return _web(raw).removesuffix("/v3.0")


def _smtp(raw: str) -> str:
    parts = _url(raw, _MAIL, "smtp://user:password@mail.example.org:587")
    if not parts.hostname:
        raise ValueError("names no host")
    return raw


def _address(raw: str) -> str:
    address = parseaddr(raw)[1]
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(sign.isspace() for sign in address):
        raise ValueError("must be a mail address")
    return raw


def _collector(raw: str) -> str:
    try:
        is_there = find_spec("opentelemetry.sdk.trace") is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise ValueError(
            "needs OpenTelemetry, which is not installed: pip install 'rosterhold[tracing]'"
        )
    return _web(raw)


def _log_format(raw: str) -> str:
    if raw not in LOG_FORMATS:
        raise ValueError(f"must be {' or '.join(LOG_FORMATS)}")
    return raw


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "database_url": _database,
    "redis_url": _queue,
    "snapshots": _snapshots,
    "clever_api_url": _clever_api,
    "clever_oauth_url": _web,
    "clever_issuer": _issuer,
    "smtp_url": _smtp,
    "mail_from": _address,
    "public_url": _web,
    "log_format": _log_format,
    "otlp_url": _collector,
}


def _shown(name: str, value: object) -> str:
    if name in _SECRETS and value is not None:
        return MASK
    text = "-" if value is None else str(value)
    return without_password(text) if name.endswith("_url") else text


def without_password(url: str) -> str:
    """The URL with its password masked."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:{MASK}@{host}"))
