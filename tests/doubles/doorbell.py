from collections import Counter
from collections.abc import Iterable

from doubles.mishaps import Mishaps
from rosterhold.adapters.database.outbox import Written as Message


class LooseDoorbell:
    """Keeps messages until somebody delivers them: in any order, late, twice, or never."""

    def __init__(self, mishaps: Mishaps) -> None:
        self._mishaps = mishaps
        self.waiting: list[Message] = []
        self.away = False
        self.rung = 0
        self._emptied = True

    def ring(self, work: Iterable[Message]) -> bool:
        messages = list(work)
        if not messages:
            return not self.away
        self._mishaps.point("before ringing", may_freeze=True)
        if self.away:
            return False
        self.rung += len(messages)
        self.waiting.extend(messages)
        return True

    def take(self, number: int, *, keep: bool = False) -> Message | None:
        """Some message that is on its way; it stays on its way as well when kept."""
        if not self.waiting:
            return None
        place = number % len(self.waiting)
        return self.waiting[place] if keep else self.waiting.pop(place)

    def busy(self) -> frozenset[str]:
        return frozenset() if self.away else frozenset(message.queue for message in self.waiting)

    def lengths(self) -> dict[str, int] | None:
        return None if self.away else dict(Counter(message.queue for message in self.waiting))

    def is_emptied(self) -> None:
        self.waiting.clear()
        self._emptied = True

    def was_emptied(self) -> bool:
        return self._emptied and not self.away

    def remember(self) -> None:
        self._emptied = False
