"""Whether this process can answer."""

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse

from rosterhold.web.site import site_of


def healthz(request: Request) -> JSONResponse:
    """200 when the system of record answers, else 503."""
    try:
        with site_of(request).database.reading() as conn:
            conn.execute(sa.select(sa.literal(1)))
    except sa.exc.SQLAlchemyError:
        return JSONResponse({"status": "no database"}, 503)
    return JSONResponse({"status": "ok"})
