"""What a spreadsheet makes of a cell: a formula that it runs, unless the cell is neutralised."""

from typing import Final

# A spreadsheet runs a cell that begins with one of these (OWASP, CSV Injection).
STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
# With this before it, the cell is text.
QUOTE: Final = "'"


def neutral(text: str) -> str:
    """The text as a cell that is not run."""
    return f"{QUOTE}{text}" if text.startswith(STARTS) else text
