"""The simulator's own calls below `/_simulator/`: changes, faults and a look at its state."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from rosterhold.simulator.answers import Answer
from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.changes import CHANGES, ChangeError
from rosterhold.simulator.faults import FAULTS, FaultError
from rosterhold.simulator.records import decode, encode
from rosterhold.simulator.world import UnknownDistrictError, World

PREFIX = "/_simulator"


class AdminError(ValueError):
    """Raised when a call cannot be understood."""


def answer(world: World, method: str, path: str, body: bytes) -> Answer:
    """Answer a call; errors are `{"error": text}` with 400, or 404 for what is not there."""
    try:
        return _json(200, _routed(world, method, path.removeprefix(PREFIX).strip("/"), body))
    except UnknownDistrictError as error:
        return _json(404, {"error": str(error)})
    except (AdminError, ChangeError, FaultError) as error:
        return _json(400, {"error": str(error)})
    except LookupError:
        return _json(404, {"error": f"there is no {method} {path}"})


def _routed(world: World, method: str, name: str, body: bytes) -> Any:
    return CALLS[method, name or "state"](world, body)


def _state(world: World, _body: bytes) -> Any:
    return world.state()


def _changes(_world: World, _body: bytes) -> Any:
    return {name: change.about for name, change in CHANGES.items()}


def _faults(world: World, _body: bytes) -> Any:
    return {"faults": world.faults.state(), "kinds": FAULTS}


def _heal(world: World, body: bytes) -> Any:
    return {"cleared": world.heal(_object(body).get("kind") if body else None)}


def _forget_requests(world: World, _body: bytes) -> Any:
    with world.lock:
        world.requests.clear()
    return world.state()


def _change(world: World, body: bytes) -> Any:
    asked = _object(body)
    name, district = asked.pop("change", None), asked.pop("district", None)
    if not isinstance(name, str):
        raise AdminError('name the change: {"change": "remove-school"}')
    return asdict(world.change(name, district, **asked))


def _fail(world: World, body: bytes) -> Any:
    asked = _object(body)
    kind = asked.pop("kind", None) or asked.pop("fault", None)
    if kind is None:
        raise AdminError('name the fault: {"kind": "429"}')
    if asked.get("district") is not None:
        asked["district"] = world.district(asked["district"]).id
    try:
        return asdict(world.fail(str(kind), **asked))
    except TypeError as error:
        takes = "times, path, after, district, seconds"
        raise AdminError(f"a fault takes: {takes}") from error


def _behave(world: World, body: bytes) -> Any:
    asked = _object(body)
    known = asdict(Behaviour())
    unknown = [key for key in asked if key not in known]
    if unknown:
        raise AdminError(
            f"no setting is called {', '.join(unknown)}; there are: {', '.join(known)}"
        )
    if asked.get("messages"):
        asked["messages"] = {int(status): text for status, text in asked["messages"].items()}
    with world.lock:
        world.behaviour = replace(world.behaviour, **asked)
    return {key: getattr(world.behaviour, key) for key in asked}


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = decode(body)
    except ValueError as error:
        raise AdminError(f"the body is no JSON: {error}") from error
    if not isinstance(read, dict):
        raise AdminError("the body must be a JSON object")
    return read


def _json(status: int, value: Any) -> Answer:
    return Answer(status, encode(value))


CALLS: dict[tuple[str, str], Callable[[World, bytes], Any]] = {
    ("GET", "state"): _state,
    ("GET", "changes"): _changes,
    ("POST", "changes"): _change,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _fail,
    ("DELETE", "faults"): _heal,
    ("POST", "behaviour"): _behave,
    ("DELETE", "requests"): _forget_requests,
}
