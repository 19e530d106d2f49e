"""`rosterhold worker`: the processes that do the work."""

from typing import Annotated

import typer

from rosterhold.cli.session import settings_of
from rosterhold.cli.waiting import ends_on_signals, wait_for_database
from rosterhold.workers.entry import run_workers

app = typer.Typer()


@app.command()
def worker(
    ctx: typer.Context,
    processes: Annotated[int, typer.Option(min=1, help="How many processes.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each process.")] = 4,
    queues: Annotated[
        str, typer.Option(help="Only these queues, separated by commas; all without it.")
    ] = "",
) -> None:
    """Run worker processes, until Ctrl-C; SIGHUP replaces them one by one."""
    wanted = [name.strip() for name in queues.split(",") if name.strip()]
    code = 0
    with ends_on_signals():
        wait_for_database(settings_of(ctx, log_level="INFO"))
        code = run_workers(
            processes=processes, threads=threads, queues=wanted, config=ctx.find_root().obj
        )
    raise typer.Exit(code)
