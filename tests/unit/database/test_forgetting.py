from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from rosterhold.adapters import destination
from rosterhold.adapters.database import districts, retention
from rosterhold.adapters.database.roster_tables import ROSTER
from rosterhold.roster.changes import difference
from rosterhold.roster.personal import PERSONAL
from rosterhold.roster.snapshot import INVALID_SCHEMA, no_frames

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
DAYS = 90
LONG_AGO = timedelta(days=400)


class Office:
    """A district whose records come and go."""

    def __init__(self, database, district_id) -> None:
        self.database = database
        self.district_id = district_id
        self.baseline = no_frames()
        self.syncs = 0

    def applies(self, roster) -> None:
        changes = difference(
            self.baseline, roster.frames(), pl.DataFrame(schema=INVALID_SCHEMA)
        ).frames
        self.syncs += 1
        with self.database.transaction() as tx:
            destination.apply_changes(
                tx,
                district_id=self.district_id,
                sync_id=f"sync-{self.syncs}",
                changes={name: frame.lazy() for name, frame in changes.items()},
            )
        self.baseline = roster.frames()

    def time_passes(self, age: timedelta) -> None:
        """What was removed was removed so long ago."""
        with self.database.transaction() as tx:
            for table in ROSTER.values():
                tx.conn.execute(
                    sa.update(table).where(~table.c.active).values(removed_at=NOW - age)
                )

    def forgets(self) -> dict[str, int]:
        with self.database.transaction() as tx:
            forgotten = retention.forget(tx, self.district_id, NOW, DAYS)
        return {kind: count for kind, count in forgotten.items() if count}

    def would_forget(self) -> dict[str, int]:
        with self.database.reading() as conn:
            counted = retention.count_forgettable(conn, self.district_id, NOW, DAYS)
        return {kind: count for kind, count in counted.items() if count}

    def row(self, kind: str, clever_id: str):
        table = ROSTER[kind]
        with self.database.reading() as conn:
            return conn.execute(
                sa.select(table).where(
                    table.c.clever_id == clever_id, table.c.district_id == self.district_id
                )
            ).one()


@pytest.fixture
def office(database, district_id) -> Office:
    return Office(database, district_id)


@pytest.fixture
def town(roster):
    return (
        roster()
        .school("Lincoln", principal_name="Pat Moss", phone="555-0100")
        .student("ann", first_name="Ann", dob="2014-01-02", state_id="77", email="ann@x.example")
        .student("ben", first_name="Ben")
        .guardian("eve", "ann", first_name="Eve", phone="555-0101")
    )


@pytest.fixture
def without_ann(town):
    left = town.later().leaves("students", "ann")
    return left.leaves("contacts", "eve")


@pytest.mark.parametrize(
    ("age", "forgotten"),
    [
        (timedelta(days=DAYS) - MOMENT, {}),
        (timedelta(days=DAYS), {"students": 1, "contacts": 1, "guardianships": 1}),
        (timedelta(days=DAYS) + MOMENT, {"students": 1, "contacts": 1, "guardianships": 1}),
    ],
)
def test_a_removed_record_is_forgotten_when_it_was_removed_so_long_ago(
    office, town, without_ann, age, forgotten
):
    office.applies(town)
    office.applies(without_ann)
    office.time_passes(age)
    assert office.would_forget() == forgotten
    assert office.forgets() == forgotten
    assert office.forgets() == {}


def test_of_a_forgotten_person_the_ids_and_dates_stay(office, town, without_ann):
    office.applies(town)
    before = office.row("students", "ann")
    office.applies(without_ann)
    office.time_passes(LONG_AGO)
    office.forgets()
    after = office.row("students", "ann")
    assert (after.id, after.clever_id, after.school_clever_id) == (before.id, "ann", "Lincoln")
    assert (after.added_at, after.removed_at) == (before.added_at, NOW - LONG_AGO)
    assert {getattr(after, column) for column in PERSONAL["students"]} == {""}
    assert {"first_name", "dob", "state_id", "email", "sis_id"} <= set(PERSONAL["students"])


def test_whoever_is_in_the_roster_is_never_forgotten(office, town, without_ann):
    office.applies(town)
    office.applies(without_ann)
    office.time_passes(LONG_AGO)
    office.forgets()
    assert office.row("students", "ben").first_name == "Ben"
    assert office.row("schools", "Lincoln").principal_name == "Pat Moss"


def test_of_a_school_that_went_only_the_principal_is_forgotten(office, town):
    office.applies(town)
    office.applies(town.later().leaves("schools", "Lincoln"))
    office.time_passes(LONG_AGO)
    office.forgets()
    school = office.row("schools", "Lincoln")
    assert (school.principal_name, school.name, school.phone) == ("", "Lincoln", "555-0100")


def test_a_forgotten_person_who_comes_back_is_whole_under_the_same_id(office, town, without_ann):
    office.applies(town)
    before = office.row("students", "ann")
    office.applies(without_ann)
    office.time_passes(LONG_AGO)
    office.forgets()
    office.applies(town)
    after = office.row("students", "ann")
    assert (after.id, after.first_name, after.dob, after.active) == (
        before.id,
        "Ann",
        "2014-01-02",
        True,
    )


def test_nobody_of_another_district_is_forgotten(office, database, town, without_ann):
    with database.transaction() as tx:
        other_id = districts.add(tx, clever_id="other", name="Othertown", emails=[])
    other = Office(database, other_id)
    for one in (office, other):
        one.applies(town)
        one.applies(without_ann)
        one.time_passes(LONG_AGO)
    office.forgets()
    assert other.row("students", "ann").first_name == "Ann"
