"""The product with one of its guards taken away: what the simulation has to notice."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import polars as pl
import sqlalchemy as sa

from doubles.machine import the_world
from doubles.town import Town, shared
from rosterhold.adapters import destination
from rosterhold.adapters.database import (
    claims,
    decisions,
    emails,
    endings,
    holds,
    outbox,
    syncs,
    tables,
    transitions,
)
from rosterhold.statemachine.answers import Chosen
from rosterhold.statemachine.findings import SUBJECT_SCHEMA
from rosterhold.workers import apply as apply_module
from rosterhold.workers import begin as begin_module
from rosterhold.workers import evaluate as evaluate_module
from rosterhold.workers import fetch as fetch_module
from rosterhold.workers import scheduler as scheduler_module

Mutation = Callable[[], AbstractContextManager[None]]
STEPS = (fetch_module, evaluate_module, apply_module)
PERFORMERS = (*STEPS, decisions, endings, begin_module, scheduler_module, transitions)


@contextmanager
def instead(places: tuple[Any, ...], name: str, function: object) -> Iterator[None]:
    real = [getattr(place, name) for place in places]
    for place in places:
        setattr(place, name, function)
    try:
        yield
    finally:
        for place, original in zip(places, real, strict=True):
            setattr(place, name, original)


def neither_version_nor_epoch() -> AbstractContextManager[None]:
    """A worker that lost its claim commits, over whatever became of the sync since."""

    def perform(
        tx: Any,
        sync: Any,
        event: Any,
        cause: Any,
        changes: Any = None,
        *,
        settles: Any = None,
        queue: Any = None,
    ) -> syncs.SyncRow:
        del queue
        moved = transitions.move(sync.state, event, transitions.open_reasons(tx.conn, sync.id))
        if isinstance(moved, transitions.NotAllowed):
            raise transitions.EventRefusedError(moved)
        now = syncs.load(tx.conn, sync.id)
        assert now is not None
        given = {**(changes or {}), "state": moved.state, "version": now.version + 1}
        after = replace(now, **given)
        if settles is not None:
            claims.settle(tx, settles)
        values = {**given, "finished_at": tx.now} if moved.state.is_final else given
        tx.conn.execute(sa.update(tables.syncs).where(tables.syncs.c.id == sync.id).values(values))
        line = {"seq": after.version, "from_state": sync.state, "to_state": after.state}
        tx.conn.execute(
            sa.insert(tables.transitions).values(
                sync_id=sync.id, event=event, why=cause.why, who=cause.who, at=tx.now, **line
            )
        )
        for work in moved.work:
            outbox.add(tx, work, district_id=sync.district_id, sync_id=sync.id, sync=after)
        return after

    @contextmanager
    def both() -> Iterator[None]:
        with settling_forgets_the_epoch(), instead(PERFORMERS, "perform", perform):
            yield

    return both()


def settling_forgets_the_epoch() -> AbstractContextManager[None]:
    def settle(tx: Any, claim: claims.Claim) -> None:
        tx.conn.execute(sa.delete(tables.outbox).where(tables.outbox.c.id == claim.work_id))
        tx.claim = claim

    return instead((claims,), "settle", settle)


def work_is_settled_before_its_effect() -> AbstractContextManager[None]:
    real = claims.settle

    def settle(tx: Any, claim: claims.Claim) -> None:
        real(tx, claim)
        commit_in_between(tx)

    return instead((claims,), "settle", settle)


def commit_in_between(tx: Any) -> None:
    tx.conn.exec_driver_sql("COMMIT")
    tx.conn.exec_driver_sql("BEGIN IMMEDIATE")


def the_roster_is_committed_before_the_transition() -> AbstractContextManager[None]:
    real = destination.apply_changes

    def apply_changes(tx: Any, **named: Any) -> None:
        real(tx, **named)
        commit_in_between(tx)

    return instead((destination,), "apply_changes", apply_changes)


def mails_are_noted_before_they_go_out() -> AbstractContextManager[None]:
    real = emails.load

    def load(conn: Any, email_id: str) -> Any:
        mail = real(conn, email_id)
        with conn.engine.begin() as own:
            own.execute(
                sa.update(tables.emails).where(tables.emails.c.id == email_id).values(status="sent")
            )
        return mail

    return instead((emails,), "load", load)


def mails_go_out_before_the_commit() -> AbstractContextManager[None]:
    """A mail is handed over in the transaction that means it, which may still be rolled back."""
    real = emails.intend

    def intend(tx: Any, sync: Any, template: str, **named: Any) -> None:
        real(tx, sync, template, **named)
        post = the_world().post
        own = (tables.emails.c.sync_id == sync.id, tables.emails.c.status == "waiting")
        waiting = tx.conn.execute(sa.select(tables.emails).where(*own)).all()
        for mail in waiting if post.mood == "takes" else ():
            post.taken[mail.message_id] += 1
            tx.conn.execute(sa.update(tables.emails).where(*own).values(status="sent"))
            tx.conn.execute(sa.delete(tables.outbox).where(tables.outbox.c.subject == mail.id))

    return instead((emails,), "intend", intend)


def steps_settle_nothing() -> AbstractContextManager[None]:
    def settle(tx: Any, claim: claims.Claim) -> None:
        tx.claim = claim

    return instead((claims,), "settle", settle)


def a_claim_forgets_the_lease() -> AbstractContextManager[None]:
    real = claims.claim

    def claim(database: Any, work_id: int, *, goes_on: bool = False) -> Any:
        with database.transaction() as tx:
            own = tables.outbox.c.id == work_id
            tx.conn.execute(sa.update(tables.outbox).where(own).values(leased_until=None))
        return real(database, work_id, goes_on=goes_on)

    return instead((claims,), "claim", claim)


def no_lease_ever_ends() -> AbstractContextManager[None]:
    real = claims.claim

    def claim(database: Any, work_id: int, *, goes_on: bool = False) -> Any:
        with database.reading() as conn:
            own = tables.outbox.c.id == work_id
            leased = conn.execute(sa.select(tables.outbox.c.leased_until).where(own)).scalar()
        return None if leased is not None else real(database, work_id, goes_on=goes_on)

    return instead((claims,), "claim", claim)


def any_digest_will_do() -> AbstractContextManager[None]:
    real = decisions.judge

    def judge(state: Any, open_digests: Any, action: Any, digest: Any) -> Any:
        for known in (*open_digests.values(), digest):
            answer = real(state, open_digests, action, known)
            if getattr(answer, "code", "") != "outdated":
                return answer
        return answer

    return instead((decisions,), "judge", judge)


def a_confirmation_covers_every_removal() -> AbstractContextManager[None]:
    real = evaluate_module._approved  # noqa: SLF001 - the seam that is mutated
    everybody = [
        ("any", kind, "/".join(key), "")
        for kind, rows in shared(Town()).rows.items()
        for key in rows
    ]

    def approved(store: Any, sync: Any, confirmed: Any) -> pl.DataFrame:
        given = real(store, sync, confirmed)
        if given.is_empty():
            return given
        return pl.DataFrame(everybody, schema=SUBJECT_SCHEMA, orient="row")

    return instead((evaluate_module,), "_approved", approved)


def findings_are_ignored(reason: str) -> AbstractContextManager[None]:
    real = evaluate_module._judge  # noqa: SLF001 - the seam that is mutated

    def judge(*args: Any) -> Any:
        verdict, judged_by = real(*args)
        others = tuple(found for found in verdict.findings if found.reason != reason)
        return replace(verdict, findings=others), judged_by

    return instead((evaluate_module,), "_judge", judge)


def removals_are_ignored() -> AbstractContextManager[None]:
    return findings_are_ignored("data_removals")


def configuration_is_ignored() -> AbstractContextManager[None]:
    return findings_are_ignored("data_configuration")


def every_hold_is_new() -> AbstractContextManager[None]:
    """A hold that is found again sends a second mail."""
    real = holds.put

    def put(tx: Any, sync: Any, intent: Any) -> tuple[str, bool]:
        hold_id, _ = real(tx, sync, intent)
        tx.conn.execute(
            sa.update(tables.emails)
            .where(tables.emails.c.hold_id == hold_id)
            .values(intent=tables.emails.c.intent + "'")
        )
        return hold_id, True

    return instead((holds,), "put", put)


def an_answer_to_a_part_approves_everything() -> AbstractContextManager[None]:
    real = evaluate_module._approved  # noqa: SLF001 - the seam that is mutated

    def approved(store: Any, sync: Any, confirmed: Any) -> pl.DataFrame:
        return real(store, sync, dict.fromkeys(confirmed))

    return instead((evaluate_module,), "_approved", approved)


def an_answer_for_the_district_covers_schools_left_open() -> AbstractContextManager[None]:
    def approved_by(named: pl.DataFrame, confirmed: Any) -> pl.DataFrame:
        mine = named.filter(pl.col("finding").is_in(list(confirmed)))
        return mine.select(list(SUBJECT_SCHEMA)).unique()

    return instead((evaluate_module,), "approved_by", approved_by)


def the_first_school_answers_for_all() -> AbstractContextManager[None]:
    real = decisions.choose

    def choose(asked: Any, action: Any, scope: Any) -> Any:
        chosen = real(asked, action, scope)
        return replace(chosen, is_last=True) if isinstance(chosen, Chosen) else chosen

    return instead((decisions,), "choose", choose)


# Noticed by lives drawn at random.
BY_CHANCE: tuple[Mutation, ...] = (
    neither_version_nor_epoch,
    work_is_settled_before_its_effect,
    mails_are_noted_before_they_go_out,
    steps_settle_nothing,
    a_claim_forgets_the_lease,
    no_lease_ever_ends,
    any_digest_will_do,
    a_confirmation_covers_every_removal,
    an_answer_to_a_part_approves_everything,
    an_answer_for_the_district_covers_schools_left_open,
    the_first_school_answers_for_all,
    removals_are_ignored,
    configuration_is_ignored,
    every_hold_is_new,
)
# Noticed when a process dies at each point in turn.
BY_DYING_EVERYWHERE: tuple[Mutation, ...] = (
    work_is_settled_before_its_effect,
    the_roster_is_committed_before_the_transition,
    mails_are_noted_before_they_go_out,
    mails_go_out_before_the_commit,
)
