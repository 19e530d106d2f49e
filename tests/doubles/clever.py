"""Reading Clever without a network: what Clever gives is the town at that moment."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from doubles.clock import FIRST_DAY
from doubles.town import Shared, Town, shared
from rosterhold.adapters import layout
from rosterhold.adapters.clever import parts
from rosterhold.adapters.clever.outcome import CannotConnect, DistrictFacts, Fetched, cannot_connect
from rosterhold.adapters.manifests import read_manifest, write_manifest
from rosterhold.roster.snapshot import Manifest
from rosterhold.roster.store import SnapshotStore
from rosterhold.workers import fetch as fetch_module
from rosterhold.workers import unchanged as unchanged_module


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
        # What the district's own system had when it synced last, and how often it did.
        self._system = self._of_the_system()
        self._syncs = 0

    @contextmanager
    def stands_in(self) -> Iterator[None]:
        """The fetch step reads from here; its coroutine never waits, so no loop is needed."""
        names = ("fetch_snapshot", "clever_client", "asyncio")
        real = {name: getattr(fetch_module, name) for name in names}
        asks = unchanged_module.unchanged_since
        unchanged_module.unchanged_since = cast("Any", self.unchanged_since)
        fetch_module.fetch_snapshot = cast("Any", self.fetch_snapshot)
        fetch_module.clever_client = cast("Any", _nobody)
        fetch_module.asyncio = cast("Any", SimpleNamespace(run=_run))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(fetch_module, name, function)
            unchanged_module.unchanged_since = asks

    def _of_the_system(self) -> Town:
        """What is shared with the app is chosen in Clever, and moves no `last_sync`."""
        return replace(self.town, unshared=frozenset())

    def _facts(self, clever_id: str) -> DistrictFacts:
        if self._system != self._of_the_system():
            self._system, self._syncs = self._of_the_system(), self._syncs + 1
        last_sync = FIRST_DAY + timedelta(minutes=self._syncs)
        return DistrictFacts(clever_id, state="success", last_sync=last_sync.isoformat())

    async def unchanged_since(
        self, client: object, store: SnapshotStore, prefix: str, clever_id: str
    ) -> DistrictFacts | None:
        """As the real one: the same `last_sync`, and as many records of each kind."""
        self._may_surprise()
        facts, before = self._facts(clever_id), parts.facts(store, prefix)
        given = self.given[layout.manifest_ref(prefix)]
        if not (self.connected and self.reachable) or facts.version != before.version:
            return None
        return facts if _lengths(given) == _lengths(shared(self.town)) else None

    def _may_surprise(self) -> None:
        if self.surprises:
            self.surprises -= 1
            raise ClosedForRepairsError("somebody pulled the plug")

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
        self._may_surprise()
        if not self.reachable:
            return cannot_connect("unreachable", "nobody answered", permanent=False)
        facts = self._facts(clever_id)
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
        store.write_bytes(f"{prefix}/district.json", msgspec.json.encode(facts))
        write_manifest(store, ref, manifest)
        return Fetched(manifest, facts)


def _lengths(given: Shared) -> list[int]:
    return [*map(len, given.rows.values()), len(given.unreadable)]


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
