"""Seconds and peak memory of a district's first sync, from `sync start` to completed.

    python benchmarks/first_sync.py [PEOPLE]

The simulator runs in a process of its own; what is measured is the whole process of
`rosterhold sync start --wait`, which fetches, evaluates and applies on SQLite. In the same run it
measures a bare limit: the same pages read and decoded, and as many rows put into SQLite.
"""

import json
import os
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
ROSTERHOLD = str(Path(sys.executable).with_name("rosterhold"))


def free_port() -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=1)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{url} does not answer")


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """Seconds, peak megabytes and output of a process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status != 0:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024, output


def bare_limit(port: int, rows: int, folder: Path) -> float:
    """Read and decode every page, then put as many rows of text into SQLite: no more than that."""
    began = time.perf_counter()
    basic = "Basic ZGVtby1jbGllbnQ6ZGVtby1zZWNyZXQ="
    root = f"http://127.0.0.1:{port}"
    request = urllib.request.Request(
        f"{root}/oauth/tokens?owner_type=district", headers={"Authorization": basic}
    )
    token = json.load(urllib.request.urlopen(request))["data"][0]["access_token"]
    for kind in ("schools", "terms", "courses", "sections", "users"):
        path: str | None = f"/v3.0/{kind}?limit=10000"
        while path:
            page = urllib.request.Request(root + path, headers={"Authorization": f"Bearer {token}"})
            links = json.load(urllib.request.urlopen(page))["links"]
            path = next((link["uri"] for link in links if link["rel"] == "next"), None)
    connection = sqlite3.connect(folder / "bare.db")
    connection.execute("CREATE TABLE rows (a, b, c, d, e, f, g, h)")
    connection.executemany(
        "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (("5a25ffb0c1bc2a00360003ed",) * 8 for _ in range(rows)),
    )
    connection.commit()
    return time.perf_counter() - began


def main() -> None:
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="rosterhold-bench-"))
    environment = {
        **os.environ,
        "ROSTERHOLD_DATABASE_URL": f"sqlite:///{folder / 'rosterhold.db'}",
        "ROSTERHOLD_SNAPSHOTS": str(folder / "snapshots"),
        "ROSTERHOLD_CLEVER_API_URL": f"http://127.0.0.1:{port}",
        "ROSTERHOLD_CLEVER_OAUTH_URL": f"http://127.0.0.1:{port}/oauth",
        "ROSTERHOLD_SECRET_KEYS": "a key for this measurement and nothing else",
        "ROSTERHOLD_LOG_FORMAT": "json",
    }
    simulator = subprocess.Popen(
        [ROSTERHOLD, "simulate", "--people", str(PEOPLE), "--port", str(port)],
        stdout=subprocess.DEVNULL,
    )
    try:
        state_url = f"http://127.0.0.1:{port}/_simulator/state"
        wait_for(state_url)
        clever_id = json.load(urllib.request.urlopen(state_url))["districts"][0]["id"]
        run = [ROSTERHOLD]
        subprocess.run([*run, "init"], env=environment, check=True, stdout=subprocess.DEVNULL)
        add = ["district", "add", "--clever-id", clever_id, "--name", "Measured"]
        subprocess.run(
            [*run, *add, "--admin", "admin@example.org"],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds, megabytes, output = measured(
            [*run, "sync", "start", clever_id, "--wait", "--json"], environment
        )
        sync = json.loads(output)
        rows = sum(counts["total"] for counts in sync["counts"].values())
        bare = bare_limit(port, rows, folder)
    finally:
        simulator.terminate()
        simulator.wait()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"people {PEOPLE:,}, rows applied {rows:,}, state {sync['state']}")
    print(f"sync start to completed   {seconds:6.1f} s  peak {megabytes:5.0f} MB")
    print(f"bare limit (json, SQLite) {bare:6.1f} s  peak {own:5.0f} MB")
    print(f"ratio                     {seconds / bare:6.2f}")


if __name__ == "__main__":
    main()
