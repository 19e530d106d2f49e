"""Where the API hangs in the site: it is made when it is first asked for.

FastAPI and its models take most of a second to import, which the pages need not wait for.
"""

import re
import threading
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from rosterhold.web.site import Site

PATH: Final = "/api/v1"


class LateApi:
    """The API of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._app: ASGIApp | None = None
        self._one_at_a_time = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            await run_in_threadpool(self._make)
        app: ASGIApp = self._app  # type: ignore[assignment]
        await app(scope, receive, send)

    def _make(self) -> None:
        # As this module says.
        from rosterhold.web.api.app import create_api  # noqa: PLC0415

        with self._one_at_a_time:
            if self._app is None:
                self._app = create_api(self._site)


def api_routes(site: Site) -> list[Mount]:
    mount = Mount(PATH, LateApi(site))
    # Also an address with a line break in it is the API's to refuse, in its own words.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return [mount]
