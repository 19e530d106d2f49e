"""What Prometheus reads at `/metrics`."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from rosterhold.adapters import metrics
from rosterhold.adapters.database import meters, processes
from rosterhold.adapters.database.tables import outbox
from rosterhold.adapters.metrics import METRICS, Kind, Meter
from rosterhold.web.app import create_app
from tests.offices import Office, removal, students

HERE = ("127.0.0.1", 50_000)


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.database.dispose()


def client(office, *, peer=HERE, **changes):
    return TestClient(create_app(office.site(**changes)), client=peer)


def scrape(office, **changes):
    """Sample's name and labels → value, as Prometheus' own parser reads them."""
    answer = client(office, **changes).get("/metrics")
    assert answer.status_code == 200
    families = list(text_string_to_metric_families(answer.text))
    assert len(families) == len(METRICS)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_each_metric_has_its_kind_and_words_even_when_nothing_happened(office):
    families = text_string_to_metric_families(client(office).get("/metrics").text)
    found = {family.name: (family.type, family.documentation) for family in families}
    assert found == {
        metric.name.removesuffix("_total" if metric.kind is Kind.COUNTER else ""): (
            metric.kind.value,
            metric.words,
        )
        for metric in METRICS.values()
    }


def test_open_syncs_and_holds_are_told_by_state_and_reason(office):
    held = office.starts_sync(office.opens_district("Prairie Unified"))
    office.holds(held, [removal(students(30), of=100)])
    office.starts_sync(office.opens_district("Harbor Union"))
    found = scrape(office)
    assert found["rosterhold_syncs_open", "on_hold.data_removals"] == 1
    assert found["rosterhold_syncs_open", "running.fetching"] == 1
    assert found["rosterhold_syncs_open", "resumed"] == 0
    assert found["rosterhold_holds_open", "data_removals"] == 1
    assert found["rosterhold_holds_open", "disconnected"] == 0
    assert found["rosterhold_districts",] == 2


def test_the_age_of_the_oldest_hold_is_told(office):
    held = office.starts_sync(office.opens_district("Prairie Unified"))
    assert scrape(office)["rosterhold_hold_oldest_seconds",] == 0
    office.holds(held, [removal(students(30), of=100)])
    assert 0 <= scrape(office)["rosterhold_hold_oldest_seconds",] < 600


def test_work_is_told_by_queue_and_standing_with_its_lag(office):
    for name in ("Prairie Unified", "Harbor Union", "Lake Consolidated", "Hill City"):
        office.starts_sync(office.opens_district(name))
    with office.database.transaction() as tx:
        minute = timedelta(minutes=1)
        for work_id, changes in enumerate(
            (
                {"due_at": tx.now - 3 * minute},
                {"leased_until": tx.now + minute},
                {"failures": 2, "due_at": tx.now + minute},
                {"given_up_at": tx.now},
            ),
            start=1,
        ):
            tx.conn.execute(sa.update(outbox).where(outbox.c.id == work_id).values(changes))
    found = scrape(office)
    for standing, number in {
        "waiting": 1, "in_work": 1, "retrying": 1, "given_up": 1, "delayed": 0
    }.items():  # fmt: skip
        assert found["rosterhold_queue_work", "urgent", standing] == number
    assert 180 <= found["rosterhold_queue_lag_seconds", "urgent"] < 600
    assert found["rosterhold_queue_lag_seconds", "email"] == 0


def test_living_processes_are_told_by_role(office):
    processes.beat(office.database, None, "worker")
    assert scrape(office)["rosterhold_processes", "worker"] == 1


def test_what_this_and_other_processes_counted_is_told(office):
    other = Meter()
    for seconds in (0.02, 0.02, 70.0):
        other.observe(metrics.STEP_SECONDS, "fetch", value=seconds)
    meters.write(office.database, other)
    own = Meter()
    own.count(metrics.MAILS, "sent")
    found = scrape(office, meter=own)
    assert found["rosterhold_mails_total", "sent"] == 1
    assert found["rosterhold_step_seconds_count", "fetch"] == 3
    assert found["rosterhold_step_seconds_sum", "fetch"] == pytest.approx(70.04)
    assert found["rosterhold_step_seconds_bucket", "0.01", "fetch"] == 0
    assert found["rosterhold_step_seconds_bucket", "0.05", "fetch"] == 2
    assert found["rosterhold_step_seconds_bucket", "300", "fetch"] == 3
    assert found["rosterhold_scheduler_ticks_total",] == 0


def test_a_database_that_is_away_is_told_and_breaks_no_scrape(office):
    with office.database.transaction() as tx:
        tx.conn.execute(sa.text("DROP TABLE processes"))
    found = scrape(office)
    assert found["rosterhold_database_up",] == 0
    assert ("rosterhold_districts",) not in found


def test_scrapes_within_a_moment_ask_the_database_once(office):
    asked = []
    sa.event.listen(
        office.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2])
    )
    visit = client(office)
    first = visit.get("/metrics").text
    number = len(asked)
    assert visit.get("/metrics").text == first
    assert len(asked) == number


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        (HERE, {}, 200),
        (("::1", 1), {}, 200),
        (("192.0.2.7", 1), {}, 403),
        (HERE, {"x-forwarded-for": "127.0.0.1"}, 403),
    ],
)
def test_without_a_token_only_this_machine_may_scrape(office, peer, headers, status):
    assert client(office, peer=peer).get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer right", 200), ("Bearer wrong", 403), ("right", 403), ("", 403)]
)
def test_with_a_token_it_is_asked_of_everybody(office, given, status):
    answer = client(office, metrics_token="right").get("/metrics", headers={"authorization": given})
    assert answer.status_code == status
    assert "right" not in answer.text or status == 200
