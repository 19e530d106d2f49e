"""How long the change set and all rules take, beside a bare Polars join of the same files.

    python benchmarks/change_set.py [records]

Baseline and snapshot are Parquet files of so many students (default 1 000 000), of which 1 % are
gone, 1 % new, 1 % changed and 1 % renamed. The bare join is one full join by id of both files.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from rosterhold.roster.changes import difference
from rosterhold.roster.district_settings import LeaveOut
from rosterhold.roster.kinds import STUDENTS
from rosterhold.roster.snapshot import INVALID_SCHEMA, Frames, no_frames
from rosterhold.statemachine.evaluation import evaluate
from rosterhold.statemachine.findings import SUBJECT_SCHEMA
from rosterhold.statemachine.policy import Policies

ROUNDS = 5
SCHOOL_SIZE = 700


def students(records: int) -> pl.DataFrame:
    """Students in order of their ids, as Clever gives them; every value differs but the school."""
    number = pl.col("number")
    text = number.cast(pl.String())
    school = pl.format("58da8c58155b940000000{}", (number // SCHOOL_SIZE).cast(pl.String()))
    values = {
        "clever_id": pl.format("5faac8b9bc44{}", text.str.zfill(12)),
        "sis_id": text,
        "first_name": pl.format("First{}", (number.hash(1) % 5_000).cast(pl.String())),
        "last_name": pl.format("Last{}", (number.hash(2) % 50_000).cast(pl.String())),
        "email": pl.format("student{}@example.org", text),
        "school_clever_id": school,
        "school_clever_ids": pl.format('["{}"]', school),
        "student_number": text,
        "state_id": pl.format("TX{}", text),
        "grade": (number % 12 + 1).cast(pl.String()),
        "dob": pl.format("2015-01-{}", (number % 28 + 1).cast(pl.String())),
    }
    frame = pl.select(pl.int_range(records).alias("number"))
    columns = [values.get(column, pl.lit("")).alias(column) for column in STUDENTS.all_columns]
    return frame.select(columns)


def a_day_later(before: pl.DataFrame) -> pl.DataFrame:
    """Of each hundred one is gone, one changed, one renamed; as many are new as are gone."""
    place = pl.int_range(pl.len()) % 100
    stays = before.filter(place != 0).with_columns(
        pl.when(pl.col("sis_id").str.ends_with("11"))
        .then(pl.lit("13"))
        .otherwise("grade")
        .alias("grade"),
        pl.when(pl.col("sis_id").str.ends_with("22"))
        .then(pl.format("6{}", pl.col("clever_id").str.slice(1)))
        .otherwise("clever_id")
        .alias("clever_id"),
    )
    new = before.filter(place == 0).with_columns(
        pl.format("7{}", pl.col("clever_id").str.slice(1)).alias("clever_id"),
        *(
            pl.format("new-{}", column).alias(column)
            for column in ("sis_id", "state_id", "student_number", "last_name")
        ),
    )
    return pl.concat([stays, new]).sort("clever_id")


def frames(path: Path) -> Frames:
    return {**no_frames(), STUDENTS.name: pl.scan_parquet(path)}


def seconds(work: Callable[[], object]) -> float:
    """The best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def main(records: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "before.parquet"), Path(folder, "now.parquet")
        before = students(records)
        before.write_parquet(old)
        a_day_later(before).write_parquet(new)
        del before
        none = pl.DataFrame(schema=INVALID_SCHEMA)
        nobody = pl.DataFrame(schema=SUBJECT_SCHEMA)
        bare = seconds(
            lambda: (
                pl.scan_parquet(old)
                .join(pl.scan_parquet(new), on="clever_id", how="full")
                .collect()
            )
        )
        change_set = seconds(lambda: difference(frames(old), frames(new), none))
        evaluation = seconds(
            lambda: evaluate(
                baseline=frames(old),
                snapshot=frames(new),
                invalid=none,
                policies=Policies(),
                first=False,
                leave_out=LeaveOut(),
                approved=nobody,
                accepted=nobody,
            )
        )
        counts = difference(frames(old), frames(new), none).counts[STUDENTS.name]
    print(f"{records:,} against {records:,} students, {pl.thread_pool_size()} threads: {counts}")
    print(f"bare full join        {bare:7.3f} s")
    print(f"change set            {change_set:7.3f} s  {change_set / bare:5.2f} x the join")
    print(f"change set and rules  {evaluation:7.3f} s  {evaluation / bare:5.2f} x the join")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
