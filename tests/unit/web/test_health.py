"""Whether a process lives, and whether it is ready."""

import threading

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from rosterhold.adapters.doorbell import SilentDoorbell
from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.web import health
from rosterhold.web.app import create_app


class DoorbellAway(SilentDoorbell):
    def lengths(self):
        return None


class StoreAway:
    def exists(self, ref):
        raise SnapshotStoreError("read", ref, "Input/output error at /secret/place")


class StoreThatHangs:
    def __init__(self):
        self.goes_on = threading.Event()

    def exists(self, ref):
        del ref
        self.goes_on.wait()
        return False


@pytest.fixture
def ready(office, database, monkeypatch):
    # What is slow here is a busy machine, and no service.
    monkeypatch.setattr(health, "PATIENCE_S", 60.0)

    def asked(query="", **changes):
        site = office.site(database=database, **changes)
        return TestClient(create_app(site)).get(f"/readyz{query}")

    return asked


def test_a_process_whose_services_all_answer_is_ready(ready):
    answer = ready()
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": dict.fromkeys(("database", "migrations", "redis", "snapshots"), "ok"),
    }


@pytest.mark.parametrize(
    ("service", "changes"),
    [("redis", {"doorbell": DoorbellAway()}), ("snapshots", {"store": StoreAway()})],
)
def test_a_service_that_is_away_is_named_without_its_address(ready, service, changes):
    answer = ready(**changes)
    assert answer.status_code == 503
    failing = {name: said for name, said in answer.json()["checks"].items() if said != "ok"}
    assert failing == {service: "cannot be reached"}
    assert "secret" not in answer.text


def test_a_service_can_be_left_out(ready):
    answer = ready("?exclude=redis", doorbell=DoorbellAway())
    assert answer.status_code == 200
    assert "redis" not in answer.json()["checks"]


def test_tables_of_another_release_are_not_ready(ready, database):
    with database.transaction() as tx:
        tx.conn.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    answer = ready()
    assert answer.status_code == 503
    assert "rosterhold init" in answer.json()["checks"]["migrations"]


def test_a_service_that_hangs_is_not_waited_for(office):
    store = StoreThatHangs()
    try:
        found = health.examined(office.site(store=store), patience_s=0.3)
    finally:
        store.goes_on.set()
    assert found["snapshots"] == "no answer within 0.3 s"
