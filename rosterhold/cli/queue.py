"""`rosterhold queue show`: what waits in each queue, and who is there to do it."""

import typer

from rosterhold.adapters.database import census, operations
from rosterhold.adapters.database.census import Standing
from rosterhold.adapters.database.outbox import Queue
from rosterhold.cli.output import AsJson, print_json, print_table, say
from rosterhold.cli.session import services_of

app = typer.Typer(help="Queues: what waits, and who is there to do it.")


@app.callback()
def queue() -> None:
    """Queues: what waits, and who is there to do it."""


@app.command()
def show(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show each queue, the processes that live, and what they are at."""
    with services_of(ctx) as services:
        known = census.take(services.database)
        with services.database.reading() as conn:
            processes = operations.living(conn, known.at)
            doing = operations.doing(conn, known.at)
        messages = services.doorbell.lengths() if services.settings.redis_url else {}
    rows = [
        {
            "queue": name.value,
            **{standing.value: known.work.get((name, standing), 0) for standing in Standing},
            "due_since": known.due_since.get(name),
            "messages": None if messages is None else messages.get(name, 0),
        }
        for name in Queue
    ]
    if as_json:
        print_json({"queues": rows, "processes": processes, "doing": doing})
        return
    print_table(tuple(rows[0]), (tuple(row.values()) for row in rows), empty="")
    say("")
    print_table(
        ("role", "machine, process", "started", "last seen"),
        ((one.role, one.place, one.started_at, one.seen_at) for one in processes),
        empty="No process is alive: start `rosterhold worker` and `rosterhold scheduler`.",
    )
    if doing:
        say("")
        print_table(
            ("at work", "queue", "district", "sync", "by", "since"),
            (
                (one.work, one.queue, one.district_name, one.sync_id, one.place, one.claimed_at)
                for one in doing
            ),
            empty="",
        )
