"""What a rule found, which records it is about, and the digest that names them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from rosterhold.roster.references import record_key
from rosterhold.statemachine.reasons import Reason

__all__ = [
    "NAMED_SCHEMA",
    "SUBJECT_COLUMNS",
    "SUBJECT_SCHEMA",
    "Finding",
    "digest",
    "named_by",
    "record_key",
    "subjects_of",
]

# The columns of a subject: a record that a finding is about, and the fact found of it. The fact is
# "" for a plain removal; otherwise it is what was reviewed ("7 guardians", "Emergency", the new
# Clever id), so that another fact of the same record is another subject.
SUBJECT_COLUMNS = ("kind", "key", "fact")
SUBJECT_SCHEMA = {name: pl.String() for name in ("rule", *SUBJECT_COLUMNS)}

# The same for each finding by itself, so that one of them can be answered: its number in the
# evaluation, its reason, and the school that it is of.
NAMED_SCHEMA = {
    "finding": pl.Int32(),
    "reason": pl.String(),
    "school": pl.String(),
    **SUBJECT_SCHEMA,
}

# The separators of units and of records in ASCII: no id and no fact holds one.
_BETWEEN_VALUES = "\x1f"
_BETWEEN_ROWS = "\x1e"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        reason: why a sync is on hold for it.
        rule: the rule's name, as in its file (``share_removed``).
        kind: the kind of record, or of several the one that matters most; "" for a finding about
            the connection. Subjects name their own kind.
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


def subjects_of(findings: Iterable[Finding]) -> pl.DataFrame:
    """The distinct subjects of a finding set with the rule that named each, in SUBJECT_SCHEMA."""
    parts = [
        finding.subjects.select(pl.lit(finding.rule).alias("rule"), *SUBJECT_COLUMNS)
        for finding in findings
    ]
    if not parts:
        return pl.DataFrame(schema=SUBJECT_SCHEMA)
    return pl.concat(parts).unique().sort(list(SUBJECT_SCHEMA))


def named_by(findings: Iterable[Finding]) -> pl.DataFrame:
    """The subjects of each finding of an evaluation, in NAMED_SCHEMA.

    Args:
        findings: all of the evaluation, in their order: they are numbered from 1 on.
    """
    parts = [
        finding.subjects.select(
            pl.lit(no, pl.Int32()).alias("finding"),
            pl.lit(finding.reason.value).alias("reason"),
            pl.lit(finding.school).alias("school"),
            pl.lit(finding.rule).alias("rule"),
            *SUBJECT_COLUMNS,
        )
        for no, finding in enumerate(findings, start=1)
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=NAMED_SCHEMA)


def digest(findings: Iterable[Finding]) -> str:
    """SHA-256, in hex, over the sorted records of a finding set.

    It names exactly what was reviewed: which rule found what, where, and of which records. It does
    not depend on the order of findings or rows.
    """
    return hashlib.sha256("".join(sorted(map(_digest_of_one, findings))).encode()).hexdigest()


def _digest_of_one(finding: Finding) -> str:
    parts = (finding.reason, finding.rule, finding.kind, finding.school)
    subject = pl.concat_str(pl.col(list(SUBJECT_COLUMNS)), separator=_BETWEEN_VALUES)
    rows = finding.subjects.select(subject.unique().sort().str.join(_BETWEEN_ROWS)).item()
    whole = hashlib.sha256(_BETWEEN_VALUES.join(parts).encode())
    whole.update(f"{_BETWEEN_ROWS}{rows}".encode())
    return whole.hexdigest()
