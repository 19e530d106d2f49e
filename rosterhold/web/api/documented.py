"""Parameters and responses that several addresses document alike."""

from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import Field

# Ids that the examples show.
DISTRICT: Final = "01K0ZBXV8T6K7WB8T4V7Q3N5ZD"
SYNC: Final = "01K0ZC6M5W3Q7W3ZJ0G1V3G5RB"
TOKEN: Final = "01K0ZC9N6Y4R8X4AK1H2W4H6SC"  # noqa: S105 - an id

_ULID: Final = r"^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$"

DistrictId = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z_-]{1,64}$",
        description="The district's id, ours or Clever's.",
        examples=[DISTRICT],
    ),
]
DistrictWord = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="The district's id, ours or Clever's."),
]
SyncId = Annotated[str, Path(pattern=_ULID, description="The sync's id.", examples=[SYNC])]
TokenId = Annotated[str, Path(pattern=_ULID, description="The token's id.", examples=[TOKEN])]


def tagged(**statuses: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """The responses of something that is read: with an entity tag."""
    tag = {"ETag": {"description": "Names this answer.", "schema": {"type": "string"}}}
    return {
        200: {"headers": tag},
        304: {"description": "Nothing has changed since `If-None-Match`.", "headers": tag},
        **{int(status.removeprefix("of_")): said for status, said in statuses.items()},
    }
