"""Where the files of a sync lie in the snapshot store."""

from rosterhold.statemachine.reasons import Reason


def sync_prefix(district_id: str, sync_id: str) -> str:
    """Below it lies everything of a sync."""
    return f"{district_id}/{sync_id}"


def sync_of(ref: str) -> str:
    """The id of the sync that a reference is of."""
    return ref.split("/")[1]


def fetch_prefix(district_id: str, sync_id: str, fetch_no: int) -> str:
    """Below it lies everything one complete fetch gave: a Parquet file a kind, a manifest."""
    return f"{district_id}/{sync_id}/fetch-{fetch_no}"


def manifest_ref(prefix: str) -> str:
    return f"{prefix}/manifest.json"


def fetched_at(manifest: str) -> str:
    """The prefix of the fetch whose manifest this is."""
    return manifest.removesuffix("/manifest.json")


def evaluation_prefix(district_id: str, sync_id: str, evaluation_no: int) -> str:
    return f"{district_id}/{sync_id}/evaluation-{evaluation_no}"


def changes_ref(prefix: str, kind: str) -> str:
    """The change set of one kind."""
    return f"{prefix}/changes/{kind}.parquet"


def kept_ref(prefix: str, kind: str) -> str:
    """The rows of a kind as the roster will be, where that is not the snapshot's own file."""
    return f"{prefix}/target/{kind}.parquet"


def target_ref(prefix: str) -> str:
    """The manifest of what the roster will be."""
    return f"{prefix}/target.json"


def evaluated_at(target: str) -> str:
    """The prefix of the evaluation whose target's manifest this is."""
    return target.removesuffix("/target.json")


def settings_ref(prefix: str) -> str:
    """The digest of the settings that the target was made by."""
    return f"{prefix}/settings.txt"


def subjects_ref(prefix: str, reason: Reason) -> str:
    """The records that the findings of one reason are about."""
    return f"{prefix}/subjects/{reason.value}.parquet"


def named_ref(prefix: str) -> str:
    """The records of each finding by itself; written when there are findings."""
    return f"{prefix}/subjects/by_finding.parquet"


def accepted_ref(prefix: str) -> str:
    """What the district accepted, under today's ids: stored when the evaluation is applied."""
    return f"{prefix}/accepted.parquet"


def removed_ref(prefix: str) -> str:
    """What would be removed, one row a record, as the sync report shows it."""
    return f"{prefix}/removed.parquet"
