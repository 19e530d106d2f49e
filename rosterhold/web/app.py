"""The web application: routes to the pages."""

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from rosterhold.web import (
    chosen,
    dashboard,
    entry,
    health,
    login,
    login_clever,
    metrics,
    report,
    unsubscribe,
    webhooks,
)
from rosterhold.web.api.mount import api_routes
from rosterhold.web.changes import changes_csv
from rosterhold.web.decide import post_decision
from rosterhold.web.login import login_required
from rosterhold.web.operations import routes as operations
from rosterhold.web.pages import away_page, error_page
from rosterhold.web.security import SecurityHeaders
from rosterhold.web.site import Site


class _KeptFiles(StaticFiles):
    """Static files, whose addresses change with their content, so browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response


def create_app(site: Site) -> Starlette:
    """Build the application around the parts that it needs."""
    app = Starlette(
        routes=[
            *dashboard.ROUTES,
            *report.ROUTES,
            *chosen.ROUTES,
            *login.ROUTES,
            *entry.ROUTES,
            *login_clever.ROUTES,
            Route("/syncs/{sync_id}/changes.csv", changes_csv),
            Route("/syncs/{sync_id}/decisions", post_decision, methods=["POST"]),
            *unsubscribe.ROUTES,
            *webhooks.ROUTES,
            *api_routes(site),
            *health.ROUTES,
            *metrics.ROUTES,
            *operations.ROUTES,
            Mount("/static", _KeptFiles(packages=[("rosterhold.web", "static")])),
        ],
        middleware=[Middleware(SecurityHeaders, is_https=site.is_https)],
        exception_handlers={
            401: login_required,
            HTTPException: error_page,
            DBAPIError: away_page,
            Exception: error_page,
        },
    )
    app.state.site = site
    return app
