"""`rosterhold init`."""

import typer

from rosterhold.adapters.database import migrations
from rosterhold.adapters.database.engine import Database
from rosterhold.cli.output import AsJson, CliError, note, print_json, say
from rosterhold.cli.session import said_clearly, settings_of, sqlite_file
from rosterhold.config.settings import without_password

app = typer.Typer()


@app.command()
def init(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Create or upgrade the database. What is in it stays, and workers may go on meanwhile."""
    settings = settings_of(ctx)
    path = sqlite_file(settings.database_url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    url = without_password(settings.database_url)
    with said_clearly(settings):
        database = Database(settings.database_url)
        try:
            before = migrations.upgrade(database)
        except migrations.UpgradeRefusedError as error:
            raise CliError(f"{url}: {error}") from error
        finally:
            database.dispose()
    if before.is_newer:
        note(
            f"The database is newer than this program: revision {before.found}, while this one "
            f"knows {before.known}. They fit; nothing was changed."
        )
    if as_json:
        print_json({"database": url, "ready": True})
    else:
        say(f"The database {url} is ready.")
