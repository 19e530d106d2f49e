"""People who know only the command line, their mails and the web pages.

What a command or a page acknowledged is kept in a ledger, for the judge.
"""

import http.client
import re
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from random import Random
from threading import Thread
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg

from chaos.clever import Weather
from chaos.commands import LOST, Commands, Said
from chaos.post_office import Delivery, PostOffice
from chaos.sql import Rows

IDLE = (
    "SELECT clever_id FROM districts d WHERE NOT EXISTS "
    "(SELECT 1 FROM syncs s WHERE s.district_id = d.id AND s.finished_at IS NULL)"
)
# Reason → commands that answer it, the likelier ones several times; True: with the digest.
ANSWERS: dict[str, tuple[tuple[str, bool], ...]] = {
    "disconnected": (("fixed", False),),
    "data_configuration": (
        ("accept", True),
        ("accept", True),
        ("leave-out", False),
        ("check-again", False),
    ),
    "data_removals": (("confirm", True), ("confirm", True), ("check-again", False)),
}
ACTIONS = {
    "fixed": "fixed",
    "accept": "accept",
    "leave-out": "leave_out",
    "check-again": "check_again",
    "confirm": "confirm_removals",
}
NO_DIGEST = "0" * 64
# How many commands run at the same time in calm weather.
AT_ONCE = 4
FORM = re.compile(r'<form method="post" action="([^"]+)">(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
NUMBER = re.compile(r'<label for="count">These are <strong>([\d,]+)')


@dataclass
class Ledger:
    """What was acknowledged to somebody, and what should never have been said.

    Attributes:
        started: syncs whose start was acknowledged.
        decided: sync, action and digest of every answer that was acknowledged.
        wrong: sentences.
    """

    started: list[str] = field(default_factory=list)
    decided: list[tuple[str, str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def note(self, what: str) -> None:
        self.counts[what] += 1


class Administrators:
    """All people of all districts, in a few threads."""

    def __init__(
        self,
        commands: Commands,
        rows: Rows,
        post_office: PostOffice,
        weather: Weather,
        rng: Random,
    ) -> None:
        self.ledger = Ledger()
        self._commands = commands
        self._rows = rows
        self._post_office = post_office
        self._weather = weather
        self._rng = rng
        self._over = threading.Event()
        self._threads: list[Thread] = []
        self._most = 0

    def begin(self, *, most_syncs: int, starters: int = 3, answerers: int = 2) -> None:
        self._most = most_syncs
        roles = [self._starts] * starters + [self._answers] * answerers + [self._clicks]
        for role in roles:
            rng = Random(self._rng.random())
            self._threads.append(Thread(target=self._role, args=(role, rng), daemon=True))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def has_enough(self) -> bool:
        return len(self.ledger.started) >= self._most

    def _role(self, role: Callable[[Random], None], rng: Random) -> None:
        while not self._over.is_set():
            try:
                role(rng)
            except (psycopg.Error, sqlite3.Error):
                self._over.wait(0.3)
            except Exception as error:
                self.ledger.wrong.append(f"{role.__name__} ended with {error!r}")
                raise

    # Starting.

    def idle(self) -> list[str]:
        """Districts without an open sync."""
        return [row.clever_id for row in self._rows(IDLE)]

    def _starts(self, rng: Random) -> None:
        if self.has_enough():
            self._over.wait(0.5)
            return
        idle = self.idle()
        if not idle:
            self._over.wait(0.1)
            return
        some = rng.sample(idle, min(len(idle), rng.randint(1, 6)))
        for clever_id in some:
            if rng.random() < 0.7:
                self._weather.change(clever_id)
        self.start(*some, dies_after_s=rng.uniform(0, 0.2) if rng.random() < 0.05 else None)

    def start(self, *clever_ids: str, dies_after_s: float | None = None) -> None:
        words = ("sync", "start", *clever_ids, "--json")
        said = self._commands.run(*words, dies_after_s=dies_after_s)
        if self._went_well(said, "start", ("has an open sync", "has just started it")):
            found = said.document
            documents = found if isinstance(found, list) else [found]
            self.ledger.started += [document["id"] for document in documents]

    def _went_well(self, said: Said, what: str, refusals: tuple[str, ...]) -> bool:
        """Whether it was done; what may not be said is noted."""
        if said.code == 0:
            self.ledger.note(f"{what}: done")
            return True
        away = said.code == 2 and "cannot be used" in said.err
        refused = said.code == 2 and any(words in said.err for words in refusals)
        if said.code < 0 or (said.code == LOST and not said.err):
            self.ledger.note(f"{what}: the command was killed")
        elif away or refused:
            self.ledger.note(f"{what}: {'the database is away' if away else 'refused'}")
        else:
            self.ledger.wrong.append(f"{what} ended with {said.code}: {said.err.strip()[:300]}")
        return False

    # Answering over the command line.

    def _answers(self, rng: Random) -> None:
        held = self.held()
        for hold in rng.sample(held, min(len(held), 6)):
            if self._over.is_set():
                return
            self._answer(rng, hold)
        self._over.wait(0.1 if held else 0.5)

    def held(self) -> list[dict[str, Any]]:
        said = self._commands.run("hold", "list", "--json", "--limit", "1000")
        return list(said.document) if self._went_well(said, "hold list", ()) else []

    def _answer(self, rng: Random, hold: dict[str, Any]) -> None:
        sync_id = hold["sync"]
        if rng.random() < 0.05:
            refusals = ("no longer be cancelled", "just moved on")
            said = self._commands.run("sync", "cancel", sync_id, "--json")
            self._went_well(said, "cancel", refusals)
            return
        unanswered = [line for line in hold["reasons"] if not line["answered"]]
        if not unanswered:
            return
        line = rng.choice(unanswered)
        if line["reason"] == "disconnected" and rng.random() < 0.2:
            self._weather.reconnect()
        command, bound = rng.choice(ANSWERS[line["reason"]])
        if bound and rng.random() < 0.1:
            self._answer_on_a_wrong_digest(sync_id, command)
        self.answer(sync_id, command, line["digest"] if bound else None, rng.random() < 0.2)

    def _answer_on_a_wrong_digest(self, sync_id: str, command: str) -> None:
        said = self._commands.run("hold", command, sync_id, "--digest", NO_DIGEST, "--json")
        if said.code == 0:
            self.ledger.wrong.append(f"{sync_id}: {command} was taken on a digest of nothing")

    def answer(self, sync_id: str, command: str, digest: str | None, twice: bool = False) -> None:  # noqa: FBT001, FBT002
        """Give an answer, perhaps two people at the same time."""
        words = ["hold", command, sync_id, "--json", *(["--digest", digest] if digest else [])]
        taken: list[bool] = []

        def one() -> None:
            said = self._commands.run(*words)
            done = self._went_well(said, command, ("",))
            taken.append(done)
            if done:
                self.ledger.decided.append((sync_id, ACTIONS[command], digest or ""))

        threads = [Thread(target=one) for _ in range(1 + twice)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if digest and sum(taken) > 1:
            self.ledger.wrong.append(f"{sync_id}: {command} was taken twice on {digest}")

    def start_all(self) -> None:
        if idle := self.idle():
            self.start(*idle)

    def bring_to_the_end(self, open_syncs: Callable[[], int], within_s: float) -> None:
        """In calm weather: say yes to whatever is on hold, until no sync is open."""
        until = time.monotonic() + within_s
        while (number := open_syncs()) and time.monotonic() < until:
            with ThreadPoolExecutor(AT_ONCE) as people:
                list(people.map(self._say_yes, self.held()))
            time.sleep(0.3)
        if number:
            self.ledger.wrong.append(f"{number} syncs are still open in calm weather")

    def _say_yes(self, hold: dict[str, Any]) -> None:
        for line in hold["reasons"]:
            if not line["answered"]:
                command, bound = ANSWERS[line["reason"]][0]
                self.answer(hold["sync"], command, line["digest"] if bound else None)

    # Answering over the web.

    def _clicks(self, rng: Random) -> None:
        mails = [sent[-1] for sent in list(self._post_office.taken.values()) if sent[-1].link]
        for mail in rng.sample(mails[-30:], min(len(mails), 3)):
            try:
                self._visit(rng, mail)
            except (OSError, http.client.HTTPException):
                self.ledger.note("page: the server is away")
        self._over.wait(0.3)

    def _visit(self, rng: Random, mail: Delivery) -> None:
        """Follow the link of a mail, and press one of the buttons of its page, if it has any."""
        browser = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirect()
        )
        report = urlsplit(mail.link)
        host = f"{report.scheme}://{report.netloc}"
        said = self._commands.run("account", "link", mail.recipient, "--page", report.path)
        if not self._went_well(said, "account link", ("nobody comes in",)):
            return
        link = said.out.strip()
        form = dict(FIELD.findall(self._ask(browser, link)[2]))
        status, location, _ = self._ask(browser, link, form)
        if status != 303:
            return
        status, _, page = self._ask(browser, host + location)
        forms = list(_forms(page)) if status == 200 else []
        if not forms:
            return
        action, fields = rng.choice(forms)
        status, _, _ = self._ask(browser, host + action, fields)
        if status == 303:
            # A digest goes with every form; only some answers are bound to it.
            digest = fields["digest"] if fields["action"] in {"accept", "confirm_removals"} else ""
            sync_id = report.path.split("/")[2]
            self.ledger.decided.append((sync_id, fields["action"], digest))

    def _ask(
        self, browser: urllib.request.OpenerDirector, url: str, form: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Status, where it leads to, and text of an answer."""
        body = None if form is None else urlencode(form).encode()
        try:
            with browser.open(url, body, timeout=30) as answer:
                found = answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as error:
            found = error.code, error.headers.get("Location", ""), ""
        self.ledger.note(f"page: {'POST' if form else 'GET'} {found[0]}")
        return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _forms(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    for action, inner in FORM.findall(page):
        fields = {name: unescape(value) for name, value in FIELD.findall(inner)}
        number = NUMBER.search(inner)
        if number:
            fields["count"] = number.group(1)
        if "action" in fields:
            yield unescape(action), fields
