"""A district office with pages: a database and a snapshot store in a folder, and verbs for what
happens to its syncs."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import polars as pl
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rosterhold.adapters import layout
from rosterhold.adapters.database import (
    accounts,
    decisions,
    districts,
    emails,
    holds,
    login_links,
    migrations,
    notices,
    syncs,
)
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.engine import Database, Transaction
from rosterhold.adapters.database.holds import HoldIntent
from rosterhold.adapters.database.outbox import Written
from rosterhold.adapters.database.syncs import SyncRow
from rosterhold.adapters.database.transitions import Cause, perform
from rosterhold.adapters.links import login_address, report_link
from rosterhold.adapters.manifests import write_manifest
from rosterhold.adapters.request_rate import RequestRate
from rosterhold.adapters.snapshots import FolderSnapshots
from rosterhold.adapters.tickets import Tickets
from rosterhold.roster.changes import ChangeCounts
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.report import REMOVED_COLUMNS
from rosterhold.roster.snapshot import Manifest, schema
from rosterhold.statemachine.chart import SyncEvent
from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding, digest, named_by, subjects_of
from rosterhold.statemachine.reasons import Reason
from rosterhold.web.app import create_app
from rosterhold.web.site import Site

NOBODY = pl.DataFrame(schema=dict.fromkeys(SUBJECT_COLUMNS, pl.String()))
ADMINISTRATOR = "office@example.org"


class RecordingDoorbell:
    """Remembers what it was rung for."""

    def __init__(self) -> None:
        self.rung: list[Written] = []

    def ring(self, work: Iterable[Written]) -> bool:
        self.rung.extend(work)
        return True

    def lengths(self) -> dict[str, int]:
        return dict(Counter(written.queue.value for written in self.rung))


@dataclass(frozen=True)
class Student:
    """Somebody who would be removed."""

    key: str
    name: str
    grade: str
    school: str
    school_name: str


def students(
    count: int,
    school_name: str = "Lincoln Elementary",
    prefix: str = "s",
    school: str = "sch1",
) -> list[Student]:
    return [
        Student(f"{prefix}{number:05}", f"Doe, Jane {number}", str(number % 6), school, school_name)
        for number in range(count)
    ]


def removal(leaving: list[Student], of: int, *, kind: str = "students") -> Finding:
    place = leaving[0].school_name
    share = len(leaving) / of
    return Finding(
        reason=Reason.DATA_REMOVALS,
        rule="share_removed",
        kind=kind,
        school=leaving[0].school,
        school_name=place,
        measured=share,
        limit=0.1,
        records=len(leaving),
        of=of,
        sentence=(
            f"{place} would lose {len(leaving):,} of {of:,} students ({100 * share:.0f} %). "
            "The limit is 10 %."
        ),
        subjects=pl.DataFrame(
            {"kind": kind, "key": [one.key for one in leaving], "fact": ""},
            schema=NOBODY.schema,
        ),
    )


def new_ids(count: int, of: int) -> Finding:
    """A mass change of ids: nobody is removed."""
    return replace(
        removal(students(count), of),
        rule="reidentified",
        sentence=f"The district has {count} of {of} students under a new Clever id.",
    )


def emergency_contacts(count: int) -> Finding:
    return Finding(
        reason=Reason.DATA_CONFIGURATION,
        rule="contact_types",
        kind="guardianships",
        school="",
        school_name="",
        measured=count,
        limit=None,
        records=count,
        of=count * 4,
        sentence=f"The district has {count} guardian-student links of the type Emergency.",
        subjects=pl.DataFrame(
            {
                "kind": "guardianships",
                "key": [f"c{number}/s{number}" for number in range(count)],
                "fact": "Emergency",
            },
            schema=NOBODY.schema,
        ),
    )


def lost_connection() -> Finding:
    return Finding(
        reason=Reason.DISCONNECTED,
        rule="token_refused",
        kind="",
        school="",
        school_name="",
        measured=0,
        limit=None,
        records=0,
        of=0,
        sentence="Clever does not accept our key for your district any more.",
        subjects=NOBODY,
    )


class RecordingMailer:
    """Keeps what was mailed."""

    def __init__(self) -> None:
        self.sent: list[EmailMessage] = []

    def send(self, message: EmailMessage) -> None:
        self.sent.append(message)

    def link(self) -> str:
        """The link in the mail that was sent last."""
        body = self.sent[-1].get_body(("plain",))
        assert body is not None
        found = re.search(r"https?://\S+", body.get_content())
        assert found is not None
        return found.group()


def hidden_fields(page: str, action: str = "") -> dict[str, str]:
    """The hidden fields of the first form of a page that goes to this address."""
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL):
        if f'action="{action}' in form:
            return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    raise AssertionError(f"the page has no form to {action}")


class Office:
    """The pages of all districts, and what happens behind them."""

    def __init__(self, folder: Path, public_url: str = "http://testserver") -> None:
        self.database = Database(f"sqlite:///{folder / 'office.db'}")
        migrations.METADATA.create_all(self.database.engine)
        self.store = FolderSnapshots(folder / "snapshots")
        self.doorbell = RecordingDoorbell()
        self.tickets = Tickets(["a key for the tests"])
        self.mailer = RecordingMailer()
        self.later = timedelta()
        self.public_url = public_url
        self.request_rate: RequestRate | None = None
        self.webhook_secrets: tuple[str, ...] = ()

    def app(self) -> Starlette:
        return create_app(self.site())

    def site(self, **changes: Any) -> Site:
        """What the pages work with; some of it another one."""
        site = Site(
            database=self.database,
            store=self.store,
            doorbell=self.doorbell,
            tickets=self.tickets,
            public_url=self.public_url,
            clock=self.now,
            mailer=self.mailer,
            mail_from="rosterhold@example.org",
            request_rate=self.request_rate,
            clever_webhook_secrets=self.webhook_secrets,
            resume_webhook_secrets=self.webhook_secrets,
        )
        return replace(site, **changes)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def time_passes(self, time: timedelta) -> None:
        """So much time, for those who come in and their links."""
        self.later += time

    def opens_district(self, name: str, email: str = ADMINISTRATOR) -> str:
        with self.database.transaction() as tx:
            return districts.add(
                tx,
                clever_id=f"clever-{name}",
                name=name,
                emails=[email],
                time_zone="America/Chicago",
            )

    def clever_pauses(self, district_id: str, pause_end: str) -> None:
        """As the last fetch of the district heard from Clever."""
        with self.database.transaction() as tx:
            values = {"clever_state": "paused", "clever_pause_end": pause_end}
            districts.update(tx, district_id, values)

    def link(self, sync_id: str, email: str = ADMINISTRATOR) -> str:
        """A link to log in that leads to the report; a button there lets in."""
        return self.link_to(f"/syncs/{sync_id}", email)

    def link_to(self, page: str, email: str = ADMINISTRATOR) -> str:
        with self.database.transaction() as tx:
            return login_address(self.public_url, login_links.issue(tx, email, page, self.now()))

    def link_of_the_mail(self, sync_id: str) -> str:
        """The link in the newest mail about a sync."""
        with self.database.reading() as conn:
            mail = emails.of_sync(conn, sync_id)[-1]
        return report_link(self.public_url, sync_id, mail.id)

    def has_staff(self, email: str, role: Role) -> None:
        with self.database.transaction() as tx:
            accounts.put_staff(tx, email, role)

    def lets_in(self, client: TestClient, page: str, email: str = ADMINISTRATOR) -> httpx.Response:
        """Somebody uses a link to log in, and presses its button."""
        link = self.link_to(page, email)
        return client.post(link, data=hidden_fields(client.get(link).text, "/enter/"))

    def starts_sync(self, district_id: str) -> str:
        started = decisions.start(
            self.database, district_id, trigger="schedule", cause=Cause("the nightly schedule")
        )
        assert isinstance(started, decisions.Started)
        return started.sync_id

    def sync(self, sync_id: str) -> SyncRow:
        with self.database.reading() as conn:
            sync = syncs.load(conn, sync_id)
        assert sync is not None
        return sync

    def happens(self, sync_id: str, event: SyncEvent, **changes: object) -> None:
        with self.database.transaction() as tx:
            perform(tx, self._in(tx, sync_id), event, Cause("Clever was read"), changes)

    def holds(self, sync_id: str, findings: list[Finding], leaving: Iterable[Student] = ()) -> str:
        """Fetch (and evaluate), and hold for what was found; give the digest."""
        connected = all(finding.reason is not Reason.DISCONNECTED for finding in findings)
        if connected:
            self.happens(sync_id, SyncEvent.FETCHED)
        with self.database.transaction() as tx:
            sync = self._in(tx, sync_id)
            number = sync.evaluation_no + connected
            self._writes_files(sync, number, findings, list(leaving))
            holds.write_findings(tx, sync, number, findings)
            for reason in {finding.reason for finding in findings}:
                found = [finding for finding in findings if finding.reason is reason]
                intent = HoldIntent(
                    reason,
                    digest(findings),
                    number,
                    found[0].sentence,
                    subjects_of(found).select("kind", "key").unique().height,
                )
                hold_id, is_new = holds.put(tx, sync, intent)
                notices.hold_found(tx, sync, hold_id, reason, new=is_new)
            by_rule = Counter({finding.rule: finding.records for finding in findings})
            changed = (3, 2, by_rule["share_removed"], by_rule["reidentified"], 1000)
            counts = {"students": asdict(ChangeCounts(*changed))}
            perform(
                tx,
                sync,
                SyncEvent.HOLD,
                Cause("findings"),
                {"evaluation_no": number, "counts": counts},
            )
        return digest(findings)

    def reads_again(self, sync_id: str) -> None:
        """The held sync goes back to fetching."""
        if self.sync(sync_id).state.is_on_hold:
            self.happens(sync_id, SyncEvent.RESUME)
        self.happens(sync_id, SyncEvent.PROCEED)

    def completes(self, sync_id: str, receipt: dict[str, int] | None = None) -> None:
        """From fetching to completed, with the holds resolved."""
        self.happens(sync_id, SyncEvent.FETCHED)
        with self.database.transaction() as tx:
            holds.resolve(tx, sync_id, Reason, "no longer found")
        counts = {"students": asdict(ChangeCounts(3, 2, 212, 0, 788))}
        self.happens(sync_id, SyncEvent.CLEAR, counts=counts, receipt=receipt)
        with self.database.transaction() as tx:
            sync = self._in(tx, sync_id)
            perform(tx, sync, SyncEvent.APPLIED, Cause("the roster is what was reviewed"))
            notices.sync_ended(tx, sync)

    def finds_nothing_new(self, sync_id: str, since: datetime) -> None:
        """Clever has what was applied last."""
        self.happens(sync_id, SyncEvent.NOTHING_NEW, nothing_new_since=since)

    def has_a_roster(self, district_id: str, **rows: list[dict[str, str]]) -> None:
        """The roster as applied last, by kind; whatever is not said is empty."""
        files = {}
        for name, kind in KINDS.items():
            whole = [
                {column: row.get(column, "") for column in kind.all_columns}
                for row in rows.get(name, [])
            ]
            files[name] = f"{district_id}/applied/{name}.parquet"
            self.store.write(files[name], pl.DataFrame(whole, schema(kind)))
        ref = f"{district_id}/applied/manifest.json"
        counts = {name: len(rows.get(name, [])) for name in KINDS}
        write_manifest(self.store, ref, Manifest(files, counts))
        with self.database.transaction() as tx:
            districts.update(tx, district_id, {"baseline_ref": ref})

    def writes_changes(self, sync_id: str, kind: str, rows: list[dict[str, str]]) -> None:
        """The change set of a kind; whatever is not said is empty."""
        sync = self.sync(sync_id)
        columns = ("change", "was", *KINDS[kind].all_columns)
        whole = [{column: row.get(column, "") for column in columns} for row in rows]
        prefix = layout.evaluation_prefix(sync.district_id, sync.id, sync.evaluation_no)
        self.store.write(layout.changes_ref(prefix, kind), pl.DataFrame(whole))

    def _writes_files(
        self, sync: SyncRow, number: int, findings: list[Finding], leaving: list[Student]
    ) -> None:
        prefix = layout.evaluation_prefix(sync.district_id, sync.id, number)
        rows = [
            ("students", one.key, one.name, one.grade, one.school, one.school_name)
            for one in leaving
        ]
        schema = dict.fromkeys(REMOVED_COLUMNS, pl.String())
        self.store.write(layout.removed_ref(prefix), pl.DataFrame(rows, schema, orient="row"))
        for reason in (Reason.DATA_REMOVALS, Reason.DATA_CONFIGURATION):
            found = [finding for finding in findings if finding.reason is reason]
            self.store.write(layout.subjects_ref(prefix, reason), subjects_of(found))
        self.store.write(layout.named_ref(prefix), named_by(findings))

    def _in(self, tx: Transaction, sync_id: str) -> SyncRow:
        sync = syncs.load(tx.conn, sync_id)
        assert sync is not None
        return sync
