"""What happens to a sync, as it happens: server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from rosterhold.adapters.database import views
from rosterhold.adapters.database.tokens import Scope
from rosterhold.statemachine.chart import SyncState
from rosterhold.web.api.documented import SyncId
from rosterhold.web.api.security import Caller, needs

router = APIRouter(tags=["syncs"])

LOOK_EVERY_S: Final = 0.5
HEARTBEAT_EVERY_S: Final = 15.0
# Then the caller comes again, by a token that still works.
LONGEST_S: Final = 600.0
_LARGEST_ID: Final = 2**31 - 1


class EventStream(StreamingResponse):
    """Server-sent events, as WHATWG HTML has them."""

    media_type = "text/event-stream"


# One event, once its lines are read; `data` is JSON.
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "event": {"type": "string", "enum": ["transition", "progress"]},
        "id": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}


@dataclass(slots=True)
class _Seen:
    """What was sent of a sync by now."""

    seq: int
    state: str
    records: dict[str, int] = field(default_factory=dict)

    @property
    def rests(self) -> bool:
        """Nothing happens to it by itself."""
        state = SyncState(self.state)
        return state.is_final or state.is_on_hold


@router.get(
    "/syncs/{sync_id}/progress",
    summary="Follow a sync",
    response_class=EventStream,
    responses={
        200: {
            "description": (
                "Events: `transition` (id: its number; data: a line of the history) and `progress` "
                "(data: kind → records read). It ends when the sync is on hold or over, or after "
                "ten minutes. A comment comes when nothing happens for 15 seconds."
            ),
            "content": {EventStream.media_type: {"schema": _EVENT}},
        },
        204: {"description": "The sync rests, and `Last-Event-ID` was its last transition."},
    },
)
def follow_sync(
    sync_id: SyncId,
    caller: Caller = needs(Scope.SYNCS_READ),
    last_event_id: Annotated[
        int,
        Header(
            ge=0,
            le=_LARGEST_ID,
            description="The id of the last event that was received; those after it are sent.",
        ),
    ] = 0,
) -> Response:
    """Every transition from the first on, or from after `Last-Event-ID`, and the progress."""
    sync = caller.sync(sync_id)
    seen = _Seen(min(last_event_id, sync.version), sync.state.value)
    if seen.rests and seen.seq == sync.version:
        return Response(status_code=204)
    return EventStream(_events(caller, sync.id, seen), headers={"X-Accel-Buffering": "no"})


async def _events(caller: Caller, sync_id: str, seen: _Seen) -> AsyncIterator[bytes]:
    begun = sent_at = time.monotonic()
    yield b"retry: 2000\n\n"
    while True:
        events = await run_in_threadpool(_look, caller, sync_id, seen)
        now = time.monotonic()
        if events:
            sent_at = now
            yield events
        elif now - sent_at >= HEARTBEAT_EVERY_S:
            sent_at = now
            yield b": still here\n\n"
        if seen.rests or now - begun >= LONGEST_S:
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _look(caller: Caller, sync_id: str, seen: _Seen) -> bytes:
    """What is new since it was looked at last, as events."""
    with caller.database.reading() as conn:
        lines = views.history(conn, sync_id, after=seen.seq)
        records = views.records_read(conn, sync_id)
    events = [_event("transition", line, str(line.seq)) for line in lines]
    if lines:
        seen.seq, seen.state = lines[-1].seq, lines[-1].to_state
    if records != seen.records:
        seen.records = records
        events.append(_event("progress", records))
    return b"".join(events)


def _event(name: str, data: object, number: str | None = None) -> bytes:
    # JSON has no line breaks of its own, so that the data are one line.
    lines = [f"event: {name}", f"data: {msgspec.json.encode(data).decode()}"]
    if number is not None:
        lines.insert(0, f"id: {number}")
    return "\n".join([*lines, "", ""]).encode()
