"""Whether this process lives, and whether all that it needs can be reached."""

import threading
import time
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from rosterhold.adapters.database import migrations
from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.web.site import Site, site_of

# A service that does not answer within this is not there.
PATIENCE_S: Final = 2.0
KEPT_FOR_S: Final = 1.0
OK: Final = "ok"
PROBE: Final = "readyz/probe"

log = structlog.get_logger(__name__)


def healthz(request: Request) -> JSONResponse:
    """200 when the system of record answers, else 503."""
    try:
        with site_of(request).database.reading() as conn:
            conn.execute(sa.select(sa.literal(1)))
    except sa.exc.SQLAlchemyError:
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok"})


def readyz(request: Request) -> JSONResponse:
    """200 when every service was reached within a short time, else 503; each by its name.

    `?exclude=redis` leaves a service out, any number of times: pages work without a queue, and a
    load balancer need not take all of them away with it.
    """
    site = site_of(request)
    found = site.kept.get("readyz", KEPT_FOR_S, lambda: examined(site, PATIENCE_S))
    left_out = set(request.query_params.getlist("exclude"))
    checks = {name: said for name, said in found.items() if name not in left_out}
    is_ready = all(said == OK for said in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(body, 200 if is_ready else 503)


def examined(site: Site, patience_s: float) -> dict[str, str]:
    """Ask every service at the same time.

    Returns:
        Service → "ok", or what is wrong, without addresses.
    """
    found: dict[str, str] = {}

    def run(name: str, check: Callable[[Site], str]) -> None:
        found[name] = check(site)

    threads = {
        name: threading.Thread(target=run, args=(name, check), name=f"ready-{name}", daemon=True)
        for name, check in CHECKS.items()
    }
    for thread in threads.values():
        thread.start()
    until = time.monotonic() + patience_s
    for thread in threads.values():
        thread.join(max(until - time.monotonic(), 0.0))
    silent = f"no answer within {patience_s:g} s"
    return {name: found.get(name, silent) for name in CHECKS}


def _database(site: Site) -> str:
    try:
        with site.database.reading() as conn:
            conn.execute(sa.select(sa.literal(1)))
    except SQLAlchemyError as error:
        log.warning("not ready: the database", error=str(error))
        return "cannot be reached"
    return OK


def _migrations(site: Site) -> str:
    try:
        return migrations.missing(site.database) or OK
    except SQLAlchemyError:
        return "cannot be read"


def _redis(site: Site) -> str:
    return "cannot be reached" if site.doorbell.lengths() is None else OK


def _snapshots(site: Site) -> str:
    try:
        # Whether it is there is no matter: the store was asked.
        site.store.exists(PROBE)
    except (SnapshotStoreError, OSError) as error:
        log.warning("not ready: the snapshot store", error=str(error))
        return "cannot be reached"
    return OK


CHECKS: Final[dict[str, Callable[[Site], str]]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
    "snapshots": _snapshots,
}

ROUTES: Final = [Route("/healthz", healthz), Route("/readyz", readyz)]
