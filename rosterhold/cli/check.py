"""`rosterhold check`: the settings and every service, before anything starts."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
import typer

from rosterhold.cli.examine import database, outside, own, working
from rosterhold.cli.examine.answer import Answer, UnfitError
from rosterhold.cli.output import DONE, FAILED, AsJson, print_json, print_table
from rosterhold.cli.session import settings_of
from rosterhold.config.settings import SettingsError
from rosterhold.config.wiring import Services, build

app = typer.Typer()

EXAMINATIONS: Final[dict[str, Callable[[Services], Answer]]] = {
    "settings": own.settings,
    "database": database.database,
    "clock": database.clock,
    "redis": outside.queue,
    "snapshots": own.snapshots,
    "disk": own.disk,
    "clever": outside.clever,
    "mail": outside.mail,
    "workers": working.workers,
    "work": working.work,
    "webhooks": working.endpoints,
}
# Without a database that is fit, these have nothing to look at.
NEED_THE_DATABASE: Final = frozenset({"clock", "workers", "work", "webhooks"})


class Check(msgspec.Struct, frozen=True):
    """What one examination found. A warning does not keep anything from starting."""

    name: str
    ok: bool
    detail: str
    warnings: tuple[str, ...] = ()

    def rows(self) -> Iterator[tuple[str, str, str]]:
        yield "ok" if self.ok else "FAILS", self.name, self.detail
        for warning in self.warnings:
            yield "warning", self.name, warning


class Report(msgspec.Struct, frozen=True):
    """What `check --json` prints."""

    ok: bool
    checks: list[Check]


@app.command()
def check(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Check the settings and every service. Exit 0 when all is well or only warned of, else 1."""
    checks = list(_checks(ctx))
    report = Report(all(line.ok for line in checks), checks)
    if as_json:
        print_json(report)
    else:
        rows = (row for line in checks for row in line.rows())
        print_table(("", "what", "detail"), rows, empty="")
    raise typer.Exit(DONE if report.ok else FAILED)


def _checks(ctx: typer.Context) -> Iterable[Check]:
    try:
        # What the services say of themselves is in the report already.
        settings = settings_of(ctx, log_level="CRITICAL")
        services = build(settings)
    except (SettingsError, ValueError) as error:
        yield Check("settings", ok=False, detail=str(error))
        return
    unfit = set()
    try:
        for name, examine in EXAMINATIONS.items():
            if name in NEED_THE_DATABASE and "database" in unfit:
                continue
            try:
                answer = examine(services)
                yield Check(name, ok=True, detail=answer.detail, warnings=answer.warnings)
            except UnfitError as error:
                unfit.add(name)
                yield Check(name, ok=False, detail=" ".join(str(error).split()))
    finally:
        services.close()
