"""`rosterhold token`: make, list and revoke tokens of the API."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
import typer

from rosterhold.adapters.database import tokens
from rosterhold.adapters.database.tokens import Scope, TokenRow
from rosterhold.cli.deciding import the_person
from rosterhold.cli.output import AsJson, CliError, note, print_json, print_table, say
from rosterhold.cli.session import database_of
from rosterhold.cli.words import ago, the_district

app = typer.Typer(help="Tokens of the API: create, list, revoke.")

DAYS: Final = 365
_MOST_DAYS: Final = 3_650


class TokenDocument(msgspec.Struct, frozen=True):
    """A token, as `token list --json` gives it. `token` is there once, when it is made."""

    id: str
    name: str
    scopes: list[str]
    district: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    token: str | None = None


def _document(row: TokenRow, secret: str | None = None) -> TokenDocument:
    return TokenDocument(
        id=row.id,
        name=row.name,
        scopes=row.scopes,
        district=row.district_id,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        token=secret,
    )


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Option(help="What it is for, as lists show it.")],
    scope: Annotated[
        list[str], typer.Option(help=f"What it may do; again for more. {', '.join(Scope)}.")
    ],
    district: Annotated[
        str | None, typer.Option(help="Only for this district, by its id, ours or Clever's.")
    ] = None,
    *,
    all_districts: Annotated[
        bool, typer.Option("--all-districts", help="For every district.")
    ] = False,
    days: Annotated[
        int, typer.Option(min=1, max=_MOST_DAYS, help="How many days it works.")
    ] = DAYS,
    as_json: AsJson = False,
) -> None:
    """Make a token, and print it: it is kept nowhere and shown only this once."""
    if all_districts == (district is not None):
        raise CliError("say --district or --all-districts. Nothing was made.")
    if not name.strip():
        raise CliError("a token needs a name. Nothing was made.")
    scopes = [_scope(word) for word in scope]
    with database_of(ctx) as database:
        with database.reading() as conn:
            district_id = the_district(conn, district).id if district else None
        with database.transaction() as tx:
            made = tokens.create(
                tx,
                name=name.strip(),
                scopes=scopes,
                district_id=district_id,
                created_by=the_person().who,
                expires_at=tx.now + timedelta(days=days),
            )
    if as_json:
        print_json(_document(made.row, made.secret))
        return
    say(made.secret)
    note(f"token {made.row.id}; it is shown only now, and works until {made.row.expires_at:%F}")


def _scope(word: str) -> Scope:
    try:
        return Scope(word.strip())
    except ValueError as error:
        known = ", ".join(Scope)
        raise CliError(f"{word!r} is not a scope; there are {known}. Nothing was made.") from error


@app.command("list")
def list_(
    ctx: typer.Context,
    district: Annotated[str | None, typer.Option(help="Only of this district.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Every token, those that were revoked or have expired too."""
    with database_of(ctx) as database, database.reading() as conn:
        tenant = the_district(conn, district).id if district else None
        found = tokens.listed(conn, tenant)
    if as_json:
        print_json([_document(row) for row in found])
        return
    print_table(
        ("token", "name", "district", "scopes", "last used", "state"),
        (
            (
                row.id,
                row.name,
                row.district_id or "all",
                row.scopes,
                ago(row.last_used_at),
                _state(row),
            )
            for row in found
        ),
        empty="There is no token yet; `rosterhold token create` makes one.",
    )


def _state(row: TokenRow) -> str:
    if row.revoked_at is not None:
        return f"revoked on {row.revoked_at:%F}"
    if not row.is_usable(datetime.now(UTC)):
        return f"expired on {row.expires_at:%F}"
    return "works" if row.expires_at is None else f"works until {row.expires_at:%F}"


@app.command()
def revoke(
    ctx: typer.Context,
    token: Annotated[str, typer.Argument(help="The token's id, as `token list` shows it.")],
) -> None:
    """Make a token stop working, at once."""
    with database_of(ctx) as database, database.transaction() as tx:
        row = tokens.load(tx.conn, token, None)
        if row is None:
            raise CliError(f"there is no token {token!r}; `rosterhold token list` shows them")
        tokens.revoke(tx, row.id)
    say(f"{row.id} is revoked")
