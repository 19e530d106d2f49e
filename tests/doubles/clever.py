"""Reading Clever without a network: what Clever gives is the town at that moment."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any, cast

from doubles.town import Shared, Town, shared
from rosterhold.adapters import layout
from rosterhold.adapters.clever.outcome import CannotConnect, DistrictFacts, Fetched, cannot_connect
from rosterhold.adapters.manifests import read_manifest, write_manifest
from rosterhold.roster.snapshot import Manifest
from rosterhold.roster.store import SnapshotStore
from rosterhold.workers import fetch as fetch_module


class ClosedForRepairsError(Exception):
    """Raised for a surprise on the way to Clever; another try may help."""


class TownClever:
    """Clever as the town sees it; remembers what each snapshot was made of."""

    def __init__(self) -> None:
        self.town = Town()
        self.connected = True
        self.reachable = True
        self.surprises = 0
        self.given: dict[str, Shared] = {}

    @contextmanager
    def stands_in(self) -> Iterator[None]:
        """The fetch step reads from here; its coroutine never waits, so no loop is needed."""
        names = ("fetch_snapshot", "clever_client", "asyncio")
        real = {name: getattr(fetch_module, name) for name in names}
        fetch_module.fetch_snapshot = cast("Any", self.fetch_snapshot)
        fetch_module.clever_client = cast("Any", _nobody)
        fetch_module.asyncio = cast("Any", SimpleNamespace(run=_run))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(fetch_module, name, function)

    async def fetch_snapshot(
        self,
        client: object,
        store: SnapshotStore,
        prefix: str,
        clever_id: str,
        *,
        had: Mapping[str, int],
        on_page: Callable[[str, int], None],
        followed: bool = False,
    ) -> Fetched | CannotConnect:
        """As the real one: called again with the same prefix, it gives the same snapshot.

        Nobody follows the town by events.
        """
        assert not followed
        if self.surprises:
            self.surprises -= 1
            raise ClosedForRepairsError("somebody pulled the plug")
        if not self.reachable:
            return cannot_connect("unreachable", "nobody answered", permanent=False)
        facts = DistrictFacts(clever_id=clever_id, state="success")
        ref = layout.manifest_ref(prefix)
        if store.exists(ref):
            return Fetched(cast("Manifest", read_manifest(store, ref)), facts)
        given = shared(self.town)
        if not self.connected or not given.rows["schools"]:
            return cannot_connect("token_refused", "the token was refused", permanent=True)
        store.write_bytes(f"{prefix}/begin.json", b"{}")
        on_page("students", len(given.rows["students"]))
        manifest = _write(store, prefix, given)
        self.given[ref] = given
        write_manifest(store, ref, manifest)
        return Fetched(manifest, facts)


def _write(store: SnapshotStore, prefix: str, given: Shared) -> Manifest:
    frames = given.frames()
    files = {name: f"{prefix}/{name}.parquet" for name in frames}
    for name, frame in frames.items():
        store.write(files[name], frame)
    store.write(f"{prefix}/invalid.parquet", given.invalid())
    return Manifest(
        files,
        {name: frame.height for name, frame in frames.items()},
        f"{prefix}/invalid.parquet",
        {"students": len(given.unreadable)} if given.unreadable else {},
    )


@asynccontextmanager
async def _nobody(services: object) -> AsyncIterator[None]:
    del services
    yield


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("nothing here waits for a network")
