"""What is wrong now and what to do about it, in plain sentences, the most harmful first. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Final

from rosterhold.adapters.database.census import Census, Standing
from rosterhold.adapters.database.processes import WORK, Dead
from rosterhold.statemachine.connection import DOWN

LIES_AFTER: Final = timedelta(minutes=5)
OLD_AFTER: Final = timedelta(days=14)
HANDBOOK: Final = "https://github.com/rosterhold/rosterhold/blob/main/docs/operations.md"
# The code of a refusal that is not the doing of one district.
CREDENTIALS: Final = "credentials_refused"
MAIL: Final = "email"


class Harm(IntEnum):
    """How bad it is: nothing goes on, something goes wrong, or somebody should look at it."""

    STANDS_STILL = 0
    GOES_WRONG = 1
    LOOK = 2


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong.

    Attributes:
        what: what is wrong, in a sentence.
        todo: what to do, in a sentence or two.
        anchor: the heading of the handbook.
        page: where to look, below the operations pages; "" for nowhere.
        detail: what was said by whatever failed.
    """

    harm: Harm
    what: str
    todo: str
    anchor: str
    page: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is looked at.

    Attributes:
        errors: queue → the last error of what failed most often there.
        disconnected: code of a refusal → districts that are disconnected by it.
        messages: queue → messages in Redis; None while it is away.
        read_only: whether the database takes no changes.
        endpoints_off: endpoints of webhooks that are switched off.
        dead: processes that died lately, the last one first.
    """

    census: Census
    errors: Mapping[str, str]
    disconnected: Mapping[str, int]
    messages: Mapping[str, int] | None
    read_only: bool = False
    endpoints_off: int = 0
    dead: Sequence[Dead] = ()


def troubles(facts: Facts) -> list[Trouble]:
    """Everything that is wrong; nothing when all is well."""
    found = [
        *_processes(facts),
        *_dead(facts),
        *_work(facts),
        *_clever(facts),
        *_failing(facts),
        *_endpoints(facts),
        *_holds(facts),
    ]
    return sorted(found, key=lambda trouble: trouble.harm)


def _processes(facts: Facts) -> Iterator[Trouble]:
    census = facts.census
    waiting = _of(census, Standing.WAITING) + _of(census, Standing.RETRYING)
    if facts.read_only:
        yield Trouble(
            Harm.STANDS_STILL,
            "The database takes no changes: it is read-only.",
            "Make it writable, or point ROSTERHOLD_DATABASE_URL to the primary server. Nothing "
            "is lost; everything goes on by itself then.",
            "the-database-is-away-or-read-only",
        )
    if not any(census.alive.get(role) for role in WORK):
        lies = f", and {_counted(waiting, 'piece', 'pieces')} of work wait" if waiting else ""
        yield Trouble(
            Harm.STANDS_STILL,
            f"No worker is alive{lies}.",
            "Start “rosterhold worker” (or “rosterhold up”) and look at its log for why it ended. "
            "What waits is taken up within seconds.",
            "no-worker-is-alive",
            "queues",
        )
    if not census.alive.get("scheduler"):
        yield Trouble(
            Harm.STANDS_STILL,
            "No scheduler is alive: no district is synced by its schedule.",
            "Start “rosterhold scheduler” (or “rosterhold up”). A slot that was missed fires once "
            "when it is back.",
            "no-scheduler-is-alive",
            "queues",
        )
    if facts.messages is None:
        yield Trouble(
            Harm.LOOK,
            "Redis does not answer.",
            "Work goes on, found in the database, but more slowly. Start Redis again; nothing in "
            "it needs to be restored.",
            "redis-is-away-or-was-emptied",
            "queues",
        )


def _dead(facts: Facts) -> Iterator[Trouble]:
    number = len(facts.dead)
    if not number:
        return
    last = facts.dead[0]
    where = f" on {last.place}" if last.place else ""
    yield Trouble(
        Harm.LOOK,
        f"{_counted(number, 'process', 'processes')} died within the last hour: the last one was a "
        f"{last.role}{where}, last heard of {minutes(facts.census.at - last.seen_at)} ago.",
        "Read in its log why; mostly it lacked memory. What it was at is taken over by others and "
        "nothing is lost. Start it again if nothing else does.",
        "a-process-died",
        "queues",
    )


def _work(facts: Facts) -> Iterator[Trouble]:
    census = facts.census
    for queue, since in sorted(census.due_since.items(), key=lambda item: item[1]):
        late = census.at - since
        if late < LIES_AFTER or queue == MAIL or not census.work.get((queue, Standing.WAITING)):
            continue
        yield Trouble(
            Harm.GOES_WRONG,
            f"Work of the queue {queue} has been due for {minutes(late)} and nobody takes it.",
            "Look whether workers serve this queue (“--queues”), and whether they are all busy; "
            "start more of them.",
            "work-lies",
            "queues",
        )


def _clever(facts: Facts) -> Iterator[Trouble]:
    down = sum(facts.disconnected.get(code, 0) for code in DOWN)
    if down:
        yield Trouble(
            Harm.GOES_WRONG,
            f"{_districts(down)} on hold because Clever does not answer as it should.",
            "See status.clever.com, and the way from here to Clever. They are checked again every "
            "half hour and go on by themselves when it is back; “rosterhold hold list” names them.",
            "clever-is-down",
            "districts?show=disconnected",
        )
    refused = facts.disconnected.get(CREDENTIALS, 0)
    if refused:
        yield Trouble(
            Harm.GOES_WRONG,
            f"Clever refuses the client id and secret: {_districts(refused)} on hold for it.",
            "Set ROSTERHOLD_CLEVER_CLIENT_ID and ROSTERHOLD_CLEVER_CLIENT_SECRET anew, try "
            "“rosterhold check”, and restart workers and scheduler.",
            "clever-is-down",
            "districts?show=disconnected",
        )


def _failing(facts: Facts) -> Iterator[Trouble]:
    census = facts.census
    failed = census.finished.get("failed", 0)
    if failed:
        yield Trouble(
            Harm.GOES_WRONG,
            f"{_counted(failed, 'sync', 'syncs')} failed within a day, for reasons of our own. "
            f"{'Its roster is as it was' if failed == 1 else 'Their rosters are as they were'}.",
            "Read why in the list, mend it, and start them again with “rosterhold sync start”.",
            "syncs-fail",
            "districts?show=failed",
        )
    for (queue, standing), number in sorted(census.work.items()):
        if standing != Standing.RETRYING or not number:
            continue
        mail = queue == MAIL
        work = _counted(number, "mail", "mails") if mail else _counted(number, "piece", "pieces")
        yield Trouble(
            Harm.GOES_WRONG,
            f"{work} {'' if mail else f'of work in the queue {queue} '}failed and "
            f"{'waits' if number == 1 else 'wait'} for another try.",
            (
                "Try the mail server with “rosterhold check”. Mails are tried for two days by "
                "themselves."
                if mail
                else "Read the last error. They are tried again by themselves; “Retry now” does "
                "it at once."
            ),
            "mails-fail" if mail else "work-fails",
            f"work?queue={queue}&stands=retrying",
            facts.errors.get(queue, ""),
        )
    given_up = _of(census, Standing.GIVEN_UP)
    if given_up:
        yield Trouble(
            Harm.LOOK,
            f"{_counted(given_up, 'piece', 'pieces')} of work {'was' if given_up == 1 else 'were'} "
            "given up and not tried again.",
            "Mend what was wrong, then “Retry now”.",
            "work-was-given-up",
            "work?stands=given_up",
        )


def _endpoints(facts: Facts) -> Iterator[Trouble]:
    number = facts.endpoints_off
    if number:
        yield Trouble(
            Harm.LOOK,
            f"{_counted(number, 'endpoint', 'endpoints')} of webhooks "
            f"{'is' if number == 1 else 'are'} switched off: an app is not told what happens.",
            "When it takes events again, switch it on and send what it missed.",
            "an-endpoint-is-switched-off",
            "webhooks",
        )


def _holds(facts: Facts) -> Iterator[Trouble]:
    oldest = facts.census.oldest_hold
    if oldest is not None and facts.census.at - oldest > OLD_AFTER:
        days = (facts.census.at - oldest).days
        yield Trouble(
            Harm.LOOK,
            f"A district has been on hold for {days} days.",
            "Call its administrator: its roster grows old. The page shows what they see.",
            "a-district-is-held-for-weeks",
            "districts?show=held&sort=age",
        )


def _of(census: Census, standing: Standing) -> int:
    return sum(number for (_, stands), number in census.work.items() if stands == standing)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _districts(number: int) -> str:
    return "One district is" if number == 1 else f"{number:,} districts are"


def minutes(span: timedelta) -> str:
    """`40 s`, `12 min`, `5 h`, `3 days`."""
    seconds = max(int(span.total_seconds()), 0)
    for least, unit, size in ((172_800, "days", 86_400), (7_200, "h", 3_600), (120, "min", 60)):
        if seconds >= least:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
