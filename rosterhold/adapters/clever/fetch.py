"""Fetching one district: every list to its end, proved complete, sealed as a snapshot."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from rosterhold.adapters.clever import feed, parts
from rosterhold.adapters.clever.client import CleverClient, Grant
from rosterhold.adapters.clever.columns import LISTINGS, Listing, Part
from rosterhold.adapters.clever.errors import (
    CleverError,
    CredentialsRefusedError,
    IncompleteFetchError,
    NotConnectedError,
    NotFoundError,
    OutOfScopeError,
)
from rosterhold.adapters.clever.outcome import (
    CannotConnect,
    DistrictFacts,
    Fetched,
    cannot_connect,
)
from rosterhold.adapters.clever.paging import Place, read_list
from rosterhold.adapters.clever.parts import Begin, Reached
from rosterhold.adapters.clever.seal import is_empty, seal
from rosterhold.adapters.clever.threads import in_thread
from rosterhold.roster.store import SnapshotStore

# The first reading, and again up to three times when the data moved meanwhile.
MAX_READINGS: Final = 4
# Sharing may change without `last_sync`, so an older beginning is not gone on with.
RESUME_WITHIN_S: Final = 6 * 3600.0

_LOG: Final = structlog.get_logger(__name__)


async def fetch_snapshot(
    client: CleverClient,
    store: SnapshotStore,
    prefix: str,
    clever_id: str,
    *,
    had: Mapping[str, int],
    on_page: Callable[[str, int], None],
    followed: bool = False,
) -> Fetched | CannotConnect:
    """Read a whole district from Clever into the snapshot store.

    Called again with the same prefix, it goes on from the last page kept; once it succeeded, it
    gives the same snapshot again without asking Clever.

    Args:
        client: of Clever.
        store: holds the pages and the snapshot.
        prefix: of everything this fetch writes.
        clever_id: the district's.
        had: kind name → records in the baseline; a kind that had some may not be refused.
        on_page: told, after each page that was kept, the kind and how many of its records were
            read so far, also by an earlier call. What it raises ends the fetch; the pages stay
            for the next call.
        followed: whether events are to follow the snapshot: it then says after which one, if
            Clever gives them.

    Raises:
        SnapshotStoreError: the store cannot be written.
        ValueError: the id is none that Clever gives.
    """
    earlier = parts.finished(store, prefix)
    if earlier is not None:
        return earlier
    try:
        grant = await client.token(clever_id)
    except CleverError as error:
        return _explained(await _cause(client, clever_id, error))
    fetching = _Fetch(client, store, prefix, grant, had, on_page, followed)
    outcome = await fetching.come_to()
    return replace(outcome, district=fetching.facts) if fetching.facts is not None else outcome


@dataclass
class _Fetch:
    """One fetch; `facts` is what Clever said of the district last."""

    client: CleverClient
    store: SnapshotStore
    prefix: str
    grant: Grant
    had: Mapping[str, int]
    on_page: Callable[[str, int], None]
    followed: bool
    facts: DistrictFacts | None = None

    async def come_to(self) -> Fetched | CannotConnect:
        try:
            return await self._run()
        except IncompleteFetchError as error:
            # A page that was kept may be the wrong one.
            self.store.delete_tree(self.prefix)
            return _explained(error)
        except CleverError as error:
            return _explained(await _cause(self.client, self.grant.district_clever_id, error))

    async def _run(self) -> Fetched | CannotConnect:
        facts = await self._facts()
        reading = await self._begin(facts)
        while reading.reading <= MAX_READINGS:
            await _together(self._list(listing) for listing in LISTINGS)
            facts = await self._facts()
            if facts.version == reading.version:
                return await self._sealed(facts, reading)
            _LOG.info("fetch.district_moved", prefix=self.prefix, reading=reading.reading)
            reading = await self._begin(facts)
        self.store.delete_tree(self.prefix)
        return cannot_connect(
            "moving", f"last_sync moved during {MAX_READINGS} readings", permanent=False
        )

    async def _begin(self, facts: DistrictFacts) -> Begin:
        """Go on with what an earlier run kept, if the district's data are still the same."""
        now = self.client.now()
        begun = parts.begun(self.store, self.prefix)
        fresh = begun is not None and now - begun.began_at < RESUME_WITHIN_S
        if begun is not None and fresh and begun.version == facts.version:
            return begun
        reading = begun.reading + 1 if begun is not None and fresh else 1
        beginning = Begin(facts.version, reading, now, await self._newest_event())
        parts.begin(self.store, self.prefix, beginning)
        return beginning

    async def _newest_event(self) -> str:
        """Read before anything else: what happens from here on is in the lists, or told after it.

        An empty feed may be one that is switched off, so nothing follows it.
        """
        if not self.followed:
            return ""
        try:
            newest = await feed.newest(self.client, self.grant)
        except (CleverError, feed.DoubtError) as error:
            _LOG.warning("fetch.no_events", prefix=self.prefix, why=str(error))
            return ""
        return newest.id if newest is not None else ""

    async def _facts(self) -> DistrictFacts:
        district_id = self.grant.district_clever_id
        try:
            self.facts = DistrictFacts.of(await self.client.district(district_id, self.grant))
        except NotFoundError as error:
            raise NotConnectedError(
                "Clever does not show the district to the app",
                status=error.status,
                request_id=error.request_id,
            ) from error
        return self.facts

    async def _list(self, listing: Listing) -> None:
        records = parts.records_kept(self.store, self.prefix, listing)

        async def ask(cursor: str) -> Part:
            params = {"role": listing.role, "starting_after": cursor}
            given = {name: value for name, value in params.items() if value}
            try:
                return await self.client.page(listing.path, given, self.grant, listing.read)
            except (NotFoundError, OutOfScopeError) as error:
                if cursor or not self._may_lack(listing, error):
                    raise
                return listing.nothing()

        async def keep(part: Part, place: Place) -> None:
            nonlocal records
            ref = parts.part_ref(self.prefix, listing, place)
            await in_thread(self.store.write, ref, part.rows)
            records += part.rows.height
            self.on_page(listing.name, records)

        reached = parts.place_reached(self.store, self.prefix, listing)
        try:
            await read_list(listing.path, reached, ask, keep)
        except CleverError as error:
            error.where = listing.name
            raise

    def _may_lack(self, listing: Listing, error: CleverError) -> bool:
        """Whether a refused list is taken for an empty one: never where there were records."""
        if self.had.get(listing.name, 0):
            return False
        if isinstance(error, OutOfScopeError):
            return listing.may_be_refused or listing.may_be_unknown
        return listing.may_be_unknown

    async def _sealed(self, facts: DistrictFacts, reading: Begin) -> Fetched | CannotConnect:
        refs = parts.part_refs(self.store, self.prefix)
        manifest = await in_thread(seal, self.store, self.prefix, refs)
        if is_empty(manifest):
            self.store.delete_tree(self.prefix)
            return cannot_connect(
                "nothing_shared", "no school and no user in any list", permanent=True
            )
        fetched = Fetched(manifest, facts)
        reached = Reached(reading.event_id, reading.began_at) if reading.event_id else None
        parts.finish(self.store, self.prefix, fetched, reached)
        return fetched


async def _together(works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run side by side; the first that fails ends the others, and none is left running."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _cause(client: CleverClient, clever_id: str, error: CleverError) -> CleverError:
    """A refusal's own cause: a district that is gone from the token list is not connected."""
    if not error.permanent or isinstance(error, (NotConnectedError, CredentialsRefusedError)):
        return error
    try:
        await client.token(clever_id)
    except NotConnectedError as gone:
        gone.where = error.where
        return gone
    except CleverError:
        return error
    return error


def _explained(error: CleverError) -> CannotConnect:
    return cannot_connect(error.code, str(error), permanent=error.permanent)
