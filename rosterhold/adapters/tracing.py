"""Traces by OpenTelemetry: one for each sync, from its start to its receipt, across all processes.

A sync's id is a ULID, 128 bits like the id of a trace: it is the trace's, so that steps in other
processes, and mails weeks later, join it without anything being handed on. The only module that
imports OpenTelemetry; see docs/decisions/0017-a-trace-is-named-by-its-sync.md.
"""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from ulid import ULID

from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.syncs import SyncRow

SERVICE: Final = "rosterhold"
PATH: Final = "/v1/traces"
_FIRST_ERROR: Final = 400

_given: ContextVar[SpanContext | None] = ContextVar("given", default=None)


class _Ids(RandomIdGenerator):
    """Draws ids, but for the span of a whole sync, which has those that its steps know."""

    def generate_trace_id(self) -> int:
        given = _given.get()
        return super().generate_trace_id() if given is None else given.trace_id

    def generate_span_id(self) -> int:
        given = _given.get()
        return super().generate_span_id() if given is None else given.span_id


class Traces:
    """Writes spans; for all threads of a process. Made after a fork: it has a thread.

    Args:
        exporter: where spans go.
        at_once: send each span when it ends, for tests.
    """

    def __init__(self, exporter: SpanExporter, *, at_once: bool = False) -> None:
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 - for tests

        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: SERVICE}),
            id_generator=_Ids(),
            shutdown_on_exit=False,
        )
        processor = SimpleSpanProcessor(exporter) if at_once else BatchSpanProcessor(exporter)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)

    @contextmanager
    def step(self, claim: Claim) -> Iterator[None]:
        """A piece of work; it ends as failed by an error, which goes on."""
        attributes: dict[str, str | int] = {
            "rosterhold.district": claim.district_id,
            "rosterhold.queue": claim.queue.value,
            "rosterhold.attempt": claim.attempts,
        }
        if claim.sync_id is not None:
            attributes["rosterhold.sync"] = claim.sync_id
        parent = None if claim.sync_id is None else _below(claim.sync_id)
        with (
            self._tracer.start_as_current_span(
                claim.work.value,
                context=parent,
                kind=SpanKind.CONSUMER,
                attributes=attributes,
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
            _Judged(span),
        ):
            yield

    def answered(self, status: str, seconds: float) -> None:
        """A request to Clever that has just ended, below the step that made it."""
        end = time.time_ns()
        span = self._tracer.start_span(
            "Clever request", kind=SpanKind.CLIENT, start_time=end - round(seconds * 1e9)
        )
        if status.isdecimal():
            span.set_attribute("http.response.status_code", int(status))
        if not status.isdecimal() or int(status) >= _FIRST_ERROR:
            span.set_status(Status(StatusCode.ERROR, status))
        span.end(end)

    def ended(self, sync: SyncRow, now: datetime | None = None) -> None:
        """A sync that is over, as the span around all its steps."""
        token = _given.set(_of_sync(sync.id))
        try:
            span = self._tracer.start_span(
                "sync",
                context=Context(),
                start_time=_nanoseconds(sync.started_at),
                attributes={
                    "rosterhold.district": sync.district_id,
                    "rosterhold.sync": sync.id,
                    "rosterhold.state": sync.state.value,
                    "rosterhold.trigger": sync.trigger,
                },
            )
        finally:
            _given.reset(token)
        if sync.failure is not None:
            span.set_status(Status(StatusCode.ERROR))
        span.end(_nanoseconds(now or datetime.now(UTC)))

    def close(self) -> None:
        """Send what was not sent yet."""
        self._provider.shutdown()


class _Judged:
    """Marks a span as failed by an error.

    Only the kind of the error is told: its words may hold what is nobody's business here.
    """

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._span.set_status(Status(StatusCode.ERROR, kind.__name__))


def traces_to(url: str) -> Traces:
    """Traces that go to a collector, by OTLP over HTTP.

    Args:
        url: of the collector, such as ``http://127.0.0.1:4318``; with the path, or without it.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - takes long
        OTLPSpanExporter,
    )

    return Traces(OTLPSpanExporter(endpoint=url if url.endswith(PATH) else url + PATH))


def _of_sync(sync_id: str) -> SpanContext:
    """The span around a sync, as anybody can tell it from the sync's id."""
    digest = hashlib.sha256(sync_id.encode()).digest()
    return SpanContext(
        trace_id=int(ULID.from_str(sync_id)),
        # Zero is no id.
        span_id=int.from_bytes(digest[:8]) or 1,
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _below(sync_id: str) -> Context:
    return set_span_in_context(NonRecordingSpan(_of_sync(sync_id)), Context())


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1e9)
