"""What this machine has: keys, room on its disks, and a snapshot store."""

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rosterhold.adapters.snapshots import SnapshotStoreError
from rosterhold.cli.examine.answer import Answer, UnfitError
from rosterhold.cli.session import sqlite_file
from rosterhold.config.settings import KEY_FILE, Settings
from rosterhold.config.wiring import Services
from rosterhold.roster.store import SnapshotLostError

SHORT_KEY: Final = 16
GIB: Final = 2**30
LITTLE_ROOM: Final = 1 * GIB


def settings(services: Services) -> Answer:
    given = services.settings
    warnings = []
    if any(len(key) < SHORT_KEY for key in given.secret_keys):
        warnings.append(f"a key of ROSTERHOLD_SECRET_KEYS is shorter than {SHORT_KEY} characters")
    if sqlite_file(given.database_url) is None and _is_of_the_file(given):
        warnings.append(
            f"ROSTERHOLD_SECRET_KEYS is not set: the key lies in {KEY_FILE.resolve()}, and another "
            "machine makes itself another one, so that links of one are refused by the other"
        )
    return Answer("readable", tuple(warnings))


def _is_of_the_file(given: Settings) -> bool:
    return KEY_FILE.exists() and (KEY_FILE.read_text().strip(),) == given.secret_keys


def snapshots(services: Services) -> Answer:
    """Write a file, read it, and delete it."""
    probe = f"check-{secrets.token_hex(8)}"
    content = secrets.token_bytes(16)
    try:
        services.store.write_bytes(f"{probe}/written", content)
        read = services.store.read_bytes(f"{probe}/written")
        services.store.delete_tree(probe)
    except (SnapshotStoreError, SnapshotLostError) as error:
        raise UnfitError(str(error)) from error
    if read != content:
        raise UnfitError("the snapshot store gives back other bytes than were written")
    return Answer(services.settings.snapshots)


def disk(services: Services) -> Answer:
    """Room in the folders that grow."""
    free = {name: shutil.disk_usage(folder).free for name, folder in _folders(services.settings)}
    if not free:
        return Answer("nothing is kept on this machine")
    warnings = [
        f"only {_gib(room)} are free for the {name}; what does not fit is refused, and the sync "
        "tried again"
        for name, room in free.items()
        if room < LITTLE_ROOM
    ]
    return Answer(
        ", ".join(f"{name}: {_gib(room)} free" for name, room in free.items()), tuple(warnings)
    )


def _folders(given: Settings) -> Iterator[tuple[str, Path]]:
    file = sqlite_file(given.database_url)
    if file is not None:
        yield "database", _that_exists(file.resolve().parent)
    if "://" not in given.snapshots:
        yield "snapshots", _that_exists(Path(given.snapshots).resolve())
    if given.smtp_url is None:
        yield "mails", _that_exists(Path(given.mail_folder).resolve())


def _that_exists(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
