"""After a storm: what must be true of every district, sync and mail, said without the product."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

import polars as pl
import sqlalchemy as sa
from doubles.oracle import ROADS

from chaos.people import Book
from chaos.post_office import PostOffice
from rosterhold.adapters import layout
from rosterhold.adapters.database.roster_tables import PAIR_PARTS, ROSTER, part_id
from rosterhold.adapters.manifests import frames_of, read_manifest
from rosterhold.config.wiring import Services
from rosterhold.roster.kinds import KINDS, Kind

FINAL = {"completed", "cancelled", "failed"}
# What became the roster; a sync that found nothing new is completed as well.
APPLIED = "state = 'completed' AND nothing_new_since IS NULL"
RESTING = FINAL | {"on_hold.disconnected", "on_hold.data_configuration", "on_hold.data_removals"}
LEAST_RECORDS, MOST_SHARE = 5, 0.1
HAVE_SCHOOLS = ("students", "teachers", "sections", "contacts", "enrolments", "guardianships")

Rows = set[tuple[str, ...]]


class Checker:
    """Every method yields what is wrong, in a sentence; nothing when all is well."""

    def __init__(self, services: Services, post_office: PostOffice, book: Book) -> None:
        self._services = services
        self._post_office = post_office
        self._book = book

    def all(self) -> list[str]:
        return [
            *self._book.broken,
            *self.syncs_rest_in_legal_states(),
            *self.each_transition_happened_once(),
            *self.rosters_are_what_was_approved(),
            *self.removals_over_a_limit_were_approved(),
            *self.each_mail_went_out(),
            *self.nothing_waits(),
        ]

    def _rows(self, query: str) -> list[sa.Row[tuple[object, ...]]]:
        with self._services.database.reading() as conn:
            return list(conn.execute(sa.text(query)).all())

    def resting(self) -> bool:
        states = {row.state for row in self._rows("SELECT DISTINCT state FROM syncs")}
        return states <= RESTING and not list(self.nothing_waits())

    def syncs_rest_in_legal_states(self) -> Iterator[str]:
        for row in self._rows("SELECT id, state, failure, finished_at FROM syncs"):
            if row.state not in RESTING:
                yield f"{row.id} does not rest: {row.state}"
            if row.state == "failed":
                yield f"{row.id} failed: {row.failure}"
            if (row.finished_at is not None) != (row.state in FINAL):
                yield f"{row.id} is {row.state} and finished at {row.finished_at}"
        for row in self._rows(
            "SELECT district_id, count(*) AS n FROM syncs WHERE finished_at IS NULL "
            "GROUP BY 1 HAVING count(*) > 1"
        ):
            yield f"district {row.district_id} has {row.n} open syncs"
        for row in self._rows(
            "SELECT s.id, s.state, count(h.id) AS n FROM syncs s LEFT JOIN holds h "
            "ON h.sync_id = s.id AND h.resolved_at IS NULL AND h.answered_at IS NULL GROUP BY 1, 2"
        ):
            if row.state.startswith("on_hold.") != (row.n > 0):
                yield f"{row.id} is {row.state} with {row.n} unanswered holds"

    def each_transition_happened_once(self) -> Iterator[str]:
        history = defaultdict(list)
        for row in self._rows(
            "SELECT sync_id, seq, from_state, event, to_state FROM transitions ORDER BY 1, 2"
        ):
            history[row.sync_id].append(row)
        for sync in self._rows("SELECT id, state, version FROM syncs"):
            steps = history[sync.id]
            if [step.seq for step in steps] != list(range(1, sync.version + 1)):
                yield f"{sync.id}: history has gaps or doubles"
            if not steps or steps[-1].to_state != sync.state:
                yield f"{sync.id}: the state is not what the history comes to"
            for before, step in pairwise(steps):
                road = (step.from_state, step.event, step.to_state)
                if step.from_state != before.to_state or road not in ROADS:
                    yield f"{sync.id}: no such road after {before.to_state}: {road}"

    def rosters_are_what_was_approved(self) -> Iterator[str]:
        rosters = {name: self._roster(kind) for name, kind in KINDS.items()}
        districts = self._rows("SELECT id, baseline_ref, baseline_sync_id FROM districts")
        for district in districts:
            last = self._rows(
                f"SELECT id, target_ref FROM syncs WHERE {APPLIED} "
                f"AND district_id = '{district.id}' ORDER BY finished_at DESC LIMIT 1"
            )
            applied = (last[0].id, last[0].target_ref) if last else (None, None)
            if (district.baseline_sync_id, district.baseline_ref) != applied:
                yield f"{district.id}: the baseline is not of the last completed sync"
            approved = self._frames(district.baseline_ref)
            for name, kind in KINDS.items():
                wanted = set(approved[name].select(_columns(kind)).iter_rows())
                found = rosters[name][district.id]
                if wanted != found:
                    yield (
                        f"{district.id} {name}: {len(wanted - found)} records missing, "
                        f"{len(found - wanted)} too many, of {len(wanted)}"
                    )

    def _roster(self, kind: Kind) -> defaultdict[str, Rows]:
        """District → active records; a pair by its ends' Clever ids."""
        table = ROSTER[kind.name]
        source: sa.FromClause = table
        keys = []
        for column in kind.key:
            if kind.is_pair:
                end = ROSTER[PAIR_PARTS[column]].alias(column)
                source = source.join(end, end.c.id == table.c[part_id(column)])
                keys.append(end.c.clever_id)
            else:
                keys.append(table.c[column])
        values = [table.c[column] for column in kind.columns]
        found: defaultdict[str, Rows] = defaultdict(set)
        with self._services.database.reading() as conn:
            query = sa.select(table.c.district_id, *keys, *values).where(table.c.active)
            for row in conn.execute(query.select_from(source)):
                found[row[0]].add(tuple(row[1:]))
        return found

    def _frames(self, ref: str | None) -> dict[str, pl.DataFrame]:
        store = self._services.store
        frames = frames_of(store, read_manifest(store, ref))
        return {name: frame.collect() for name, frame in frames.items()}

    def removals_over_a_limit_were_approved(self) -> Iterator[str]:
        applied = defaultdict(list)
        for row in self._rows(
            f"SELECT id, district_id, target_ref FROM syncs WHERE {APPLIED} ORDER BY finished_at"
        ):
            applied[row.district_id].append(row)
        for syncs in applied.values():
            for before, sync in pairwise(syncs):
                yield from self._removals_of(sync, self._frames(before.target_ref))

    def _removals_of(
        self, sync: sa.Row[tuple[object, ...]], before: dict[str, pl.DataFrame]
    ) -> Iterator[str]:
        prefix = str(sync.target_ref).rpartition("/")[0]
        after = self._frames(str(sync.target_ref))
        confirmed = self._book.confirmed[str(sync.id)]
        for name, kind in KINDS.items():
            rows = self._services.store.scan([layout.changes_ref(prefix, name)]).collect()
            removed = rows.filter(pl.col("change") == "removed")
            keys = removed.select(kind.key).iter_rows()
            free = [("/".join(key) not in {k for n, k in confirmed if n == name}) for key in keys]
            loose = removed.filter(pl.Series(free, dtype=pl.Boolean))
            had, has = before[name].height, after[name].height
            yield from _over_a_limit(f"{sync.id} {name}", loose.height, had, has)
            if name == "schools" and loose.height:
                yield f"{sync.id}: a school went and nobody confirmed it"
            if name in HAVE_SCHOOLS:
                for school, number in loose["school_clever_id"].value_counts().iter_rows():
                    there = before[name].filter(pl.col("school_clever_id") == school).height
                    yield from _over_a_limit(f"{sync.id} {name} at {school}", number, there, 1)

    def each_mail_went_out(self) -> Iterator[str]:
        mails = self._rows(
            "SELECT m.id, m.intent, m.template, m.hold_id, m.sync_id, m.recipient, m.message_id, "
            "m.status, m.last_error, m.day, h.resolved_at IS NOT NULL AS is_closed FROM emails m "
            "LEFT JOIN holds h ON h.id = m.hold_id"
        )
        for mail in mails:
            taken = self._post_office.taken.get(mail.message_id, [])
            refused = mail.status == "refused" and mail.message_id in self._post_office.refused
            if mail.status == "not_needed" and mail.is_closed:
                continue
            if mail.status != "sent" and not refused:
                yield f"mail {mail.intent} is {mail.status}: {mail.last_error}"
            if not taken and not refused:
                yield f"mail {mail.intent} never came to the server"
            if any(delivery.recipient != mail.recipient for delivery in taken):
                yield f"mail {mail.intent} went to somebody else"
        unknown = self._post_office.taken.keys() - {mail.message_id for mail in mails}
        yield from (f"the server has {message_id}, the log does not" for message_id in unknown)
        about = Counter((m.template, m.hold_id or m.sync_id, m.recipient, m.day) for m in mails)
        yield from (f"{number} mails about {one}" for one, number in about.items() if number > 1)
        yield from self._mails_that_are_due({(template, of) for template, of, _, _ in about})

    def _mails_that_are_due(self, about: set[tuple[str, str]]) -> Iterator[str]:
        for hold in self._rows("SELECT id, reason FROM holds"):
            template = "connection_lost" if hold.reason == "disconnected" else "hold_opened"
            if (template, hold.id) not in about:
                yield f"nobody was told of hold {hold.id}"
        for sync in self._rows(
            "SELECT DISTINCT s.id FROM syncs s JOIN holds h ON h.sync_id = s.id "
            "WHERE s.state = 'completed'"
        ):
            if ("hold_resolved", sync.id) not in about:
                yield f"nobody was told that {sync.id} is complete"

    def nothing_waits(self) -> Iterator[str]:
        for row in self._rows(
            "SELECT id, work, attempts, last_error, given_up_at FROM outbox WHERE work <> 'remind'"
        ):
            yield f"work {row.id} waits: {row.work}, {row.attempts} attempts, {row.last_error}"


def _columns(kind: Kind) -> list[str]:
    return [*kind.key, *kind.columns]


def _over_a_limit(where: str, removed: int, had: int, has: int) -> Iterator[str]:
    if removed >= LEAST_RECORDS and removed > MOST_SHARE * had:
        yield f"{where}: {removed} of {had} were removed and nobody confirmed it"
    elif removed and not has:
        yield f"{where}: it was emptied and nobody confirmed it"
