"""The API, as one application: its resources, its errors and its OpenAPI document."""

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware

from rosterhold.web.api import (
    changes,
    districts,
    holds,
    progress,
    roster,
    schedules,
    syncs,
    tokens,
)
from rosterhold.web.api.mount import PATH
from rosterhold.web.api.problems import EVERYWHERE, Problem, add_handlers
from rosterhold.web.api.routing import Frame
from rosterhold.web.site import Site

_DESCRIPTION: Final = """\
Rosterhold syncs K-12 rosters from Clever, and puts a sync on hold before it does damage.

Every request carries a token (`Authorization: Bearer rh_…`). A token of one district sees that
district alone: everything else is not found. Errors are `application/problem+json` (RFC 9457).
Lists come in pages: `next_cursor` of one page is `cursor` of the next. Times are in UTC.
"""

TAGS: Final = (
    ("districts", "Districts, and the schools of their roster."),
    ("schedules", "When districts are synced by themselves."),
    ("syncs", "Syncs: start, follow, cancel, and what happened."),
    ("holds", "What is on hold and why, and the decisions."),
    ("roster", "The applied roster, and what changes in it."),
    ("tokens", "Tokens of the API."),
)
ROUTERS: Final = tuple(
    part.router for part in (districts, schedules, syncs, progress, holds, roster, changes, tokens)
)


def create_api(site: Site) -> FastAPI:
    """Build the application around the parts that it needs; it is hung up at /api/v1."""
    app = build(site.base)
    app.state.site = site
    return app


def build(base: str) -> FastAPI:
    """The application without what it works with, for a site below the path `base`."""
    app = FastAPI(
        title="Rosterhold",
        version=version("rosterhold"),
        description=_DESCRIPTION,
        openapi_tags=[{"name": name, "description": words} for name, words in TAGS],
        # The pages that FastAPI brings load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        root_path_in_servers=False,
        responses=EVERYWHERE,
        middleware=[Middleware(Frame)],
    )
    for router in ROUTERS:
        app.include_router(router)
    add_handlers(app, [route for router in ROUTERS for route in router.routes])
    app.openapi = lambda: _document(app, base)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI, base: str) -> dict[str, Any]:
    """The OpenAPI document, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
            servers=[{"url": base + PATH}],
        )
        definitions = made["components"]["schemas"]
        definitions |= _definitions()
        for unused in ("HTTPValidationError", "ValidationError"):
            definitions.pop(unused, None)
        app.openapi_schema = made
    return app.openapi_schema


def _definitions() -> dict[str, Any]:
    """The schemas of errors, which no function returns."""
    whole = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    inner: dict[str, Any] = whole.pop("$defs")
    return {"Problem": whole, **inner}
