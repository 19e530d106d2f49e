"""The command `rosterhold`: finds the command meant, and says errors in one line."""

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from rosterhold.cli.output import DONE, INTERRUPTED, WRONG_INPUT, CliError, note, say
from rosterhold.config.settings import SettingsError

TRACEBACK_KEY: Final = "ROSTERHOLD_TRACEBACK"
INTERNAL_ERROR: Final = 70

# Command → the module that has it, and its line in the help.
COMMANDS: Final = {
    "init": ("rosterhold.cli.init", "Create or upgrade the database."),
    "up": ("rosterhold.cli.serve", "Run web, workers and scheduler in one process."),
    "web": ("rosterhold.cli.serve", "Run the web pages and the API."),
    "worker": ("rosterhold.cli.worker", "Run workers."),
    "scheduler": ("rosterhold.cli.serve", "Run the scheduler."),
    "simulate": ("rosterhold.cli.simulate", "Run a stand-in Clever on a loopback port."),
    "demo": ("rosterhold.cli.demo", "Show a sync, a hold and a decision on a made-up district."),
    "district": ("rosterhold.cli.district", "Add, list, show, set and discover districts."),
    "schedule": ("rosterhold.cli.schedule", "See and set when districts are synced."),
    "sync": ("rosterhold.cli.sync", "Start, list, show and cancel syncs."),
    "hold": ("rosterhold.cli.hold", "See what is on hold, and decide."),
    "webhook": ("rosterhold.cli.webhook", "Tell your app what happens, and look at what was told."),
    "queue": ("rosterhold.cli.queue", "See what waits in each queue, and who does it."),
    "work": ("rosterhold.cli.work", "List pieces of work; try one now, or give it up."),
    "mail": ("rosterhold.cli.mail", "List mails and what became of them, send one again."),
    "roster": ("rosterhold.cli.roster", "Export the applied roster."),
    "account": ("rosterhold.cli.account", "Accounts of support and operators, and log-in links."),
    "token": ("rosterhold.cli.token", "Make, list and revoke tokens of the API."),
    "purge": ("rosterhold.cli.purge", "Delete the files of old syncs."),
    "check": ("rosterhold.cli.check", "Check the settings and every service."),
}


class LateCommand(TyperCommand):
    """Stands for a command whose module is imported when it is called."""

    def load(self) -> Any:
        # Nothing of what is imported is ever garbage: to look for it, then and at the end, takes a
        # third of a short command.
        gc.disable()
        try:
            module = importlib.import_module(COMMANDS[str(self.name)][0])
            gc.freeze()
        finally:
            gc.enable()
        command: Any = typer.main.get_command(module.app)
        found = getattr(command, "commands", {}).get(self.name, command)
        found.name = self.name
        return found


class LateGroup(TyperGroup):
    """Imports only what is called, so that help and errors come at once."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (_module, line) in COMMANDS.items():
            self.add_command(LateCommand(name, help=line))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, LateCommand) else command, rest


app = typer.Typer(cls=LateGroup, add_completion=False, invoke_without_command=True)


@app.callback()
def rosterhold(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="A TOML file of settings; the environment wins over it.")
    ] = None,
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Sync K-12 rosters from Clever, and hold a sync before it does damage.

    Exit codes: 0 done, 1 the sync failed, 2 wrong input, 3 on hold.
    """
    ctx.obj = config
    if show_version:
        # Only here: it takes a tenth of a command's start.
        from importlib.metadata import version  # noqa: PLC0415 - as said

        say(version("rosterhold"))
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())


def main(arguments: Sequence[str]) -> int:
    """Run one command and give its exit code; every error is one line on standard error."""
    command = typer.main.get_command(app)
    try:
        code = command.main(list(arguments), prog_name="rosterhold", standalone_mode=False)
    except (CliError, SettingsError) as error:
        note(f"error: {error}")
        return getattr(error, "code", WRONG_INPUT)
    except typer.TyperException as error:
        note(f"error: {_usage(error)}")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: a user gets a line, not a traceback
        return _surprise(error)
    return code if isinstance(code, int) else DONE


def _usage(error: typer.TyperException) -> str:
    where = getattr(error, "ctx", None)
    hint = f" Try `{where.command_path} --help`." if where is not None else ""
    message = " ".join(error.format_message().split())
    return f"{message[:1].lower()}{message[1:].rstrip('.')}.{hint}"


def _surprise(error: Exception) -> int:
    if isinstance(error, OSError) and error.filename:
        note(f"error: {error.filename}: {error.strerror}")
        return WRONG_INPUT
    if os.environ.get(TRACEBACK_KEY):
        note("".join(traceback.format_exception(error)).rstrip())
    words = " ".join(str(error).split())
    note(f"error: {type(error).__name__}: {words} ({TRACEBACK_KEY}=1 shows where)")
    return INTERNAL_ERROR


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main(sys.argv[1:]))
