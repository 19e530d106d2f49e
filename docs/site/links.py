"""For the documentation site: links out of docs/ lead to the repository."""

import re
from typing import Any, Final

REPOSITORY: Final = "https://github.com/rosterhold/rosterhold/blob/main/"
_OUTWARD: Final = re.compile(r"\]\((?:\.\./)+(?!docs/)([^)]+)\)")


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Called by mkdocs with the text of each page."""
    depth = page.file.src_uri.count("/")

    def outward(link: re.Match[str]) -> str:
        climbs = link.group(0).count("../")
        return f"]({REPOSITORY}{link.group(1)})" if climbs > depth else link.group(0)

    return _OUTWARD.sub(outward, markdown)
