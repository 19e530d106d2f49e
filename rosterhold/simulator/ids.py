"""Clever ids: 24 lower-case hex digits that rise in the order of making."""


class IdSequence:
    """Gives ids one above the other, the first one just above `last`."""

    def __init__(self, last: str) -> None:
        self._last = int(last, 16)

    def next(self) -> str:
        self._last += 1
        return f"{self._last:024x}"

    def follow(self, identifier: str) -> None:
        """Make sure every later id is above `identifier`."""
        self._last = max(self._last, int(identifier, 16))
