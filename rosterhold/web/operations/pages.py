"""The operations pages: what is wrong, all districts, queues and workers, work, mails.

For support and operators, of all districts. Each asks the database a number of questions that does
not depend on how much there is, and keeps the answers for a moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from rosterhold.adapters.database import (
    census,
    discovery,
    meters,
    operations,
    operator_actions,
    processes,
    waits,
    webhooks,
)
from rosterhold.adapters.database.census import Standing
from rosterhold.adapters.database.district_lines import Show, Sort, district_lines
from rosterhold.adapters.database.emails import EmailStatus
from rosterhold.adapters.database.operations import PAGE_SIZE
from rosterhold.adapters.database.outbox import Queue
from rosterhold.statemachine.chart import SyncState
from rosterhold.web.operations.charts import chart, peaks
from rosterhold.web.operations.rates import Rates
from rosterhold.web.operations.trouble import HANDBOOK, Facts, minutes, troubles
from rosterhold.web.pages import page
from rosterhold.web.security import Visitor, form_token, staff_of
from rosterhold.web.site import Site, site_of

KEPT_FOR_S: Final = 2.0
MOST_PAGES: Final = 10_000
SYNCS_STACKED: Final = ("completed", "failed", "cancelled")
MAILS_STACKED: Final = tuple(status.value for status in EmailStatus)

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def staff(request: Request) -> Visitor:
    """Who is asking: the one door to these pages.

    Raises:
        HTTPException: 401 or 404, nobody of the staff.
    """
    with site_of(request).database.reading() as conn:
        return staff_of(request, conn)


def overview(request: Request) -> Response:
    """What is wrong now and what to do, the counts, and the last day."""
    visitor, site = staff(request), site_of(request)

    def look() -> dict[str, Any]:
        known = census.take(site.database)
        with site.database.reading() as conn:
            facts = Facts(
                census=known,
                errors=operations.last_errors(conn),
                disconnected=operations.disconnected_because(conn),
                messages=site.doorbell.lengths(),
                read_only=_is_read_only(conn),
                endpoints_off=webhooks.switched_off(conn),
                dead=processes.died(conn, known.at),
            )
            ended = operations.syncs_by_hour(conn, known.at)
            mailed = operations.mails_by_hour(conn, known.at)
            waited = waits.by_hour(conn, known.at)
        oldest = {queue: known.at - due for queue, due in sorted(known.due_since.items())}
        return {
            "census": known,
            "troubles": troubles(facts),
            "states": _by_state(known),
            "oldest": oldest,
            "waits": peaks(waited, oldest, known.at),
            "syncs": chart(ended, SYNCS_STACKED, known.at),
            "mails": chart(mailed, MAILS_STACKED, known.at),
        }

    return operations_page(request, visitor, "overview", _kept(site, "overview", look))


def _is_read_only(conn: sa.Connection) -> bool:
    """Whether PostgreSQL takes no changes; SQLite tells it only at the first one."""
    if conn.dialect.name == "sqlite":
        return False
    setting = sa.func.current_setting("transaction_read_only")
    return bool(conn.execute(sa.select(setting)).scalar_one() == "on")


def _by_state(known: census.Census) -> list[tuple[str, int]]:
    """State → syncs: open ones now, and those that ended in the last day."""
    both = {**known.open_syncs, **known.finished}
    return [(state.value, both[state.value]) for state in SyncState if both.get(state.value)]


def districts(request: Request) -> Response:
    """All districts: by state, age of hold and harm, with a search."""
    visitor, site = staff(request), site_of(request)
    show, sort = _choice(request, "show", Show, Show.ALL), _choice(request, "sort", Sort, Sort.HARM)
    search, number = request.query_params.get("q", "")[:200], _page_number(request)

    def look() -> dict[str, Any]:
        with site.database.reading() as conn:
            now = site.database.now(conn)
            lines, total = district_lines(conn, show=show, sort=sort, search=search, page=number)
            waiting = discovery.waiting(conn, limit=PAGE_SIZE + 1)
        return {"lines": lines, "total": total, "now": now, "waiting": waiting}

    found = _kept(site, ("districts", show, sort, search, number), look)
    filters = {"show": show.value, "sort": sort.value, "q": search}
    paging = Paging(number, filters, has_more=number * PAGE_SIZE < found["total"])
    content = {
        **found,
        "paging": paging,
        "shows": list(Show),
        "sorts": list(Sort),
        "most_waiting": PAGE_SIZE,
    }
    return operations_page(request, visitor, "districts", content)


def queues(request: Request) -> Response:
    """What waits in each queue, how fast it is done, and who does it."""
    visitor, site = staff(request), site_of(request)

    def look() -> dict[str, Any]:
        known = census.take(site.database)
        with site.database.reading() as conn:
            rates = _rates_of(request).a_minute(meters.sums(conn))
            return {
                "census": known,
                "queues": [queue.value for queue in Queue],
                "standings": list(Standing),
                "messages": site.doorbell.lengths(),
                "errors": operations.last_errors(conn),
                "rates": rates,
                "processes": operations.living(conn, known.at),
                "doing": operations.doing(conn, known.at),
                "at_work": operations.at_work(conn, known.at),
            }

    return operations_page(request, visitor, "queues", _kept(site, "queues", look))


def work(request: Request) -> Response:
    """Pieces of work with their tries and last error; operators retry them or give them up."""
    visitor, site = staff(request), site_of(request)
    queue = request.query_params.get("queue", "")
    stands = request.query_params.get("stands", "")
    queue = queue if queue in set(Queue) else ""
    stands = stands if stands in {*Standing, operations.TROUBLED} else ""
    number = _page_number(request)

    def look() -> dict[str, Any]:
        with site.database.reading() as conn:
            now = site.database.now(conn)
            lines, total = operations.work_lines(conn, now, queue=queue, stands=stands, page=number)
            return {
                "lines": lines,
                "total": total,
                "now": now,
                "actions": operator_actions.latest(conn),
            }

    # Not kept: who has just done something wants to see it.
    found = look()
    paging = Paging(
        number, {"queue": queue, "stands": stands}, has_more=number * PAGE_SIZE < found["total"]
    )
    content = {
        **found,
        "paging": paging,
        "queues": [one.value for one in Queue],
        "standings": [operations.TROUBLED, *Standing],
        "may_act": visitor.may_decide,
        "form_token": form_token(request, visitor),
    }
    return operations_page(request, visitor, "work", content)


def mails(request: Request) -> Response:
    """The newest mails and what became of them."""
    visitor, site = staff(request), site_of(request)
    status, number = request.query_params.get("status", ""), _page_number(request)
    status = status if status in set(EmailStatus) else ""

    def look() -> dict[str, Any]:
        with site.database.reading() as conn:
            now = site.database.now(conn)
            lines, found = operations.mail_lines(conn, status=status, page=number)
        return {"lines": lines, "now": now, "has_more": found > PAGE_SIZE}

    found = _kept(site, ("mails", status, number), look)
    paging = Paging(number, {"status": status}, has_more=found["has_more"])
    content = {**found, "paging": paging, "statuses": list(EmailStatus)}
    return operations_page(request, visitor, "mails", content)


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a list stands: its filters stay in the address."""

    number: int
    filters: dict[str, str]
    has_more: bool

    def address(self, **changes: object) -> str:
        """The query of another page, or of another filter, which begins at its first page."""
        wanted = {**self.filters, **{name: str(value) for name, value in changes.items()}}
        return "?" + urlencode({name: value for name, value in wanted.items() if value})


