"""The fetch step without a network: what Clever gives is the town at that moment."""

from doubles.memory_store import MemorySnapshots
from doubles.town import Shared, Town, shared
from rosterhold.adapters import layout
from rosterhold.adapters.clever.outcome import CannotConnect, DistrictFacts, Fetched, cannot_connect
from rosterhold.adapters.database import claims
from rosterhold.adapters.database.claims import Claim
from rosterhold.adapters.database.transitions import SyncRow
from rosterhold.adapters.manifests import read_manifest, write_manifest
from rosterhold.config.wiring import Services
from rosterhold.roster.snapshot import Manifest
from rosterhold.workers.fetch import _hold, _keep
from rosterhold.workers.step import Follow


class ClosedForRepairsError(Exception):
    """Raised for a surprise on the way to Clever; another try may help."""


class TownClever:
    """Clever as the town sees it; remembers what each snapshot was made of."""

    def __init__(self, store: MemorySnapshots) -> None:
        self._store = store
        self.town = Town()
        self.connected = True
        self.surprises = 0
        self.given: dict[str, Shared] = {}

    def fetch(self, services: Services, claim: Claim, sync: SyncRow) -> Follow:
        prefix = layout.fetch_prefix(sync.district_id, sync.id, sync.fetch_no)
        outcome = self._read(claim.district_id, prefix)
        with services.database.transaction() as tx:
            claims.settle(tx, claim)
            if isinstance(outcome, Fetched):
                _keep(tx, sync, outcome)
            else:
                _hold(tx, sync, outcome)
            return tuple(tx.work)

    def _read(self, district_id: str, prefix: str) -> Fetched | CannotConnect:
        if self.surprises:
            self.surprises -= 1
            raise ClosedForRepairsError("somebody pulled the plug")
        facts = DistrictFacts(clever_id=district_id, state="success")
        ref = layout.manifest_ref(prefix)
        if self._store.exists(ref):
            manifest = read_manifest(self._store, ref)
            assert manifest is not None
            return Fetched(manifest, facts)
        given = shared(self.town)
        if not self.connected or not given.rows["schools"]:
            return cannot_connect("token_refused", "the token was refused", permanent=True)
        return Fetched(self._write(prefix, given), facts)

    def _write(self, prefix: str, given: Shared) -> Manifest:
        """Write the files under a name of their own; the manifest makes them the snapshot."""
        frames = given.frames()
        own = f"{prefix}/reading-{len(self._store.list(prefix))}"
        files = {name: f"{own}/{name}.parquet" for name in frames}
        for name, frame in frames.items():
            self._store.write(files[name], frame)
        self._store.write(f"{own}/invalid.parquet", given.invalid())
        manifest = Manifest(
            files,
            {name: frame.height for name, frame in frames.items()},
            f"{own}/invalid.parquet",
            {"students": len(given.unreadable)} if given.unreadable else {},
        )
        ref = layout.manifest_ref(prefix)
        earlier = read_manifest(self._store, ref) if self._store.exists(ref) else None
        if earlier is not None:
            return earlier
        self.given[ref] = given
        write_manifest(self._store, ref, manifest)
        return manifest
