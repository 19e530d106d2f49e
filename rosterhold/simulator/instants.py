"""Instants as Clever writes them: UTC with milliseconds and a Z."""

from datetime import UTC, datetime


def instant(moment: datetime) -> str:
    """Write an aware moment as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z"
    )


def moment(text: str) -> datetime:
    """Read what `instant` wrote, or any ISO 8601 date.

    Raises:
        ValueError: the text is no date.
    """
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
