"""What all addresses of the API share: entity tags, headers of the limit, and a largest body."""

import hashlib
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 64 * 1024

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class TaggedRoute(APIRoute):
    """Gives what is read an entity tag, and 304 to who has it already (RFC 9110, 13.1.2)."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            response = await handler(request)
            is_read = request.method == "GET" and response.status_code == 200  # noqa: PLR2004
            if not is_read or isinstance(response, StreamingResponse):
                return response
            tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
            if _has(request.headers.get("if-none-match", ""), tag):
                return Response(status_code=304, headers={"ETag": tag})
            response.headers["ETag"] = tag
            return response

        return tagged


def _has(known: str, tag: str) -> bool:
    tags = {one.strip().removeprefix("W/") for one in known.split(",")}
    return "*" in tags or tag in tags


def allowed_methods(routes: Iterable[BaseRoute], scope: Scope) -> str:
    """The methods that an address takes by any of the routes, as the header Allow names them."""
    found: set[str] = set()
    for route in routes:
        if isinstance(route, APIRoute) and route.matches(scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return ", ".join(sorted(found))


class Frame:
    """Refuses bodies that are too large, and adds the headers that a request was given."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = {}
        scope["state"] = state
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413)
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(state.get("api_headers", {}))
            await send(message)

        await self._app(scope, counted, with_headers)
