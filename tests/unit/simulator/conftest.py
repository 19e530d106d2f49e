"""A made-up district that changes can be done to, and what it looks like afterwards."""

import pytest

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.generate import generate_district
from rosterhold.simulator.world import World

NOW = 1_760_000_000.0


class Scene:
    """One district in a world whose clock stands still."""

    def __init__(self, **behaviour):
        self.district = generate_district(3, 800)
        self.world = World([self.district], behaviour=Behaviour(**behaviour), clock=lambda: NOW)

    def change(self, name, **parameters):
        return self.world.change(name, **parameters)

    def ids(self, kind):
        return list(self.district.ids_of(kind))

    def records(self, kind):
        table = self.district.tables.get(kind, self.district.tables["users"])
        return [table.get(identifier) for identifier in self.ids(kind)]

    def bodies(self):
        return {kind: dict(table.bodies) for kind, table in self.district.tables.items()}

    def event_types(self):
        return [f"{event.kind}.{event.what}" for event in self.district.events]

    def relationships(self):
        return [
            link
            for contact in self.records("contact")
            for link in contact["roles"]["contact"]["student_relationships"]
        ]


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def scene_with():
    return Scene
