"""The register of changes, and the edit that each of them works with."""

import inspect
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.district import District
from rosterhold.simulator.instants import instant, moment
from rosterhold.simulator.people import PeopleMaker
from rosterhold.simulator.records import Record, Table, encode

Touches = Literal["sis", "sharing", "connection"]


class ChangeError(ValueError):
    """Raised when a change does not exist or cannot be done; the text tells the user why."""


@dataclass
class Edit:
    """One change at work on one district.

    `now` is an aware moment; `rng` draws the same for the same district and number of changes
    before; `moves_sync` is set false by changes in which nothing was synced.
    """

    district: District
    behaviour: Behaviour
    now: datetime
    rng: random.Random
    moves_sync: bool = True
    writes_events: bool = True

    @property
    def users(self) -> Table:
        return self.district.tables["users"]

    @property
    def sections(self) -> Table:
        return self.district.tables["sections"]

    @property
    def stamp(self) -> str:
        return instant(self.now)

    def new_id(self) -> str:
        return self.district.ids.next()

    def put(self, kind: str, record: Record) -> None:
        self.district.tables[kind].put(record["id"], encode(record))

    def remove(self, kind: str, identifiers: Iterable[str]) -> None:
        """Take records out of the SIS; they are kept aside for a return."""
        for identifier in identifiers:
            body = self.district.tables[kind].pop(identifier)
            self.district.removed[kind].put(identifier, body)

    def withhold(self, kind: str, identifiers: Iterable[str]) -> None:
        """Take records out of what is shared; the SIS still has them."""
        for identifier in identifiers:
            body = self.district.tables[kind].pop(identifier)
            self.district.withheld[kind].put(identifier, body)

    def some(
        self, identifiers: list[str], *, count: int | None, share: float | None, default: float
    ) -> list[str]:
        """Draw so many, or such a share (0 to 1, rounded) of these ids; at least one if any."""
        if count is not None and share is not None:
            raise ChangeError("give a count or a share, not both")
        if count is None:
            part = default if share is None else share
            if not 0 < part <= 1:
                raise ChangeError(f"share is {part}; it must be above 0 and at most 1")
            count = max(1, round(len(identifiers) * part)) if identifiers else 0
        if count < 1:
            raise ChangeError("there is nobody to change")
        if count > len(identifiers):
            raise ChangeError(f"count is {count}, but there are only {len(identifiers)}")
        return sorted(self.rng.sample(identifiers, count))

    def school(self, wanted: str | None) -> str:
        """Find a shared school by id, sis_id or name; without one, the smallest."""
        schools = self.district.tables["schools"]
        if not schools:
            raise ChangeError("the district shares no school")
        if wanted is None:
            sizes = self.district.relations.users_of_school
            return min(schools.ids(), key=lambda school: (len(sizes.get(school, [])), school))
        for identifier in schools:
            record = schools.get(identifier)
            if wanted in {identifier, record.get("sis_id"), record.get("name")}:
                return identifier
        raise ChangeError(f"no shared school has the id, sis_id or name '{wanted}'")

    def of_school(self, role: str, school: str | None) -> list[str]:
        """List the users of a role, all or those of a school (by id, sis_id or name)."""
        users = self.district.ids_of(role)
        if school is None:
            return list(users)
        members = set(self.district.relations.users_of_school.get(self.school(school), []))
        return [user for user in users if user in members]

    def maker(self) -> PeopleMaker:
        """Give a maker of new people, whose numbers start above those in use."""
        return PeopleMaker(
            self.district.id,
            self.rng,
            self.district.ids,
            self.stamp,
            self.now.year,
            made=int(self.new_id()[-7:], 16) + 1_000_000,
        )

    def each(self, kind: str, identifiers: Iterable[str] | None = None) -> Iterator[Record]:
        """Read records one by one; without ids, all of the kind or role."""
        table = self.district.tables.get(kind, self.users)
        for identifier in list(self.district.ids_of(kind) if identifiers is None else identifiers):
            yield table.get(identifier)


@dataclass(frozen=True)
class Change:
    """A registered change: `touches` says what it is about, `parameters` what it takes."""

    name: str
    about: str
    touches: Touches
    run: Callable[..., None]
    parameters: Mapping[str, inspect.Parameter] = field(default_factory=dict)

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Turn the given parameters, texts among them, into what the function takes.

        Raises:
            ChangeError: a parameter is not known, or not of its type.
        """
        read = {}
        for key, value in given.items():
            if key not in self.parameters:
                takes = ", ".join(self.parameters) or "nothing"
                raise ChangeError(f"{self.name} does not take '{key}'; it takes: {takes}")
            read[key] = _converted(self.name, key, value, str(self.parameters[key].annotation))
        return read


CHANGES: dict[str, Change] = {}


def change(name: str, about: str, *, touches: Touches = "sis") -> Callable[..., Any]:
    """Register a change; the function takes an `Edit` and keyword parameters."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        parameters = dict(inspect.signature(function).parameters)
        parameters.pop("edit")
        CHANGES[name] = Change(name, about, touches, function, parameters)
        return function

    return register


def change_named(name: str) -> Change:
    """Find a change.

    Raises:
        ChangeError: there is none of this name.
    """
    if name not in CHANGES:
        raise ChangeError(f"no change is called '{name}'; there are: {', '.join(sorted(CHANGES))}")
    return CHANGES[name]


def seed_of(district: District) -> int:
    """Give a seed that differs from change to change and is the same in each run."""
    return int(district.id[-8:], 16) ^ (district.revision * 2_654_435_761)


def after(last: str | None, now: datetime) -> datetime:
    """Give `now`, or the moment just above `last` if that is not past yet; both in milliseconds."""
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    try:
        past = moment(last) if last else None
    except ValueError:
        past = None
    if past is None or now > past:
        return now
    return past.replace(microsecond=past.microsecond // 1000 * 1000) + _MILLISECOND


def _converted(name: str, key: str, value: Any, annotation: str) -> Any:
    if value is None or not isinstance(value, str):
        return value
    try:
        if "bool" in annotation:
            return _BOOLEANS[value.lower()]
        if "int" in annotation:
            return int(value)
        if "float" in annotation:
            return float(value)
    except (KeyError, ValueError) as error:
        kind = "yes or no" if "bool" in annotation else "a number"
        raise ChangeError(f"{name}: {key} is '{value}'; it must be {kind}") from error
    return value


_MILLISECOND = timedelta(milliseconds=1)
_BOOLEANS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
