"""Four durable steps a second, ours beside what one would take instead, on the same servers.

    python benchmarks/side_by_side.py [--workflows 3000] [--rounds 1] [--only NAME …] [--json]

Starts its own PostgreSQL and Valkey, puts the rivals into a virtual environment that is thrown
away, and lets all of them run one after the other: each gets an empty database and an empty Valkey,
two worker processes, and all its workflows before these start. What counts is the middle 90 %.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from own_servers import Servers, own_servers

HERE: Final = Path(__file__).parent
OURS: Final = "rosterhold"
RIVALS: Final = ("dramatiq-inline", "dramatiq", "celery-prefork", "celery-threads", "dbos")
BARE: Final = "bare"
ABOUT: Final = {
    BARE: "a loop of commits, no queue",
    OURS: "durable, states, history, leases",
    "dramatiq-inline": "one message and four commits, not durable",
    "dramatiq": "chain of messages, not durable",
    "celery-prefork": "chain of messages, not durable",
    "celery-threads": "chain of messages, not durable",
    "dbos": "queue with steps, durable",
}
_LINE: Final = re.compile(r"^(started|syncs)\s+(\d+) a second", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What one contestant did, the median of its rounds; rates are workflows a second."""

    name: str
    package: str
    workflows_per_second: float
    slowest: float
    fastest: float
    enqueued_per_second: float | None


@contextmanager
def rivals_python(kept: Path | None) -> Iterator[str]:
    """Python with the rivals' packages: in a folder that is thrown away, or one that is kept."""
    with tempfile.TemporaryDirectory(prefix="rosterhold-rivals-") as folder:
        place = kept or Path(folder)
        python = place / "bin" / "python"
        if not python.exists():
            venv.create(place, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", str(HERE / "rivals/requirements.txt")], check=True)
        yield str(python)


def run_ours(servers: Servers, count: int) -> dict[str, Any]:
    """The words of `orchestration.py`: a JSON document, or its two lines."""
    environment = {
        **os.environ,
        "ROSTERHOLD_DATABASE_URL": servers.empty_database(),
        "ROSTERHOLD_REDIS_URL": servers.empty_redis(),
    }
    command = [sys.executable, str(HERE / "orchestration.py"), str(count), "--json"]
    output = _output(command, environment)
    if output.lstrip().startswith("{"):
        said = json.loads(output)
        rates = {"syncs": said["syncs_per_second"], "started": said["started_per_second"]}
    else:
        rates = {name: float(number) for name, number in _LINE.findall(output)}
    return {
        "package": "this tree",
        "workflows_per_second": rates["syncs"],
        "enqueued_per_second": rates["started"],
    }


def run_rival(servers: Servers, python: str, name: str, count: int) -> dict[str, Any]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "BENCH_DATABASE_URL": servers.empty_database(),
        "BENCH_REDIS_URL": servers.empty_redis(),
    }
    answer: dict[str, Any] = json.loads(
        _output([python, "-m", "rivals.contest", name, str(count)], environment)
    )
    return answer


def _output(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


def contest(names: list[str], count: int, rounds: int, kept: Path | None) -> tuple[str, list[Any]]:
    """Every contestant in turn, round after round; what ran, and the results."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with rivals_python(kept) as python, own_servers() as servers:
        for _ in range(rounds):
            for name in names:
                note(f"{name} …")
                answers[name].append(
                    run_ours(servers, count)
                    if name == OURS
                    else run_rival(servers, python, name, count)
                )
        return servers.versions(), [_result(name, found) for name, found in answers.items()]


def _result(name: str, answers: list[dict[str, Any]]) -> Result:
    rates = [answer["workflows_per_second"] for answer in answers]
    enqueued = [answer["enqueued_per_second"] for answer in answers]
    return Result(
        name=name,
        package=answers[0]["package"],
        workflows_per_second=statistics.median(rates),
        slowest=min(rates),
        fastest=max(rates),
        enqueued_per_second=None if None in enqueued else statistics.median(enqueued),
    )


def table(results: list[Result]) -> Iterator[str]:
    """The results as a table in Markdown, with ours as a multiple of each."""
    ours = next((one.workflows_per_second for one in results if one.name == OURS), None)
    yield "| engine | version | promise | workflows/s | from to | ours is | enqueued/s |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in results:
        times = f"{ours / one.workflows_per_second:.2f} times" if ours else "-"
        enqueued = f"{one.enqueued_per_second:.0f}" if one.enqueued_per_second else "-"
        yield (
            f"| {one.name} | {one.package} | {ABOUT[one.name]} | {one.workflows_per_second:.0f} "
            f"| {one.slowest:.0f}-{one.fastest:.0f} | {times} | {enqueued} |"
        )


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    every = [BARE, OURS, *RIVALS]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--workflows", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--venv", type=Path, help="keep the rivals' environment in this folder")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    versions, results = contest(given.only, given.workflows, given.rounds, given.venv)
    heading = (
        f"{datetime.now(UTC):%Y-%m-%d}, {given.workflows} workflows of four steps, "
        f"{given.rounds} rounds, 2 worker processes, {os.cpu_count()} cores, "
        f"Python {sys.version.split()[0]}, {versions}"
    )
    if given.json:
        print(json.dumps({"about": heading, "results": [asdict(one) for one in results]}))
        return
    print(heading)
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
