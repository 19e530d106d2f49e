"""Whether anybody is there to work, and what lies about undone."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from rosterhold.adapters.database import processes, webhooks
from rosterhold.adapters.database.outbox import is_free
from rosterhold.adapters.database.tables import outbox
from rosterhold.cli.examine.answer import Answer
from rosterhold.config.wiring import Services
from rosterhold.statemachine.chart import WAITS_FOR_ITS_TIME

OVERDUE_AFTER: Final = timedelta(minutes=5)


def workers(services: Services) -> Answer:
    """Which processes say that they live."""
    with services.database.reading() as conn:
        alive = processes.alive(conn, services.database.now(conn))
    warnings = []
    if not alive.keys() & processes.WORK:
        warnings.append("no worker is alive: every sync waits; run `rosterhold worker` or `up`")
    if not alive.keys() & processes.SCHEDULE:
        warnings.append(
            "no scheduler is alive: no night brings a sync; run `rosterhold scheduler` or `up`"
        )
    said = ", ".join(f"{role}: {count}" for role, count in sorted(alive.items()))
    return Answer(said or "no process is alive", tuple(warnings))


def work(services: Services) -> Answer:
    """Work given up, which waits for an operator, and work that nobody takes."""
    with services.database.reading() as conn:
        now = services.database.now(conn)
        given_up = conn.execute(
            sa.select(outbox.c.work, sa.func.count().label("count"))
            .where(outbox.c.given_up_at.is_not(None))
            .group_by(outbox.c.work)
            .order_by(outbox.c.work)
        ).all()
        last_error = conn.execute(
            sa.select(outbox.c.last_error)
            .where(outbox.c.given_up_at.is_not(None))
            .order_by(outbox.c.given_up_at.desc())
            .limit(1)
        ).scalar_one_or_none()
        overdue, waiting = conn.execute(
            sa.select(
                sa.func.count().filter(outbox.c.due_at < now - OVERDUE_AFTER, is_free(now)),
                sa.func.count(),
            ).where(outbox.c.given_up_at.is_(None), outbox.c.work.not_in(WAITS_FOR_ITS_TIME))
        ).one()
    warnings = []
    if given_up:
        kinds = ", ".join(f"{row.work}: {row.count}" for row in given_up)
        warnings.append(
            f"work was given up and is not tried again by itself ({kinds}); the last time because "
            f"of: {last_error or 'no word'}"
        )
    if overdue:
        warnings.append(f"{overdue} pieces of work have waited for more than 5 minutes")
    return Answer(f"{waiting} pieces of work are waiting or under way", tuple(warnings))


def endpoints(services: Services) -> Answer:
    """Who is told by webhooks, and who is not any more."""
    with services.database.reading() as conn:
        every = webhooks.every_endpoint(conn)
    warnings = [
        f"the endpoint {one.url} is switched off ({one.switched_off_why}); "
        f"`rosterhold webhook enable {one.id}` switches it on"
        for one in every
        if one.switched_off_at is not None
    ]
    return Answer(f"{len(every)} endpoints are told of events", tuple(warnings))
