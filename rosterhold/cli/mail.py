"""`rosterhold mail`: the log of mails, and sending one again."""

from typing import Annotated

import typer

from rosterhold.adapters.database import emails, mail_views
from rosterhold.adapters.database.mail_views import MailLine
from rosterhold.cli.output import AsJson, CliError, print_json, print_table, say
from rosterhold.cli.session import database_of, services_of
from rosterhold.cli.words import the_district

app = typer.Typer(help="Mails: list, resend.")


@app.command("list")
def list_(
    ctx: typer.Context,
    district: Annotated[
        str | None, typer.Option(help="Only of the district with this id, ours or Clever's.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(help=f"Only these: {', '.join(mail_views.STATUSES)}.")
    ] = None,
    recipient: Annotated[
        str | None, typer.Option(help="Only to addresses that contain this.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(metavar="ID", help="Only older ones than this mail.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = mail_views.PAGE,
    *,
    as_json: AsJson = False,
) -> None:
    """List mails and what became of them, the newest first."""
    if status is not None and status not in mail_views.STATUSES:
        raise CliError(f"there is no status {status!r}; there are {', '.join(mail_views.STATUSES)}")
    with database_of(ctx) as database, database.reading() as conn:
        found = mail_views.mail_lines(
            conn,
            district_id=None if district is None else the_district(conn, district).id,
            status=status,
            recipient=recipient,
            before=None if before is None else before.upper(),
            limit=limit,
        )
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "district", "mail", "to", "status", "tries", "next try", "sent", "last error"),
        (_cells(line) for line in found),
        empty="There is no such mail.",
    )


def _cells(line: MailLine) -> tuple[object, ...]:
    return (
        line.id,
        line.district_name,
        line.template if line.day is None else f"{line.template} (day {line.day})",
        line.recipient,
        line.status,
        line.attempts,
        line.due_at,
        line.sent_at,
        line.last_error,
    )


@app.command()
def resend(
    ctx: typer.Context,
    mail: Annotated[str, typer.Argument(metavar="ID", help="As `mail list` shows it.")],
) -> None:
    """Send a mail again now, whatever became of it and whatever the hour."""
    with services_of(ctx) as services:
        with services.database.transaction() as tx:
            row = emails.load(tx.conn, mail.upper())
            if row is None:
                raise CliError(f"there is no mail {mail!r}; `rosterhold mail list` shows them")
            refused = emails.send_again(tx, row)
            work = tuple(tx.work)
        if refused is not None:
            raise CliError(f"the mail is not sent again: {refused.why}")
        services.doorbell.ring(work)
    say(f"{row.id} goes out to {row.recipient} as soon as a worker takes it")
