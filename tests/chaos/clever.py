"""Clever in a storm: many tiny districts in one simulator, whose data and answers go astray."""

from random import Random

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.changes import ChangeError
from rosterhold.simulator.faults import FAULTS, STATUS_FAULTS
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.server import SimulatorServer
from rosterhold.simulator.world import World

FEWEST_PEOPLE, MOST_PEOPLE = 30, 60

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
        self.changes = 0

    def change(self, clever_id: str) -> None:
        name, parameters = self._rng.choice(CHANGES)
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
        """Every district is connected and shares all it has."""
        self._world.heal()
        for clever_id, district in self._world.districts.items():
            if district.frozen:
                self._world.change("resume", clever_id)
            if any(len(table) for table in district.withheld.values()):
                self._world.change("restore", clever_id)
            if not district.access.granted or not district.access.secure_sync:
                self._world.change("connect", clever_id)
