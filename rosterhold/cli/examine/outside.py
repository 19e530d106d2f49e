"""What lies outside: Redis, Clever and the mail server."""

import asyncio
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import redis

from rosterhold.adapters.clever.errors import CleverError
from rosterhold.adapters.mail import MailUnavailableError, SmtpMailer
from rosterhold.cli.examine.answer import Answer, UnfitError
from rosterhold.config.settings import without_password
from rosterhold.config.wiring import Services, clever_client

PATIENCE_S: Final = 10.0
OLDEST_REDIS: Final = (6, 2)
KEEPS_ALL: Final = "noeviction"


def queue(services: Services) -> Answer:
    """Redis: there, new enough, and one that does not throw messages away."""
    url = services.settings.redis_url
    if url is None:
        return Answer("none set: the queue is inside each process")
    try:
        told: dict[str, Any] = services.broker.client.info()
    except (redis.RedisError, OSError) as error:
        raise UnfitError(f"{without_password(url)}: {error}") from error
    warnings = []
    version = str(told.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) < OLDEST_REDIS:
        warnings.append(f"Redis {version} is older than 6.2, the oldest that is meant to work")
    policy = told.get("maxmemory_policy", KEEPS_ALL)
    if policy != KEEPS_ALL:
        warnings.append(
            f"maxmemory-policy is {policy}: a full Redis throws messages away. Nothing is lost, "
            f"but work waits until it is sent again; set it to {KEEPS_ALL}"
        )
    name = f"Valkey {told['valkey_version']}" if "valkey_version" in told else f"Redis {version}"
    return Answer(f"{without_password(url)}, {name}", tuple(warnings))


def clever(services: Services) -> Answer:
    """Both addresses reachable, and the credentials taken."""
    url = services.settings.clever_oauth_url
    _reach(url, "ROSTERHOLD_CLEVER_OAUTH_URL")
    _reach(services.settings.clever_api_url, "ROSTERHOLD_CLEVER_API_URL")
    try:
        granted = asyncio.run(_districts_that_granted(services))
    except TimeoutError as error:
        raise UnfitError(f"{url} did not answer within {PATIENCE_S:g} s") from error
    except CleverError as error:
        raise UnfitError(f"{url}: {error}") from error
    warnings = () if granted else ("no district has granted access yet: there is nothing to sync",)
    return Answer(
        f"{url}: {granted} {'district' if granted == 1 else 'districts'} granted access", warnings
    )


async def _districts_that_granted(services: Services) -> int:
    async with asyncio.timeout(PATIENCE_S), clever_client(services) as client:
        return len(await client.districts_that_granted())


def _reach(url: str, key: str) -> None:
    """Raise UnfitError when nobody listens at the host of a URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=PATIENCE_S).close()
    except OSError as error:
        raise UnfitError(f"{key} {url}: {error.strerror or error}") from error


def mail(services: Services) -> Answer:
    """The mail server takes our log-in; no mail is sent."""
    given = services.settings
    if given.smtp_url is None:
        return Answer(f"none set: mails are written to {given.mail_folder}")
    shown = without_password(given.smtp_url)
    try:
        SmtpMailer(given.smtp_url, given.mail_from).log_in()
    except (MailUnavailableError, ValueError) as error:
        raise UnfitError(f"{shown}: {error}") from error
    has_user = urlsplit(given.smtp_url).username
    return Answer(f"{shown}, {'logged in' if has_user else 'without a log-in'}")
