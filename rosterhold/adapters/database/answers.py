"""Which findings were answered, by whom, and what is left of a reason."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from rosterhold.adapters.database.answer_tables import answered_findings
from rosterhold.adapters.database.engine import Transaction
from rosterhold.adapters.database.holds import HoldRow
from rosterhold.adapters.database.tables import decisions, findings
from rosterhold.statemachine.answers import Asked
from rosterhold.statemachine.decisions import PARTLY, Action, Earlier


def findings_of(conn: sa.Connection, hold: HoldRow) -> list[sa.Row[Any]]:
    """What was found for a reason, in its order, with `who` and `at` of the answer it has."""
    return list(
        conn.execute(
            sa.select(*findings.c, decisions.c.who, decisions.c.at)
            .outerjoin(answered_findings, _same_finding())
            .outerjoin(decisions, decisions.c.id == answered_findings.c.decision_id)
            .where(
                findings.c.sync_id == hold.sync_id,
                findings.c.evaluation_no == hold.evaluation_no,
                findings.c.reason == hold.reason.value,
            )
            .order_by(findings.c.no)
        )
    )


def asked_of(conn: sa.Connection, hold: HoldRow) -> list[Asked]:
    """The findings of a reason, as an answer sees them."""
    return [
        Asked(
            row.no,
            row.school,
            row.school_name,
            None if row.who is None else Earlier(row.who, row.at),
        )
        for row in findings_of(conn, hold)
    ]


def last_answer(conn: sa.Connection, hold: HoldRow) -> Earlier | None:
    """Who answered a reason last."""
    row = conn.execute(
        sa.select(decisions.c.who, decisions.c.at)
        .where(
            decisions.c.sync_id == hold.sync_id,
            decisions.c.reason == hold.reason.value,
            decisions.c.evaluation_no == hold.evaluation_no,
        )
        .order_by(decisions.c.at.desc(), decisions.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Earlier(row.who, row.at)


def write(tx: Transaction, hold: HoldRow, decision_id: str, chosen: Collection[int]) -> None:
    """Note which findings of a reason a decision answers."""
    own = {
        "sync_id": hold.sync_id,
        "evaluation_no": hold.evaluation_no,
        "district_id": hold.district_id,
        "decision_id": decision_id,
    }
    if chosen:
        rows = [{**own, "no": number} for number in sorted(chosen)]
        tx.conn.execute(sa.insert(answered_findings), rows)


def places_of(conn: sa.Connection, sync_id: str) -> dict[str, list[sa.Row[Any]]]:
    """Decision id → the findings that it answered, with `no`, `school` and `school_name`."""
    found: dict[str, list[sa.Row[Any]]] = {}
    rows: sa.CursorResult[Any] = conn.execute(
        sa.select(
            answered_findings.c.decision_id,
            findings.c.no,
            findings.c.school,
            findings.c.school_name,
        )
        .join(findings, _same_finding())
        .where(answered_findings.c.sync_id == sync_id)
        .order_by(findings.c.no)
    )
    for row in rows:
        found.setdefault(row.decision_id, []).append(row)
    return found


def confirmed(conn: sa.Connection, sync_id: str) -> dict[int, frozenset[int] | None]:
    """Evaluation number → the findings confirmed in this sync; None where it is all of them."""
    rows = conn.execute(
        sa.select(decisions.c.evaluation_no, decisions.c.action, answered_findings.c.no)
        .outerjoin(answered_findings, answered_findings.c.decision_id == decisions.c.id)
        .where(
            decisions.c.sync_id == sync_id,
            decisions.c.action.in_([Action.CONFIRM.value, PARTLY[Action.CONFIRM]]),
        )
    ).all()
    # Whoever answered what was left, or everything at once, completed it.
    whole = {row.evaluation_no for row in rows if row.action == Action.CONFIRM.value}
    partly: dict[int, set[int]] = {}
    for row in rows:
        if row.evaluation_no not in whole:
            partly.setdefault(row.evaluation_no, set()).add(row.no)
    return {
        **dict.fromkeys(whole),
        **{number: frozenset(chosen) for number, chosen in partly.items()},
    }


def _same_finding() -> sa.ColumnElement[bool]:
    return sa.and_(
        answered_findings.c.sync_id == findings.c.sync_id,
        answered_findings.c.evaluation_no == findings.c.evaluation_no,
        answered_findings.c.no == findings.c.no,
    )
