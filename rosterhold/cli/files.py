"""Files that a command writes: whole, or not there."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rosterhold.cli.output import CliError


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """A draft beside the file, which takes its place when the block ends well.

    Raises:
        CliError: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # What is exported is about people: nobody else reads it.
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield draft
        draft.replace(path)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
