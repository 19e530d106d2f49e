"""`rosterhold check`: each thing that is missing is said, and what will hurt is warned of."""

import socket
from datetime import timedelta

import pytest
import redis
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult

from rosterhold.adapters.database import migrations, processes, tables, webhooks
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.migrations import standing
from rosterhold.cli.examine import database as of_database
from rosterhold.cli.examine import own


@pytest.fixture
def checked(rosterhold, clever):
    """A function: the checks by their names; a district is known, and a stand-in Clever runs."""

    def check(code=0):
        said = rosterhold("check", "--json")
        assert said.code == code, said
        return {line["name"]: line for line in said.document["checks"]}

    return check


@pytest.fixture
def embedded(checked):
    database = Database("sqlite:///var/rosterhold.db")
    yield database
    database.dispose()


@pytest.fixture
def on_servers(postgres_url, redis_url, monkeypatch, checked):
    """The same with PostgreSQL and a Redis server."""
    monkeypatch.setenv("ROSTERHOLD_DATABASE_URL", postgres_url)
    monkeypatch.setenv("ROSTERHOLD_REDIS_URL", redis_url)
    monkeypatch.setenv("ROSTERHOLD_SECRET_KEYS", "a key for tests and nothing else")
    database = Database(postgres_url)
    migrations.upgrade(database)
    processes.beat(database, None, "up")
    processes.beat(database, None, "scheduler")
    yield checked
    database.dispose()


def warnings_of(checks):
    return {name: line["warnings"] for name, line in checks.items() if line["warnings"]}


def test_nobody_works_yet(checked):
    assert warnings_of(checked()) == {
        "workers": [
            "no worker is alive: every sync waits; run `rosterhold worker` or `up`",
            "no scheduler is alive: no night brings a sync; run `rosterhold scheduler` or `up`",
        ]
    }


def test_worker_and_scheduler_are_alive(checked, embedded):
    processes.beat(embedded, None, "worker")
    processes.beat(embedded, None, "worker")
    processes.beat(embedded, None, "scheduler")
    checks = checked()
    assert not warnings_of(checks)
    assert checks["workers"]["detail"] == "scheduler: 1, worker: 2"


def test_a_process_that_was_not_seen_for_a_while_is_not_alive(checked, embedded):
    processes.beat(embedded, None, "up")
    with embedded.transaction() as tx:
        seen_at = tx.now - timedelta(minutes=2)
        tx.conn.execute(sa.update(tables.processes).values(seen_at=seen_at))
    assert len(checked()["workers"]["warnings"]) == 2


def work_is_left(database, **values):
    with database.transaction() as tx:
        district_id = tx.conn.execute(sa.select(tables.districts.c.id)).scalar_one()
        row = {
            "work": "email",
            "district_id": district_id,
            "subject": "",
            "queue": "email",
            "created_at": tx.now,
            "due_at": tx.now - timedelta(hours=1),
            "sends": 0,
            "epoch": 0,
            "attempts": 0,
        }
        tx.conn.execute(sa.insert(tables.outbox).values({**row, **values}))


def test_work_that_was_given_up_is_named_with_its_error(checked, embedded):
    work_is_left(embedded, given_up_at=embedded.now(None), last_error="550 no such user")
    (said,) = checked()["work"]["warnings"]
    assert "email: 1" in said
    assert "550 no such user" in said


def test_work_that_nobody_takes_is_warned_of(checked, embedded):
    work_is_left(embedded)
    assert checked()["work"]["warnings"] == ["1 pieces of work have waited for more than 5 minutes"]


def test_an_endpoint_that_is_switched_off_is_warned_of(checked, embedded):
    with embedded.transaction() as tx:
        endpoint_id = webhooks.add_endpoint(
            tx, url="https://app.example.org/", events=[], district_id=None, sealed_secret="sealed"
        )
        webhooks.switch_off(tx, endpoint_id, "it took nothing for three days")
    (said,) = checked()["webhooks"]["warnings"]
    assert "https://app.example.org/ is switched off (it took nothing for three days)" in said


