"""The rule: students with improbably many guardians are held."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from rosterhold.roster.kinds import STUDENTS
from rosterhold.roster.leave_out import guardians_of_students
from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.reasons import Reason

RULE: Final = "guardians_per_student"


def guardians_per_student(judged: Judged) -> Iterator[Finding]:
    """Find students who would have as many guardians as their school's limit, or more.

    A student accepted with seven guardians is found again with eight. Where the district leaves
    out new guardians of such students, those who remain are in the roster already: none is found.
    Schools with a policy of their own have a finding of their own.
    """
    if judged.leave_out.crowded:
        return
    columns = ("student_clever_id", "school_clever_id")
    students = guardians_of_students(judged.roster["guardianships"].select(columns).collect())
    for place, rows in judged.by_place(students):
        limit = judged.policy_of(place).min_guardians_held
        held = _not_accepted(rows.filter(pl.col("guardians") >= limit), judged.accepted)
        if held.is_empty():
            continue
        most = max(held["guardians"].to_list())
        yield Finding(
            reason=Reason.DATA_CONFIGURATION,
            rule=RULE,
            kind=STUDENTS.name,
            school=place,
            school_name=judged.name_of(place),
            measured=most,
            limit=limit,
            records=held.height,
            of=rows.height,
            sentence=sentences.GUARDIANS_PER_STUDENT.format(
                place=judged.name_of(place) or sentences.THE_DISTRICT,
                students=sentences.counted(held.height, STUDENTS),
                limit=sentences.number(limit),
                most=sentences.number(most),
            ),
            subjects=held.select(
                pl.lit(STUDENTS.name).alias("kind"),
                pl.col("student_clever_id").alias("key"),
                pl.format("{} guardians", "guardians").alias("fact"),
            ).select(SUBJECT_COLUMNS),
        )


def _not_accepted(students: pl.DataFrame, accepted: pl.DataFrame) -> pl.DataFrame:
    """Students who have more guardians than a person accepted for them."""
    up_to = (
        accepted.filter(rule=RULE)
        .with_columns(pl.col("fact").str.extract(r"^(\d+)").cast(pl.Int64()).alias("up_to"))
        .group_by(pl.col("key").alias("student_clever_id"))
        .agg(pl.col("up_to").max())
    )
    return students.join(up_to, on="student_clever_id", how="left").filter(
        pl.col("guardians") > pl.col("up_to").fill_null(0)
    )
