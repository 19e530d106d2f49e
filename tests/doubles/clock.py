from datetime import UTC, datetime, timedelta

FIRST_DAY = datetime(2026, 9, 1, 6, tzinfo=UTC)


class Clock:
    """A time that passes only when somebody lets it."""

    def __init__(self, now: datetime = FIRST_DAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