def test_a_database_without_tables_is_all_that_is_said_of_it(rosterhold):
    Database("sqlite:///x.db").dispose()
    said = rosterhold("check", "--json")
    names = [line["name"] for line in said.document["checks"]]
    assert "database" in names
    assert not {"clock", "workers", "work", "webhooks"} & set(names)


def test_a_newer_database_is_named(checked, embedded):
    with embedded.transaction() as tx:
        tx.conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    (said,) = checked()["database"]["warnings"]
    assert "newer than this program" in said
    with embedded.transaction() as tx:
        standing.note(tx.conn, "9999")
    assert "newer than this program" in checked(code=1)["database"]["detail"]


def test_little_room_on_a_disk_is_warned_of(checked, monkeypatch):
    monkeypatch.setattr(own, "LITTLE_ROOM", 2**60)
    said = checked()["disk"]["warnings"]
    assert [line.split("for the ")[1].split(";")[0] for line in said] == [
        "database",
        "snapshots",
        "mails",
    ]


def test_a_snapshot_store_that_cannot_be_written_fails(checked, tmp_path):
    (tmp_path / "var/snapshots").write_text("a file")
    assert "cannot" in checked(code=1)["snapshots"]["detail"]


def test_a_short_key_is_warned_of(checked, monkeypatch):
    monkeypatch.setenv("ROSTERHOLD_SECRET_KEYS", "short")
    assert "shorter than 16" in checked()["settings"]["warnings"][0]


def test_several_machines_without_a_common_key_are_warned_of(on_servers, monkeypatch):
    monkeypatch.delenv("ROSTERHOLD_SECRET_KEYS")
    assert "ROSTERHOLD_SECRET_KEYS is not set" in on_servers()["settings"]["warnings"][0]


def test_servers_are_named_with_their_versions_and_the_clocks_compared(on_servers):
    checks = on_servers()
    assert not warnings_of(checks)
    assert "PostgreSQL 1" in checks["database"]["detail"]
    assert "Valkey" in checks["redis"]["detail"] or "Redis" in checks["redis"]["detail"]
    assert "the database's is 0." in checks["clock"]["detail"]


def test_clocks_that_differ_are_warned_of(on_servers, monkeypatch):
    monkeypatch.setattr(of_database, "MOST_SKEW_S", 0.0)
    assert "the two clocks differ" in on_servers()["clock"]["warnings"][0]


def test_more_connections_than_the_server_gives_are_warned_of(on_servers, monkeypatch):
    monkeypatch.setattr(of_database, "FEWEST_PROCESSES", 50)
    assert "max_connections leaves" in on_servers()["database"]["warnings"][0]


def test_a_postgresql_that_nobody_maintains_is_warned_of(on_servers, monkeypatch):
    monkeypatch.setattr(of_database, "OLDEST_POSTGRES", 99)
    assert "no longer maintained" in on_servers()["database"]["warnings"][0]


def test_a_redis_that_throws_messages_away_is_warned_of(on_servers, redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "allkeys-lru" in on_servers()["redis"]["warnings"][0]
        finally:
            client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize(("password", "code"), [("right", 0), ("wrong", 1)])
def test_the_mail_server_is_logged_in_to(checked, monkeypatch, password, code):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def authenticator(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=data.password == b"right", handled=False)

    server = Controller(
        Sink(), hostname="127.0.0.1", port=port, authenticator=authenticator, auth_require_tls=False
    )
    monkeypatch.setenv("ROSTERHOLD_SMTP_URL", f"smtp://user:{password}@127.0.0.1:{port}")
    server.start()
    try:
        mail = checked(code)["mail"]
    finally:
        server.stop()
    assert ("logged in" if code == 0 else "535") in mail["detail"]
    assert password not in mail["detail"]


def test_a_clever_that_no_district_shares_with_is_warned_of(checked, clever):
    clever.change("disconnect")
    assert "no district has granted access" in checked()["clever"]["warnings"][0]


def test_a_person_reads_it_in_lines(rosterhold, clever):
    said = rosterhold("check")
    assert said.code == 0
    assert any(line.startswith("warning") and "no worker" in line for line in said.out.splitlines())
