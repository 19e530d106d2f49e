"""Whether Clever has what it had at an earlier full fetch: asked in a dozen small requests."""

import structlog

from rosterhold.adapters.clever import parts
from rosterhold.adapters.clever.client import CleverClient, Grant
from rosterhold.adapters.clever.columns import LISTINGS, Listing
from rosterhold.adapters.clever.errors import CleverError, NotFoundError, OutOfScopeError
from rosterhold.adapters.clever.outcome import DistrictFacts
from rosterhold.roster.snapshot import Manifest
from rosterhold.roster.store import SnapshotLostError, SnapshotStore

log = structlog.get_logger(__name__)


async def unchanged_since(
    client: CleverClient, store: SnapshotStore, prefix: str, clever_id: str
) -> DistrictFacts | None:
    """What Clever says of the district, if it has what an earlier fetch read.

    `last_sync` moves when the district's system syncs with Clever, but need not when another
    choice is shared with the app ("Data Changes and Rollover", "Pausing your SIS sync"). So every
    list has to be as long as it was, too.

    Args:
        client: of Clever.
        store: holds the earlier snapshot.
        prefix: of that snapshot.
        clever_id: the district's.

    Returns:
        None when anything is different, was not told, or cannot be asked.
    """
    try:
        before = parts.sealed(store, prefix)
        if before is None or not before.district.last_sync:
            return None
        grant = await client.token(clever_id)
        facts = DistrictFacts.of(await client.district(clever_id, grant))
        if facts.version != before.district.version:
            return None
        for listing in LISTINGS:
            if await _length(client, grant, listing) != _had(before.manifest, listing):
                log.info("last_sync did not move, but a list did", listing=listing.name)
                return None
    except (CleverError, SnapshotLostError) as error:
        log.info("it cannot be told whether Clever has anything new", why=str(error))
        return None
    return facts


async def _length(client: CleverClient, grant: Grant, listing: Listing) -> int:
    try:
        return await client.count(
            listing.path, {"role": listing.role} if listing.role else {}, grant
        )
    except (NotFoundError, OutOfScopeError):
        if not (listing.may_be_refused or listing.may_be_unknown):
            raise
        return 0


def _had(manifest: Manifest, listing: Listing) -> int:
    return manifest.counts[listing.name] + manifest.invalid_counts.get(listing.name, 0)
