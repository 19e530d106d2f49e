"""One district as Clever holds it: what is shared, what is held back, and who may read it."""

import hashlib
from dataclasses import dataclass
from typing import Any

from rosterhold.simulator.events import Event
from rosterhold.simulator.ids import IdSequence
from rosterhold.simulator.records import KINDS, ROLES, Record, Table, encode
from rosterhold.simulator.relations import Relations

HISTORY = 5
"""How many changes can be taken back."""


@dataclass
class Access:
    """The app's permission to read a district.

    `generation` counts the tokens given so far; `granted` is false once the token is revoked;
    `secure_sync` false leaves only the district itself readable.
    """

    generation: int = 1
    granted: bool = True
    secure_sync: bool = True


@dataclass(frozen=True)
class Saved:
    """What a change found, kept so that it can be taken back."""

    tables: dict[str, Table]
    withheld: dict[str, Table]
    removed: dict[str, Table]
    info: Record
    access: tuple[int, bool, bool]
    frozen: str


class District:
    """A district's records, events and permission.

    `info` is the object of `/districts/{id}`. `tables` holds what the app sees, by kind;
    `withheld` what the district has but does not share, and `removed` what left the SIS.
    """

    def __init__(self, info: Record) -> None:
        self.info = info
        self.tables: dict[str, Table] = {kind: Table() for kind in KINDS}
        self.withheld: dict[str, Table] = {kind: Table() for kind in KINDS}
        self.removed: dict[str, Table] = {kind: Table() for kind in KINDS}
        self.events: list[Event] = []
        self.access = Access()
        self.frozen = ""
        self.revision = 0
        self.history: list[Saved] = []
        self.ids = IdSequence(info["id"])
        self.event_ids = IdSequence("6" + info["id"][1:])
        self._relations: Relations | None = None

    @property
    def id(self) -> str:
        return str(self.info["id"])

    @property
    def name(self) -> str:
        return str(self.info.get("name", ""))

    @property
    def token(self) -> str:
        """Give the token that is good now: 40 hex digits, the same for the same generation."""
        return token_of(self.id, self.access.generation)

    @property
    def relations(self) -> Relations:
        if self._relations is None:
            self._relations = Relations(self.tables)
        return self._relations

    def add(self, kind: str, record: Record) -> None:
        """Put a record in place, as loading and generating do; no event is written."""
        self.tables[kind].put(record["id"], encode(record))

    def settle(self, roles: dict[str, list[str]] | None = None) -> None:
        """Forget what was worked out of older data; `roles` may give the new lists of users."""
        self._relations = Relations(self.tables, roles)
        self.revision += 1

    def ids_of(self, kind: str) -> list[str]:
        """List rising ids of a kind of record or of a role of users (`student`, `contact`...)."""
        return self.relations.roles[kind] if kind in ROLES else self.tables[kind].ids()

    def counts(self) -> dict[str, int]:
        """Count what the app sees: each kind but users, then each role."""
        found = {kind: len(self.tables[kind]) for kind in KINDS if kind != "users"}
        return found | {role: len(self.relations.roles[role]) for role in ROLES}

    def save(self) -> None:
        """Keep the present data, so that the next change can be taken back."""
        access = self.access
        self.history.append(
            Saved(
                tables={kind: table.copy() for kind, table in self.tables.items()},
                withheld={kind: table.copy() for kind, table in self.withheld.items()},
                removed={kind: table.copy() for kind, table in self.removed.items()},
                info=dict(self.info),
                access=(access.generation, access.granted, access.secure_sync),
                frozen=self.frozen,
            )
        )
        del self.history[:-HISTORY]

    def go_back(self) -> None:
        """Put the data kept last in place again; last_sync alone stays, as it never goes back."""
        saved = self.history.pop()
        last_sync = self.info.get("last_sync")
        self.tables, self.withheld, self.removed = saved.tables, saved.withheld, saved.removed
        self.info = {**saved.info, "last_sync": last_sync}
        generation, granted, secure_sync = saved.access
        self.access = Access(generation, granted=granted, secure_sync=secure_sync)
        self.frozen = saved.frozen
        self.settle()


def token_of(district_id: str, generation: int) -> str:
    seed = f"{district_id}:{generation}".encode()
    return hashlib.sha1(seed, usedforsecurity=False).hexdigest()


def district_info(
    *, identifier: str, name: str, last_sync: str, contact: dict[str, Any] | None = None
) -> Record:
    """Build the object of a healthy district."""
    info: Record = {
        "id": identifier,
        "name": name,
        "portal_url": f"https://clever.com/in/{name.lower().replace(' ', '-')}",
        "sis_type": "sftp",
        "error": "",
        "launch_date": last_sync[:10],
        "state": "running",
        "last_sync": last_sync,
        "login_methods": ["Clever Badges", "Clever Passwords"],
    }
    if contact is not None:
        info["district_contact"] = contact
    return info
