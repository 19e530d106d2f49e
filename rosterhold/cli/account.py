"""`rosterhold account`: support and operators, and links to log in."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from rosterhold.adapters.database import accounts, login_links, sessions
from rosterhold.adapters.database.accounts import Role
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.login_links import MINUTES
from rosterhold.adapters.links import login_address, own_page
from rosterhold.cli.mail_settings import addresses_of
from rosterhold.cli.output import AsJson, CliError, note, print_json, print_table, say
from rosterhold.cli.session import database_of, settings_of

app = typer.Typer(help="Accounts of support and operators: add, list, disable; links to log in.")

Email = Annotated[str, typer.Argument(metavar="MAIL", help="A mail address.")]


@app.command()
def add(
    ctx: typer.Context,
    email: Email,
    role: Annotated[
        Role, typer.Option(help="support sees all and decides nothing; operator does all.")
    ],
) -> None:
    """Give an address a role, or another one, and print a link to log in."""
    if not role.is_staff:
        raise CliError(
            "an administrator of a district is named with the district: "
            "`rosterhold district add --admin` or `rosterhold district set --admin`"
        )
    if len(found := addresses_of([email])) != 1:
        raise CliError("an account has one mail address")
    address = accounts.plain(found[0])
    with database_of(ctx) as database:
        with database.transaction() as tx:
            accounts.put_staff(tx, address, role)
        note(f"{address} is {role.value} now. A link to log in, once, within {MINUTES} minutes:")
        say(_link(ctx, database, address, "/"))


@app.command()
def link(
    ctx: typer.Context,
    email: Email,
    page: Annotated[str, typer.Option("--page", help="The page it leads to.")] = "/",
) -> None:
    """Print a link to log in, where a mail does not arrive. Anybody who has it comes in."""
    if own_page(page) != page:
        raise CliError(f"{page} is no page that a link leads to")
    address = accounts.plain(email)
    with database_of(ctx) as database:
        with database.reading() as conn:
            known = accounts.is_known(conn, address)
        if not known:
            raise CliError(f"nobody comes in with the address {address}")
        note(f"A link to log in as {address}, once, within {MINUTES} minutes:")
        say(_link(ctx, database, address, page))


@app.command("list")
def list_accounts(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the accounts."""
    with database_of(ctx) as database, database.reading() as conn:
        found = accounts.every(conn)
    if as_json:
        print_json(found)
        return
    print_table(
        ("MAIL", "ROLE", "DISTRICT", "STATE"),
        (
            (one.email, one.role.value, one.district_id or "all", _state(one.disabled_at))
            for one in found
        ),
        empty="There is no account yet; `rosterhold account add MAIL --role operator` adds one.",
    )


@app.command()
def disable(ctx: typer.Context, email: Email) -> None:
    """Shut out an address: its accounts, its sessions and its open links end at once."""
    address = accounts.plain(email)
    with database_of(ctx) as database, database.transaction() as tx:
        if not accounts.disable(tx, address):
            raise CliError(f"there is no account of {address} that is not disabled already")
        sessions.end_all(tx, address)
        login_links.withdraw(tx, address)
    say(f"{address} is disabled and logged out.")


def _link(ctx: typer.Context, database: Database, address: str, page: str) -> str:
    with database.transaction() as tx:
        token = login_links.issue(tx, address, page, datetime.now(UTC))
    return login_address(settings_of(ctx).public_url, token)


def _state(disabled_at: datetime | None) -> str:
    return "" if disabled_at is None else "disabled"
