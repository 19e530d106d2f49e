"""What a rule found, which records it is about, and the digest that names them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from rosterhold.statemachine.reasons import Reason

# The columns of a subject: a record that a finding is about, and the fact found of it. The fact is
# "" for a plain removal; otherwise it is what was reviewed ("7 guardians", "Emergency", the new
# Clever id), so that another fact of the same record is another subject.
SUBJECT_COLUMNS = ("kind", "key", "fact")
SUBJECT_SCHEMA = {name: pl.String() for name in ("rule", *SUBJECT_COLUMNS)}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        reason: why a sync is on hold for it.
        rule: the rule's name, as in its file (``share_removed``).
        kind: the kind of record; "" for a finding about the connection.
        school: the school's Clever id, or "" for the whole district.
        school_name: as the baseline or snapshot has it.
        measured: how many or which share (0.0 to 1.0), in the unit of `limit`.
        limit: the limit that was passed; None when the rule holds always.
        records: how many records it is about.
        of: how many there were in the same place before (the baseline), or are now.
        sentence: what was found, for a school secretary.
        subjects: one row a record, in SUBJECT_COLUMNS; empty for the connection.
    """

    reason: Reason
    rule: str
    kind: str
    school: str
    school_name: str
    measured: float
    limit: float | None
    records: int
    of: int
    sentence: str
    subjects: pl.DataFrame


def record_key(columns: Iterable[str]) -> pl.Expr:
    """The key of a record as one text, its parts joined by a slash."""
    return pl.concat_str([pl.col(column) for column in columns], separator="/")


def subjects_of(findings: Iterable[Finding]) -> pl.DataFrame:
    """The distinct subjects of a finding set with the rule that named each, in SUBJECT_SCHEMA."""
    parts = [
        finding.subjects.select(pl.lit(finding.rule).alias("rule"), *SUBJECT_COLUMNS)
        for finding in findings
    ]
    if not parts:
        return pl.DataFrame(schema=SUBJECT_SCHEMA)
    return pl.concat(parts).unique().sort(list(SUBJECT_SCHEMA))


def digest(findings: Iterable[Finding]) -> str:
    """SHA-256, in hex, over the sorted records of a finding set.

    It names exactly what was reviewed: which rule found what, where, and of which records. It does
    not depend on the order of findings or rows.
    """
    findings = list(findings)
    lines = sorted(
        f"{finding.reason}\x1f{finding.rule}\x1f{finding.kind}\x1f{finding.school}"
        for finding in findings
    )
    whole = hashlib.sha256("\x1e".join(lines).encode())
    subjects = subjects_of(findings)
    rows = subjects.select(
        pl.concat_str([pl.col(name) for name in SUBJECT_SCHEMA], separator="\x1f").alias("row")
    )
    for chunk in rows.iter_slices(100_000):
        whole.update(b"\x1e")
        whole.update("\x1e".join(chunk["row"].to_list()).encode())
    return whole.hexdigest()
