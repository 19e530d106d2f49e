"""How long the pages of a hold with many removals take, from the request to the last byte.

    python benchmarks/report_page.py [removals]

The application runs in this process, without a network; the bar is 100 ms at the 95th percentile.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

from starlette.testclient import TestClient

from tests.offices import Office, Student, removal

warnings.simplefilter("ignore")

ROUNDS = 60
SCHOOLS = 60
NAMES = ("Abbott", "Baker", "Castillo", "Dunn", "Ellis", "Flores", "Grant", "Hayes", "Ibarra")
PAGES = {
    "report": "",
    "first page": "/records",
    "search": "/records?q=castillo",
    "kind": "/records?kind=students",
    "school": "/records?school=school-7",
    "finding": "/records?finding=1",
    "search in a school, by name": "/records?q=el&school=school-7&sort=-name",
    "by name": "/records?sort=name",
    "last pages": "/records?page=1900",
}


def leaving(count: int) -> list[Student]:
    return [
        Student(
            key=f"5faac8b9bc44{number:012}",
            name=f"{NAMES[number % len(NAMES)]}, Student {number * 7919 % count}",
            grade=str(number % 12),
            school=f"school-{number % SCHOOLS}",
            school_name=f"School {number % SCHOOLS}",
        )
        for number in range(count)
    ]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder))
        sync_id = office.starts_sync(office.opens_district("Large District"))
        students = leaving(count)
        office.holds(sync_id, [removal(students, count * 2)], students)
        client = TestClient(office.app())
        office.lets_in(client, f"/syncs/{sync_id}")
        print(f"{count:,} removals, {ROUNDS} requests a page, milliseconds")
        for name, path in PAGES.items():
            took = sorted(measure(client, f"/syncs/{sync_id}{path}") for _ in range(ROUNDS))
            print(f"  {name:30} p50 {took[ROUNDS // 2]:6.1f}   p95 {took[ROUNDS * 95 // 100]:6.1f}")
        office.database.dispose()


def measure(client: TestClient, path: str) -> float:
    begun = time.perf_counter()
    assert client.get(path).status_code == 200  # noqa: PLR2004 - a page
    return (time.perf_counter() - begun) * 1000


main()
