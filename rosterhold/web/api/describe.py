"""Writes the OpenAPI document into the documentation: `python -m rosterhold.web.api.describe`."""

import json
import sys
from pathlib import Path

from rosterhold.web.api.app import build


def document() -> str:
    """The document of an installation at the root of its host."""
    return json.dumps(build("").openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
