"""A network line between two machines, which can hang: neither broken nor bringing anything."""

import contextlib
import socket
import threading
import time

CHUNK = 65_536


class Line:
    """Forwards connections on a port of its own to another port of loopback.

    Args:
        port: where to.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._flows = threading.Event()
        self._flows.set()
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self._accept, name="line", daemon=True).start()

    def stop(self) -> None:
        self._flows.set()
        self._listener.close()
        self.cut()

    def hang(self, seconds: float, *, then_cut: bool) -> None:
        """Bring nothing for a while; then all that was sent meanwhile, or nothing ever."""
        self._flows.clear()
        time.sleep(seconds)
        if then_cut:
            self.cut()
        self._flows.set()

    def cut(self) -> None:
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                here.close()
                continue
            with self._lock:
                self._ends |= {here, there}
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(CHUNK):
                self._flows.wait()
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ends -= {one, other}
        one.close()
