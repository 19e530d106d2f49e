"""Where a storm lives, and how it speaks."""

import sys
import tempfile
from pathlib import Path


def new_folder(seed: int) -> Path:
    """A folder that other accounts can reach, PostgreSQL's among them."""
    path = Path(tempfile.mkdtemp(prefix=f"rosterhold-chaos-{seed}-"))
    path.chmod(0o755)
    return path


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
