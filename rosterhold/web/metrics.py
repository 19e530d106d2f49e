"""`/metrics`: what Prometheus scrapes, for the whole installation."""

import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from rosterhold.adapters import exposition
from rosterhold.adapters.database import census, meters
from rosterhold.adapters.database.census import Census
from rosterhold.adapters.exposition import Reading
from rosterhold.adapters.metrics import Count
from rosterhold.web.site import Site, site_of

# Several who scrape at the same time ask the database once.
KEPT_FOR_S: Final = 2.0
_REFUSED: Final = (
    "Metrics are for this machine only, and not through a proxy. "
    "Set ROSTERHOLD_METRICS_TOKEN, and scrape with it as a bearer token.\n"
)

log = structlog.get_logger(__name__)


def metrics(request: Request) -> Response:
    """The metrics; only for who has the token or, where none is set, for this machine."""
    site = site_of(request)
    if not _may_scrape(request, site.metrics_token):
        return PlainTextResponse(_REFUSED, 403)
    text = site.kept.get("metrics", KEPT_FOR_S, lambda: exposition.text_of(_read(site)))
    return Response(text, media_type=exposition.CONTENT_TYPE)


def _may_scrape(request: Request, token: str | None) -> bool:
    if token is not None:
        given = request.headers.get("authorization", "").encode()
        return secrets.compare_digest(given, f"Bearer {token}".encode())
    # Behind a proxy on this machine everybody seems to be here.
    forwarded = {"forwarded", "x-forwarded-for"} & set(request.headers)
    return not forwarded and request.client is not None and _is_here(request.client.host)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read(site: Site) -> Reading:
    known: Census | None = None
    sums: Mapping[Count, float] = {}
    try:
        # What this process counted is to be in it.
        meters.write(site.database, site.meter)
        known = census.take(site.database)
        with site.database.reading() as conn:
            sums = meters.sums(conn)
    except SQLAlchemyError as error:
        known, sums = None, {}
        log.warning("the database is away; the metrics say so", error=str(error))
    return Reading(known, sums, site.doorbell.lengths())


ROUTES: Final = [Route("/metrics", metrics)]
