"""Signals as something to wait for."""

import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Self


class Signals:
    """From now on these signals are noted, and do nothing until somebody waits for them.

    The interpreter writes each as a byte to a pipe, so that one which comes just before the wait
    ends it too. Only for the main thread.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        for number in numbers:
            # The byte is written only for a signal that has a handler.
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def wait(self, seconds: float | None = None, *, also: int | None = None) -> list[int]:
        """Wait for a signal and give the numbers of those that came, in order.

        Args:
            seconds: at most; without end when None.
            also: a file descriptor; when it can be read, the wait ends too.
        """
        readers = [self._reader] if also is None else [self._reader, also]
        select.select(readers, [], [], seconds)
        try:
            return list(os.read(self._reader, 4096))
        except BlockingIOError:
            return []

    def close(self) -> None:
        """Forget them: for a process that was just forked and shares the pipe with its parent."""
        signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def held_back(numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """Let these signals come only after the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
