"""`rosterhold simulate`: a stand-in Clever on a port, and what can be done to it."""

import json
import sys
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from rosterhold.cli.output import AsJson, CliError, print_json, say
from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.district import District
from rosterhold.simulator.faults import DEFAULT_SLOW_SECONDS
from rosterhold.simulator.files import DistrictFilesError, load_district
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

DEFAULT_PORT = 8900
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
CALL_SECONDS = 120.0

app = typer.Typer(
    name="simulate",
    help="Serve a stand-in Clever; change its districts and spoil its answers.",
    invoke_without_command=True,
)

UrlOption = Annotated[str, typer.Option("--url", help="Where the simulator listens.")]


@app.callback()
def serve(
    context: typer.Context,
    *,
    people: Annotated[int, typer.Option(help="People in each generated district.")] = 5000,
    seed: Annotated[int, typer.Option(help="What the first district is drawn from.")] = 1,
    districts: Annotated[int, typer.Option(help="How many districts.", min=1)] = 1,
    folder: Annotated[
        Path | None, typer.Option("--from", help="Serve the saved answers in this folder.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = (
        DEFAULT_PORT
    ),
    rate_limit: Annotated[int, typer.Option(help="Requests a minute and token.", min=1)] = 1200,
    as_json: AsJson = False,
) -> None:
    """Serve until Ctrl-C, unless a command is given."""
    if context.invoked_subcommand is not None:
        return
    try:
        world = World(
            _districts(people, seed, districts, folder), behaviour=Behaviour(rate_limit=rate_limit)
        )
    except (DistrictFilesError, ValueError) as error:
        raise CliError(str(error)) from error
    try:
        server = SimulatorServer(world, port=port).start()
    except OSError as error:
        raise CliError(f"port {port} cannot be used: {error.strerror or error}") from error
    # Whoever reads the announcement may interrupt at once.
    try:
        _announce(server, as_json=as_json)
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop()


@app.command()
def change(
    name: Annotated[str, typer.Argument(help="The change, as `remove-school` or `year-end`.")],
    parameters: Annotated[
        list[str] | None, typer.Argument(help="What the change takes, as key=value.")
    ] = None,
    *,
    district: Annotated[str | None, typer.Option(help="Id or name; default: the first.")] = None,
    school: Annotated[
        str | None, typer.Option(help="Id, sis_id or name of the school it is about.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="How many records.")] = None,
    share: Annotated[float | None, typer.Option(help="Which share of the records, 0 to 1.")] = None,
    url: UrlOption = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Do a named change to a district of the running simulator."""
    asked: dict[str, Any] = {"change": name}
    for parameter in parameters or []:
        key, equals, value = parameter.partition("=")
        if not equals or not key:
            raise CliError(f"'{parameter}' is not key=value")
        asked[key.replace("-", "_")] = value
    options = {"district": district, "school": school, "count": count, "share": share}
    asked |= {key: value for key, value in options.items() if value is not None}
    done = _call(url, "POST", "changes", asked)
    if as_json:
        print_json(done)
        return
    say(f"{done['change']}: district {done['district']}, last sync {done['last_sync']}")
    for kind, counts in done["counts"].items():
        say(f"  {kind}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))


@app.command()
def changes(*, url: UrlOption = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the changes there are."""
    known = _call(url, "GET", "changes")
    if as_json:
        print_json(known)
        return
    for name, about in known.items():
        say(f"{name:28}{about}")


@app.command()
def fail(
    kind: Annotated[str, typer.Argument(help="The fault, as `429`, `503`, `slow` or `cut-body`.")],
    *,
    times: Annotated[int | None, typer.Option(help="Strike so often, then heal.")] = None,
    path: Annotated[str | None, typer.Option(help="Only where the path has this.")] = None,
    after: Annotated[int, typer.Option(help="Let so many requests pass first.")] = 0,
    district: Annotated[str | None, typer.Option(help="Only this district, id or name.")] = None,
    seconds: Annotated[
        float | None,
        typer.Option(help=f"Wait of `slow` (default {DEFAULT_SLOW_SECONDS:g}), window of `429`."),
    ] = None,
    url: UrlOption = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Spoil answers of the running simulator."""
    asked = {"kind": kind, "times": times, "path": path, "after": after}
    fault = _call(url, "POST", "faults", asked | {"district": district, "seconds": seconds})
    if as_json:
        print_json(fault)
        return
    often = "until healed" if times is None else f"{times} times"
    say(f"fault {kind} in force {often}")


@app.command()
def heal(
    kind: Annotated[str | None, typer.Argument(help="Clear this kind alone.")] = None,
    *,
    url: UrlOption = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Clear the faults."""
    cleared = _call(url, "DELETE", "faults", {"kind": kind})
    if as_json:
        print_json(cleared)
        return
    say(f"{cleared['cleared']} faults cleared")


@app.command()
def state(*, url: UrlOption = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show districts, faults and requests of the running simulator."""
    found = _call(url, "GET", "state")
    if as_json:
        print_json(found)
        return
    for district in found["districts"]:
        connected = "connected" if district["connected"] else "not connected"
        say(f"{district['id']}  {district['name']} ({district['state']}, {connected})")
        say("  " + ", ".join(f"{n} {kind}" for kind, n in district["counts"].items()))
    for fault in found["faults"]:
        say(f"fault {fault['kind']} on {fault['path'] or 'the data API'}")
    requests = found["requests"]
    say(f"{requests['total']} requests, by status {requests['by_status']}")


def _districts(people: int, seed: int, count: int, folder: Path | None) -> list[District]:
    if folder is not None:
        return [load_district(folder)]
    now = datetime.now(tz=UTC)
    return [generate_district(seed + number, people, as_of=now) for number in range(count)]


def _announce(server: SimulatorServer, *, as_json: bool) -> None:
    world = server.world
    facts: dict[str, Any] = {
        "api_url": server.api_url,
        "oauth_url": server.oauth_url,
        "client_id": world.client_id,
        "client_secret": world.client_secret,
        "districts": [{"id": d.id, "name": d.name} for d in world.districts.values()],
    }
    if as_json:
        print_json(facts)
    else:
        for key in ("api_url", "oauth_url", "client_id", "client_secret"):
            say(f"{key.replace('_', ' '):14}{facts[key]}")
        for district in facts["districts"]:
            say(f"{'district':14}{district['id']}  {district['name']}")
    sys.stdout.flush()


def _call(url: str, method: str, name: str, body: dict[str, Any] | None = None) -> Any:
    """Call the running simulator; its refusals end the command with their text."""
    if not url.startswith(("http://", "https://")):
        raise CliError(f"'{url}' is not an http address")
    request = urllib.request.Request(  # noqa: S310 - checked above
        f"{url.rstrip('/')}/_simulator/{name}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as response:  # noqa: S310
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise CliError(_refusal(error)) from error
    except (OSError, ValueError) as error:
        sentence = f"no simulator answers at {url}; 'rosterhold simulate' starts one"
        raise CliError(sentence) from error


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the simulator answered {error.code}"
