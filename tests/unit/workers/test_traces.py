"""A trace of each sync, from its start to its receipt, over all processes."""

import asyncio
import threading
from datetime import timedelta

import pytest
from doubles.town import students_of
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from ulid import ULID

from rosterhold.adapters.database import decisions, migrations, syncs
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.districts import add
from rosterhold.adapters.database.outbox import Queue
from rosterhold.adapters.database.transitions import Cause
from rosterhold.adapters.http import Http, TransportError
from rosterhold.adapters.tracing import Traces
from rosterhold.config import settings
from rosterhold.config.settings import Settings, SettingsError, load
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import SyncState, Work
from rosterhold.workers.runner import STEPS, Runner

FETCH = Claim(1, 1, Work.FETCH, Queue.URGENT, "d", str(ULID()), "", 1, 0, None)


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def traces(spans):
    made = Traces(spans, at_once=True)
    yield made
    made.close()


@pytest.fixture
def traced(world, traces):
    vars(world.services)["traces"] = traces
    return world


def sync_of(world):
    [(sync_id,)] = world.rows("SELECT id FROM syncs ORDER BY id DESC LIMIT 1")
    with world.database.reading() as conn:
        return syncs.load(conn, sync_id)


def test_steps_and_mails_of_a_sync_are_of_the_trace_that_its_id_names(traced, spans):
    traced.town = traced.town.leave(*students_of("north"))
    traced.starts()
    traced.delivers()
    ((mail, _, _),) = traced.work_left()
    traced.works(mail)
    found = spans.get_finished_spans()
    assert [span.name for span in found] == ["fetch", "evaluate", "email"]
    assert {span.context.trace_id for span in found} == {int(ULID.from_str(sync_of(traced).id))}
    assert len({span.parent.span_id for span in found}) == 1
    assert found[0].attributes["rosterhold.sync"] == sync_of(traced).id


def test_the_span_of_a_whole_sync_is_around_its_steps(traced, spans, traces):
    traced.starts()
    traced.delivers()
    sync = sync_of(traced)
    traces.ended(sync, sync.started_at + timedelta(seconds=90))
    *steps, whole = spans.get_finished_spans()
    assert (whole.name, whole.parent) == ("sync", None)
    assert {step.parent.span_id for step in steps} == {whole.context.span_id}
    assert {step.context.trace_id for step in steps} == {whole.context.trace_id}
    assert whole.end_time - whole.start_time == pytest.approx(90e9, abs=1e6)
    assert whole.attributes["rosterhold.state"] == "completed"


def test_another_process_puts_its_steps_into_the_same_trace(traced, spans):
    traced.starts()
    traced.delivers()
    other_spans = InMemorySpanExporter()
    other = Traces(other_spans, at_once=True)
    other.ended(sync_of(traced))
    other.close()
    [whole] = other_spans.get_finished_spans()
    assert {span.parent.span_id for span in spans.get_finished_spans()} == {whole.context.span_id}


def test_a_step_that_fails_tells_the_kind_of_its_error_and_not_its_words(traced, spans):
    traced.post.mood = "away"
    traced.town = traced.town.leave(*students_of("north"))

    def fails(*_):
        raise ValueError("Jane Doe")

    runner = Runner(traced.services, dict.fromkeys(STEPS, fails))
    traced.starts()
    runner.work(traced.work_left()[0][0])
    [span] = spans.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
    assert "Jane" not in span.to_json()


@pytest.mark.parametrize(("status", "is_error"), [("200", False), ("429", True), ("none", True)])
def test_a_request_to_clever_is_a_span_below_its_step(traces, spans, status, is_error):
    with traces.step(FETCH):
        traces.answered(status, 0.25)
    request, step = spans.get_finished_spans()
    assert request.parent.span_id == step.context.span_id
    assert request.end_time - request.start_time == pytest.approx(0.25e9, abs=1e3)
    assert (request.status.status_code is StatusCode.ERROR) == is_error


def test_threads_draw_ids_of_their_own_while_a_sync_ends(traced, traces, spans):
    traced.starts()
    traced.delivers()
    sync = sync_of(traced)
    spans.clear()
    ending = [threading.Thread(target=traces.ended, args=(sync,)) for _ in range(2)]
    asking = [threading.Thread(target=traces.answered, args=("200", 0.1)) for _ in range(2)]
    for thread in [*ending, *asking]:
        thread.start()
    for thread in [*ending, *asking]:
        thread.join()
    of_requests = [
        span.context.trace_id
        for span in spans.get_finished_spans()
        if span.name == "Clever request"
    ]
    assert len({*of_requests, int(ULID.from_str(sync.id))}) == 3


def test_a_sync_that_is_over_ends_its_trace(tmp_path, traces, spans):
    services = Services(Settings(database_url=f"sqlite:///{tmp_path}/r.db"), traces=traces)
    migrations.upgrade(services.database)
    with services.database.transaction() as tx:
        district = add(tx, clever_id="c1", name="Anytown", emails=[])
    started = decisions.start(services.database, district, trigger="test", cause=Cause("a test"))
    assert spans.get_finished_spans() == ()
    decisions.cancel(services.database, started.sync_id, Cause("a test"))
    [whole] = spans.get_finished_spans()
    assert whole.attributes["rosterhold.state"] == SyncState.CANCELLED.value
    services.database.dispose()


def test_without_a_collector_nothing_is_traced():
    assert Services(Settings()).traces is None


def test_without_opentelemetry_the_setting_says_what_to_install(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(settings, "find_spec", absent)
    with pytest.raises(SettingsError, match=r"rosterhold\[tracing\]"):
        load({"ROSTERHOLD_OTLP_URL": "http://127.0.0.1:4318"})


def test_what_a_request_came_to_is_told_also_without_an_answer():
    told = []

    async def ask():
        async with Http(
            on_answer=lambda status, seconds: told.append((status, seconds >= 0))
        ) as http:
            with pytest.raises(TransportError):
                await http.get("http://127.0.0.1:9/")

    asyncio.run(ask())
    assert told == [("none", True)]
