"""`rosterhold work`: list pieces of work, try one now, or give it up."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
import typer

from rosterhold.adapters.database import operations, operator_actions
from rosterhold.adapters.database.census import Standing
from rosterhold.adapters.database.operator_actions import GIVE_UP, RETRY, Refused
from rosterhold.adapters.database.outbox import Queue
from rosterhold.cli.deciding import the_person
from rosterhold.cli.output import AsJson, CliError, print_json, print_table, say
from rosterhold.cli.session import database_of, services_of

app = typer.Typer(help="Pieces of work: list, try one now, give one up.")

STANDINGS: Final = (operations.TROUBLED, *Standing)
WorkId = Annotated[int, typer.Argument(help="The number of the work, as `work list` shows it.")]


@app.command("list")
def list_work(
    ctx: typer.Context,
    *,
    queue: Annotated[str, typer.Option(help="Only this queue.")] = "",
    stands: Annotated[str, typer.Option(help=f"Only what stands so: {', '.join(STANDINGS)}.")] = "",
    page: Annotated[int, typer.Option(min=1, help="50 at a time.")] = 1,
    as_json: AsJson = False,
) -> None:
    """List pieces of work, what was given up and what fails most first."""
    _refuse_unknown("queue", queue, [one.value for one in Queue])
    _refuse_unknown("stands", stands, STANDINGS)
    with database_of(ctx) as database, database.reading() as conn:
        now = database.now(conn)
        lines, total = operations.work_lines(conn, now, queue=queue, stands=stands, page=page)
    if as_json:
        print_json({"total": total, "work": [msgspec.to_builtins(line) for line in lines]})
        return
    print_table(
        ("id", "work", "queue", "district", "stands", "tries", "due", "last error"),
        (
            (
                line.id,
                line.work,
                line.queue,
                line.district_name,
                line.standing,
                line.attempts,
                line.due_at,
                line.last_error,
            )
            for line in lines
        ),
        empty="There is no such work.",
    )


@app.command()
def retry(
    ctx: typer.Context,
    work_id: WorkId,
    reason: Annotated[str, typer.Option(help="Why; kept with what you did.")] = "",
) -> None:
    """Try a piece of work at once, also one that was given up."""
    _do(ctx, RETRY, work_id, reason)
    say(f"work {work_id} is tried at once")


@app.command("give-up")
def give_up(
    ctx: typer.Context,
    work_id: WorkId,
    reason: Annotated[str, typer.Option(help="Why; kept with what you did.")],
) -> None:
    """Try a piece of work no more. A step's sync fails; its roster stays as it is."""
    _do(ctx, GIVE_UP, work_id, reason)
    say(f"work {work_id} is given up")


def _do(ctx: typer.Context, action: str, work_id: int, reason: str) -> None:
    with services_of(ctx) as services:
        person = the_person()
        done = operator_actions.do(services.database, action, work_id, person, reason)
        if isinstance(done, Refused):
            raise CliError(done.sentence)
        services.doorbell.ring(done)


def _refuse_unknown(option: str, given: str, known: Iterable[str]) -> None:
    names = list(known)
    if given and given not in names:
        raise CliError(f"--{option} {given} is none of {', '.join(names)}")
