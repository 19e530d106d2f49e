import polars as pl
import pytest
import sqlalchemy as sa

from rosterhold.adapters import destination
from rosterhold.adapters.database.engine import Database
from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.roster.changes import difference
from rosterhold.roster.kinds import KINDS
from rosterhold.roster.snapshot import INVALID_SCHEMA, empty, no_frames

NOTHING_INVALID = pl.DataFrame(schema=INVALID_SCHEMA)


class Roster:
    """A district's snapshot, told in the words of the field."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {name: [] for name in KINDS}

    def record(self, kind: str, **values: str) -> "Roster":
        self.rows[kind].append({**dict.fromkeys(KINDS[kind].all_columns, ""), **values})
        return self

    def frames(self) -> dict[str, pl.LazyFrame]:
        return {
            name: pl.DataFrame(rows, schema=empty(KINDS[name]).schema).lazy()
            for name, rows in self.rows.items()
        }


def small_district() -> Roster:
    return (
        Roster()
        .record("schools", clever_id="sch1", sis_id="1", name="Lincoln")
        .record("students", clever_id="stu1", sis_id="s1", first_name="Ann", last_name="Fox")
        .record("students", clever_id="stu2", sis_id="s2", first_name="Ben", last_name="Hill")
        .record("sections", clever_id="sec1", sis_id="c1", name="Math")
        .record("contacts", clever_id="con1", last_name="Eve Fox", email="eve@example.org")
        .record("enrolments", section_clever_id="sec1", student_clever_id="stu1")
        .record("enrolments", section_clever_id="sec1", student_clever_id="stu2")
        .record(
            "guardianships", contact_clever_id="con1", student_clever_id="stu1", types='["Primary"]'
        )
    )


class Destination:
    """The roster tables of one district, synced step by step."""

    def __init__(self, database: Database, district_id: str) -> None:
        self.database = database
        self.district_id = district_id
        self.baseline = no_frames()
        self.count = 0

    def sync(self, roster: Roster) -> None:
        snapshot = roster.frames()
        changes = difference(self.baseline, snapshot, NOTHING_INVALID)
        self.count += 1
        with self.database.transaction() as tx:
            destination.apply_changes(
                tx,
                district_id=self.district_id,
                sync_id=f"sync{self.count}",
                changes={name: frame.lazy() for name, frame in changes.frames.items()},
            )
        self.baseline = snapshot

    def rows(self, kind: str, *columns: str) -> list[tuple[object, ...]]:
        table = ROSTER[kind]
        with self.database.reading() as conn:
            query = sa.select(*(table.c[name] for name in columns)).order_by(table.c.id)
            return [
                tuple(row)
                for row in conn.execute(query.where(table.c.district_id == self.district_id))
            ]


@pytest.fixture
def roster_of(database: Database, district_id: str) -> Destination:
    return Destination(database, district_id)


def without(roster: Roster, kind: str, **values: str) -> Roster:
    roster.rows[kind] = [
        row for row in roster.rows[kind] if any(row[name] != word for name, word in values.items())
    ]
    return roster


def test_a_first_sync_writes_every_record(roster_of: Destination):
    roster_of.sync(small_district())
    assert roster_of.rows("students", "clever_id", "last_name", "active") == [
        ("stu1", "Fox", True),
        ("stu2", "Hill", True),
    ]
    assert len(roster_of.rows("enrolments", "id")) == 2
    assert roster_of.rows("guardianships", "types") == [('["Primary"]',)]


def test_a_removed_record_stays_deactivated_with_when_and_by_which_sync(roster_of: Destination):
    roster_of.sync(small_district())
    without(fewer := small_district(), "students", clever_id="stu2")
    without(fewer, "enrolments", student_clever_id="stu2")
    roster_of.sync(fewer)
    assert roster_of.rows("students", "clever_id", "active", "removed_by_sync") == [
        ("stu1", True, None),
        ("stu2", False, "sync2"),
    ]
    assert roster_of.rows("enrolments", "active") == [(True,), (False,)]
    assert roster_of.rows("students", "removed_at")[1] != (None,)


def test_a_record_that_reappears_comes_back_under_the_same_id(roster_of: Destination):
    roster_of.sync(small_district())
    before = roster_of.rows("students", "id", "clever_id")
    pairs = roster_of.rows("enrolments", "id")
    without(fewer := small_district(), "students", clever_id="stu2")
    without(fewer, "enrolments", student_clever_id="stu2")
    roster_of.sync(fewer)
    roster_of.sync(small_district())
    assert roster_of.rows("students", "id", "clever_id") == before
    assert roster_of.rows("enrolments", "id") == pairs
    assert roster_of.rows("students", "active", "removed_at", "removed_by_sync") == [
        (True, None, None),
        (True, None, None),
    ]


def test_a_changed_record_keeps_its_id_and_its_pairs(roster_of: Destination):
    roster_of.sync(small_district())
    before = roster_of.rows("students", "id")
    married = small_district()
    married.rows["students"][0]["last_name"] = "Fox-Hill"
    roster_of.sync(married)
    assert roster_of.rows("students", "id") == before
    assert roster_of.rows("students", "last_name", "changed_by_sync") == [
        ("Fox-Hill", "sync2"),
        ("Hill", "sync1"),
    ]


def test_a_reidentified_record_keeps_its_id_and_its_pairs(roster_of: Destination):
    roster_of.sync(small_district())
    before = roster_of.rows("students", "id")
    pairs = roster_of.rows("enrolments", "id", "student_id", "active")
    renamed = small_district()
    renamed.rows["students"][0]["clever_id"] = "new1"
    renamed.rows["enrolments"][0]["student_clever_id"] = "new1"
    renamed.rows["guardianships"][0]["student_clever_id"] = "new1"
    roster_of.sync(renamed)
    assert roster_of.rows("students", "id") == before
    assert roster_of.rows("students", "clever_id") == [("new1",), ("stu2",)]
    assert roster_of.rows("enrolments", "id", "student_id", "active") == pairs


def test_an_old_record_under_the_new_id_of_another_steps_aside(roster_of: Destination):
    roster_of.sync(small_district())
    without(fewer := small_district(), "students", clever_id="stu2")
    without(fewer, "enrolments", student_clever_id="stu2")
    roster_of.sync(fewer)
    fewer.rows["students"][0]["clever_id"] = "stu2"
    for kind in ("enrolments", "guardianships"):
        fewer.rows[kind][0]["student_clever_id"] = "stu2"
    roster_of.sync(fewer)
    rows = roster_of.rows("students", "id", "clever_id", "last_name", "active")
    assert rows[0][1:] == ("stu2", "Fox", True)
    assert rows[1][1:] == (f"stu2~{rows[1][0]}", "Hill", False)


def test_another_district_with_the_same_clever_ids_is_not_touched(
    database: Database, roster_of: Destination
):
    roster_of.sync(small_district())
    other = Destination(database, "another")
    other.sync(small_district())
    other.sync(Roster())
    assert [row[0] for row in roster_of.rows("students", "active")] == [True, True]
    assert [row[0] for row in other.rows("students", "active")] == [False, False]


def test_applying_twice_changes_nothing_more(roster_of: Destination):
    roster_of.sync(small_district())
    before = roster_of.rows("students", "id", "clever_id", "active")
    roster_of.baseline = no_frames()
    roster_of.sync(small_district())
    assert roster_of.rows("students", "id", "clever_id", "active") == before
    assert len(roster_of.rows("enrolments", "id")) == 2


def test_quotes_line_breaks_and_empty_values_arrive_as_they_were(roster_of: Destination):
    odd = 'O\'Brien, "Bob"\nJr \\N'
    roster_of.sync(Roster().record("schools", clever_id="s", name=odd, sis_id=""))
    assert roster_of.rows("schools", "name", "sis_id") == [(odd, "")]
