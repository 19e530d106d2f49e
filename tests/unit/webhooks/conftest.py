"""A district, an endpoint that is told of it, and verbs for what passes between them."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa
from doubles.receiver import Receiver

from rosterhold.adapters.database import decisions, districts, webhooks
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.outbox import drop_for_sync
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.database.webhook_tables import webhook_deliveries
from rosterhold.adapters.database.webhooks import DeliveryRow, EndpointRow
from rosterhold.adapters.webhooks.secret import new_secret
from rosterhold.config.settings import Settings
from rosterhold.config.wiring import Services
from rosterhold.statemachine.announcements import Announcement
from rosterhold.workers.runner import Runner
from tests.offices import RecordingMailer


class SilentDoorbell:
    def ring(self, work: object) -> bool:
        return True


class Wire:
    """What is between us and the endpoints."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.mailer = RecordingMailer()
        self.services = Services(
            Settings(webhooks_to_private=True, secret_keys=("a key of the tests",)),
            database=database,
            doorbell=cast("Any", SilentDoorbell()),
            mailer=self.mailer,
        )
        self.runner = Runner(self.services)

    def opens_district(self, name: str) -> str:
        with self.database.transaction() as tx:
            return districts.add(tx, clever_id=f"clever-{name}", name=name, emails=[])

    def connects(
        self,
        receiver: Receiver,
        district_id: str | None = None,
        events: Collection[Announcement] = tuple(Announcement),
    ) -> str:
        receiver.secret = new_secret()
        with self.database.transaction() as tx:
            return webhooks.add_endpoint(
                tx,
                url=receiver.url,
                events=events,
                district_id=district_id,
                sealed_secret=self.services.sealing.seal(receiver.secret),
            )

    def happens(
        self, event: Announcement, district_id: str, sync_id: str = "01SYNC", **more: Any
    ) -> None:
        with self.database.transaction() as tx:
            webhooks.announce(tx, event, district_id=district_id, sync_id=sync_id, **more)

    def has_a_sync(self, district_id: str) -> str:
        """A sync that nobody works at."""
        started = decisions.start(
            self.database, district_id, trigger="test", cause=Cause("the test")
        )
        assert isinstance(started, decisions.Started)
        with self.database.transaction() as tx:
            drop_for_sync(tx, started.sync_id)
        return started.sync_id

    def works(self, *, backwards: bool = False) -> None:
        """Every piece of work that is due is looked at, until none is."""
        while due := self._due():
            for work_id in reversed(due) if backwards else due:
                self.runner.work(work_id)

    def _due(self) -> list[int]:
        with self.database.reading() as conn:
            now = self.database.now(conn)
            query = sa.select(outbox.c.id).where(outbox.c.due_at <= now).order_by(outbox.c.id)
            return list(conn.execute(query).scalars())

    def time_passes(self, waited: timedelta) -> None:
        """Everything that was written is so much older."""
        with self.database.transaction() as tx:
            for table, names in ((outbox, ("due_at",)), (webhook_deliveries, ("created_at",))):
                for row in tx.conn.execute(sa.select(table)).mappings().all():
                    key = next(iter(table.primary_key))
                    older = {name: row[name] - waited for name in names}
                    tx.conn.execute(sa.update(table).where(key == row[key.name]).values(older))

    def log(self) -> list[DeliveryRow]:
        """What was told, oldest first."""
        with self.database.reading() as conn:
            return list(reversed(webhooks.log_of(conn)))

    def endpoint(self, endpoint_id: str) -> EndpointRow:
        with self.database.reading() as conn:
            found = webhooks.find_endpoint(conn, endpoint_id)
        assert found is not None
        return found

    def work_left(self) -> int:
        with self.database.reading() as conn:
            return conn.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one()


@pytest.fixture
def wire(database: Database) -> Wire:
    return Wire(database)


@pytest.fixture
def district(wire: Wire) -> str:
    return wire.opens_district("Prairie Unified")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made
