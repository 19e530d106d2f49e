"""The simulator on a port: a Starlette application, and a server in a thread for tests."""

import asyncio
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rosterhold.simulator import admin
from rosterhold.simulator.answers import Answer
from rosterhold.simulator.faults import DEFAULT_SLOW_SECONDS
from rosterhold.simulator.service import Incoming, serve
from rosterhold.simulator.world import World

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
STOP_SECONDS = 5.0


class CutResponse(Response):
    """Promises the whole body, sends half of it, and lets the connection end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def create_app(world: World) -> Starlette:
    """Build the application that serves a world: data API, OAuth and the simulator's own calls."""

    async def clever(request: Request) -> Response:
        served = serve(world, _incoming(request, await request.body()))
        fault = served.fault
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(DEFAULT_SLOW_SECONDS if fault.seconds is None else fault.seconds)
        return _response(served.answer)

    async def steer(request: Request) -> Response:
        body = await request.body()
        answer = await run_in_threadpool(
            admin.answer, world, request.method, request.url.path, body
        )
        return _response(answer)

    return Starlette(
        routes=[
            Route(f"{admin.PREFIX}/{{name:path}}", steer, methods=METHODS),
            Route("/{path:path}", clever, methods=METHODS),
        ]
    )


def _incoming(request: Request, body: bytes) -> Incoming:
    path = "/" + request.url.path.strip("/")
    authorization = request.headers.get("authorization", "")
    host = f"{request.url.scheme}://{request.url.netloc}"
    return Incoming(request.method, path, request.url.query, authorization, body, host)


def _response(answer: Answer) -> Response:
    kind = CutResponse if answer.cut else Response
    return kind(answer.body, answer.status, headers=answer.all_headers())


class SimulatorServer:
    """Serves a world on 127.0.0.1 from a thread; port 0 takes a free one.

    Use it in a `with`, or call `start` and `stop`. `url` has no slash at its end; `api_url` is the
    root under which `/v3.0/...` lies, `oauth_url` that of the token calls.
    """

    def __init__(self, world: World | None = None, *, port: int = 0) -> None:
        self.world = world or World()
        self._port = port
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/"

    @property
    def oauth_url(self) -> str:
        return f"{self.url}/oauth"

    def start(self) -> Self:
        """Begin to serve; returns when the port answers.

        Raises:
            OSError: the port is taken.
        """
        # Naming the protocol lets asyncio switch off Nagle's delay on accepted connections.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError:
            listener.close()
            raise
        listener.listen(128)
        self._port = listener.getsockname()[1]
        self._server = uvicorn.Server(server_config(self.world))
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="clever-simulator", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving and wait for the thread to end."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(STOP_SECONDS)
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def server_config(world: World) -> uvicorn.Config:
    """Configure uvicorn to be quiet, and to leave the `server` header to the answers."""
    return uvicorn.Config(
        create_app(world),
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