def operations_page(
    request: Request, visitor: Visitor, name: str, content: dict[str, Any]
) -> Response:
    """One of these pages with its content."""
    query = f"?{request.url.query}" if request.url.query else ""
    return page(
        request,
        f"operations/{name}.html",
        here=name,
        live=f"{request.url.path}{query}",
        who=visitor,
        minutes=minutes,
        handbook=HANDBOOK,
        # What somebody types is not to be taken away from under their hands.
        has_forms=name in {"work", "webhooks"},
        **content,
    )


def _kept(site: Site, key: object, look: Callable[[], T]) -> T:
    return site.kept.get(("operations", key), KEPT_FOR_S, look)


def _rates_of(request: Request) -> Rates:
    state = request.app.state
    if not hasattr(state, "rates"):
        state.rates = Rates()
    rates: Rates = state.rates
    return rates


def _choice(request: Request, name: str, options: type[E], otherwise: E) -> E:
    given = request.query_params.get(name, "")
    return options(given) if given in set(options) else otherwise


def _page_number(request: Request) -> int:
    """Raises HTTPException, 404: there is no such page."""
    given = request.query_params.get("page", "1")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 0  # noqa: PLR2004 - of five digits at most
    if not 1 <= number <= MOST_PAGES:
        raise HTTPException(404)
    return number
