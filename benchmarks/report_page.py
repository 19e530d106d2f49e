"""How long the pages of a hold with many removals take, from the request to the last byte.

    python benchmarks/report_page.py [removals]

The application runs in this process, without a network. Half of the students of the roster would
go, each out of two classes; the files are as an evaluation leaves them. The bar is 100 ms at the
95th percentile. CPU is what all threads of the process used for the same requests: it says what a
page costs when the machine has other work as well. "at once" is the first request for a page.
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
# So many schools have a finding of their own.
SHRINKING = 20
CLASSES = 2
NAMES = ("Abbott", "Baker", "Castillo", "Dunn", "Ellis", "Flores", "Grant", "Hayes", "Ibarra")
PAGES = {
    "report": "",
    "first page": "/records",
    "search": "/records?q=castillo",
    "kind": "/records?kind=students",
    "school": "/records?school=school-7",
    "finding": "/records?finding=1",
    "finding of a school": "/records?finding=7",
    "search in a finding, by grade": "/records?finding=1&q=ellis&sort=detail",
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


def has_files(office: Office, district_id: str, sync_id: str, students: list[Student]) -> None:
    """The roster with twice as many students, and the change set of those who leave."""
    rows = [
        {
            "clever_id": one.key,
            "first_name": one.name,
            "grade": one.grade,
            "school_clever_id": one.school,
            "student_number": one.key[-9:],
            "email": f"s{number}@district.example",
        }
        for number, one in enumerate(students)
    ]
    stays = [row | {"clever_id": f"6{row['clever_id'][1:]}"} for row in rows]
    office.has_a_roster(district_id, students=rows + stays)
    office.writes_changes(sync_id, "students", [row | {"change": "removed"} for row in rows])
    classes = [
        {"change": "removed", "section_clever_id": f"class{at}", "student_clever_id": one.key}
        for one in students
        for at in range(CLASSES)
    ]
    office.writes_changes(sync_id, "enrolments", classes)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder))
        district_id = office.opens_district("Large District")
        sync_id = office.starts_sync(district_id)
        students = leaving(count)
        several = [students[number::SCHOOLS] for number in range(SHRINKING)]
        found = [removal(some, count * 2) for some in (students, *several)]
        office.holds(sync_id, found, students)
        has_files(office, district_id, sync_id, students)
        client = TestClient(office.app())
        office.lets_in(client, "/account")
        print(f"{count:,} removals, {ROUNDS} requests a page, milliseconds")
        for name, path in PAGES.items():
            at_once, _ = measure(client, f"/syncs/{sync_id}{path}")
            both = [measure(client, f"/syncs/{sync_id}{path}") for _ in range(ROUNDS)]
            (p50, p95), (cpu50, cpu95) = (
                (sorted(of)[ROUNDS // 2], sorted(of)[ROUNDS * 95 // 100])
                for of in zip(*both, strict=True)
            )
            print(
                f"  {name:30} p50 {p50:6.1f}   p95 {p95:6.1f}   CPU p50 {cpu50:6.1f}   "
                f"p95 {cpu95:6.1f}   at once {at_once:6.1f}"
            )
        office.database.dispose()


def measure(client: TestClient, path: str) -> tuple[float, float]:
    """Milliseconds on the clock and on the processors."""
    begun, used = time.perf_counter(), time.process_time()
    assert client.get(path).status_code == 200  # noqa: PLR2004 - a page
    return (time.perf_counter() - begun) * 1000, (time.process_time() - used) * 1000


main()
