"""Everything the simulator serves: districts, tokens, faults, rate windows and counts."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.changes import Batch, apply_change, move_last_sync
from rosterhold.simulator.district import District
from rosterhold.simulator.faults import Fault, Faults
from rosterhold.simulator.instants import instant
from rosterhold.simulator.login import Logins
from rosterhold.simulator.ratelimit import Allowance, RateWindows
from rosterhold.simulator.requestlog import RequestLog

TEST_TOKEN = "TEST_TOKEN"  # noqa: S105 - the public name of Clever's own test token
DEMO_CLIENT_ID = "demo-client"
DEMO_CLIENT_SECRET = "demo-secret"  # noqa: S105 - opens nothing but this simulator


class UnknownDistrictError(LookupError):
    """Raised when no district has the id or name that was asked for."""


@dataclass(frozen=True)
class Grant:
    """One entry of the token list."""

    id: str
    created: str
    district: str
    token: str
    scopes: tuple[str, ...]


class World:
    """Several districts behind one app.

    All methods may be called from any thread; `lock` is held while data are read or moved. `clock`
    gives Unix seconds.
    """

    def __init__(
        self,
        districts: Iterable[District] = (),
        *,
        behaviour: Behaviour | None = None,
        client_id: str = DEMO_CLIENT_ID,
        client_secret: str = DEMO_CLIENT_SECRET,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.behaviour = behaviour or Behaviour()
        self.client_id = client_id
        self.client_secret = client_secret
        self.clock = clock
        self.lock = threading.RLock()
        self.districts: dict[str, District] = {}
        self.faults = Faults()
        self.windows = RateWindows()
        self.requests = RequestLog()
        self.logins = Logins()
        for district in districts:
            self.add(district)

    def add(self, district: District) -> District:
        with self.lock:
            self.districts[district.id] = district
        return district

    def district(self, wanted: str | None = None) -> District:
        """Find a district by id or name; without one, the first.

        Raises:
            UnknownDistrictError: there is none.
        """
        for district in self.districts.values():
            if wanted is None or wanted in {district.id, district.name}:
                return district
        named = f"called '{wanted}'" if wanted else "in the simulator"
        raise UnknownDistrictError(f"there is no district {named}")

    def district_of_token(self, token: str) -> District | None:
        """Give the district whose token this is, if the token is good."""
        if token == TEST_TOKEN:
            first = next(iter(self.districts.values()), None)
            return first if first is not None and first.access.granted else None
        for district in self.districts.values():
            if district.access.granted and district.token == token:
                return district
        return None

    def grants(self, district: str | None = None) -> list[Grant]:
        """List the good tokens, of all districts or of the one with this id."""
        return [
            Grant(
                id=found.token[:24],
                created=f"{found.info.get('launch_date', '2025-01-01')}T00:00:00.000Z",
                district=found.id,
                token=found.token,
                scopes=self.scopes_of(found),
            )
            for found in self.districts.values()
            if found.access.granted and district in {None, found.id}
        ]

    def scopes_of(self, district: District) -> tuple[str, ...]:
        if district.access.secure_sync:
            return self.behaviour.scopes
        return ("read:districts", "read:user_id")

    def take_request(self, token: str) -> Allowance:
        """Count a request against the token's rate window."""
        with self.lock:
            return self.windows.take(
                token,
                now=self.clock(),
                limit=self.behaviour.rate_limit,
                seconds=self.behaviour.rate_window,
            )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), tz=UTC)

    def change(self, name: str, district: str | None = None, **parameters: Any) -> Batch:
        """Do a named change to a district (by id or name; without one, the first).

        Raises:
            UnknownDistrictError: there is no such district.
            rosterhold.simulator.changes.ChangeError: no such change, or it cannot be done.
        """
        with self.lock:
            return apply_change(
                self.district(district), name, parameters, behaviour=self.behaviour, now=self.now()
            )

    def fail(self, kind: str, **conditions: Any) -> Fault:
        """Put a fault in force; `conditions` are those of `Fault`.

        Raises:
            rosterhold.simulator.faults.FaultError: there is no such fault.
        """
        with self.lock:
            return self.faults.add(Fault(kind, **conditions))

    def heal(self, kind: str | None = None) -> int:
        """Clear the faults of a kind, or all; give how many there were."""
        with self.lock:
            return self.faults.clear(kind)

    def touch(self, district: District) -> None:
        """Let the district's last_sync move, as a running sync at Clever does."""
        with self.lock:
            move_last_sync(district, self.now())

    def state(self) -> dict[str, Any]:
        """Describe the districts, the faults in force and the requests so far."""
        with self.lock:
            return {
                "districts": [
                    {
                        "id": district.id,
                        "name": district.name,
                        "state": district.info.get("state", ""),
                        "last_sync": district.info.get("last_sync"),
                        "connected": district.access.granted,
                        "counts": district.counts(),
                        "withheld": sum(len(table) for table in district.withheld.values()),
                        "events": len(district.events),
                    }
                    for district in self.districts.values()
                ],
                "tokens": len(self.grants()),
                "faults": self.faults.state(),
                "rate_limit": self.behaviour.rate_limit,
                "time": instant(self.now()),
                "requests": self.requests.state(),
            }
