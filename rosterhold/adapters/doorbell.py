"""The port to the message queue: after a commit, say that there is work. A hint, nothing more."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from rosterhold.adapters.database.outbox import Written


class Doorbell(Protocol):
    """Sends a message for each piece of work."""

    def ring(self, work: Iterable[Written]) -> bool:
        """Send the messages and say whether they are on their way.

        Never raises for a queue that is away: the sweep sends again what nobody did.
        """
        ...

    def busy(self) -> frozenset[str]:
        """The queues that hold messages now; none while they cannot be asked."""
        ...

    def lengths(self) -> Mapping[str, int] | None:
        """Queue → messages that lie in it; None while the queues cannot be asked."""
        ...

    def was_emptied(self) -> bool:
        """Whether the messages sent before `remember` are gone; False while the queue is away."""
        ...

    def remember(self) -> None:
        """From now on, notice when the queue is emptied."""
        ...


class SilentDoorbell:
    """For a process that has no queue: whoever sweeps the outbox finds the work."""

    def ring(self, work: Iterable[Written]) -> bool:
        del work
        return False

    def busy(self) -> frozenset[str]:
        return frozenset()

    def lengths(self) -> Mapping[str, int] | None:
        return {}

    def was_emptied(self) -> bool:
        return False

    def remember(self) -> None:
        pass
