"""Clever in a storm: many tiny districts in one simulator, whose data and answers go astray."""

from random import Random

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.changes import ChangeError
from rosterhold.simulator.faults import FAULTS, STATUS_FAULTS
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.records import Table, decode
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

FEWEST_PEOPLE, MOST_PEOPLE = 30, 60

Bodies = dict[str, bytes]

# Changes of a district's data with their parameters, the likelier ones several times.
CHANGES: tuple[tuple[str, dict[str, object]], ...] = (
    ("add-students", {"count": 2}),
    ("add-students", {"count": 4}),
    ("edit-names", {"count": 3}),
    ("remove-students", {"count": 1}),
    ("remove-students", {"count": 2}),
    ("remove-students", {"share": 0.5}),
    ("remove-students", {"share": 0.4}),
    ("return-student", {"count": 1}),
    ("remove-teachers", {"count": 1}),
    ("remove-sections", {"share": 0.3}),
    ("rekey", {"of": "students", "share": 0.5}),
    ("rekey", {"of": "sections", "count": 2}),
    ("rekey-contacts", {"count": 2}),
    ("emergency-contacts", {"count": 2}),
    ("many-guardians", {"students": 1}),
    ("malformed", {"kind": "students", "count": 1}),
    ("malformed", {"kind": "contacts", "count": 1}),
    ("remove-school", {}),
    ("half-load", {}),
    ("restore", {}),
    ("restore", {}),
    ("undo", {}),
    ("rotate", {}),
    ("disconnect", {}),
    ("connect", {}),
    ("connect", {}),
    ("connect", {}),
    ("unshare-everything", {}),
    ("year-end", {}),
)
# A fault whose cure is a person's answer strikes once; the others as often as is drawn.
ONCE = frozenset(
    {"401", "403", "404", "404-html", "repeat-page", "next-loop", "missing-between-pages"}
)


def _readable(body: bytes) -> bool:
    record = decode(body)
    return "id" in record and isinstance(record.get("name"), dict)


def make_world(rng: Random, districts: int) -> World:
    # The second bucket of the rate limit would slow a storm to its pace.
    world = World(behaviour=Behaviour(rate_limit=100_000))
    for number in range(districts):
        people = rng.randint(FEWEST_PEOPLE, MOST_PEOPLE)
        seed = rng.getrandbits(30)
        world.add(
            generate_district(
                seed, people, name=f"Town {number}", clever_id=f"5{number:016x}{'0' * 7}"
            )
        )
    return world


class Weather:
    """Changes data and spoils answers, as drawn."""

    def __init__(self, simulator: SimulatorServer, rng: Random) -> None:
        self._world = simulator.world
        self._rng = rng
        self._unbroken: dict[str, Bodies] = {}
        self.changes = 0

    def change(self, clever_id: str) -> None:
        name, parameters = self._rng.choice(CHANGES)
        with self._world.lock:
            # Other changes know only readable records, and would carry a broken one to a new id.
            self._mend(clever_id)
            if name == "malformed":
                self._unbroken[clever_id] = dict(self._users(clever_id).bodies)
            try:
                self._world.change(name, clever_id, **parameters)
                self.changes += 1
            except (ChangeError, ValueError, IndexError):
                return

    def spoil(self) -> str:
        """Put one fault in force; every kind that the simulator knows comes up."""
        kind = self._rng.choice(sorted(FAULTS))
        times = 1 if kind in ONCE else self._rng.randint(1, 12)
        seconds = self._rng.uniform(0.2, 3.0) if kind in {"slow", "429"} else None
        path = self._rng.choice((None, None, "/users", "/sections", "/districts", "oauth"))
        if path == "oauth" and kind not in STATUS_FAULTS:
            path = None
        self._world.fail(
            kind, times=times, seconds=seconds, path=path, after=self._rng.randint(0, 20)
        )
        return kind

    def be_slow(self, *, seconds: float, times: int) -> None:
        self._world.fail("slow", seconds=seconds, times=times, path="/users")

    def clear(self) -> None:
        """No fault is in force any more."""
        self._world.heal()

    def make_good(self) -> None:
        """Nothing is spoiled, and every district is connected and shares all it has."""
        self._world.heal()
        for clever_id in list(self._unbroken):
            self._mend(clever_id)
        self.reconnect()

    def _mend(self, clever_id: str) -> None:
        """Let every record be readable again."""
        with self._world.lock:
            if clever_id not in self._unbroken:
                return
            users = self._users(clever_id)
            for key, body in self._unbroken.pop(clever_id).items():
                if key in users and not _readable(users.bodies[key]):
                    users.put(key, body)
            self._world.districts[clever_id].settle()
            self._world.touch(self._world.districts[clever_id])

    def _users(self, clever_id: str) -> Table:
        return self._world.districts[clever_id].tables["users"]

    def reconnect(self) -> None:
        """Every district is connected and shares all it has."""
        for clever_id, district in self._world.districts.items():
            if district.frozen:
                self._world.change("resume", clever_id)
            if any(len(table) for table in district.withheld.values()):
                self._world.change("restore", clever_id)
            if not district.access.granted or not district.access.secure_sync:
                self._world.change("connect", clever_id)
