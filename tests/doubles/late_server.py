"""A server that is away until it is there: a port of loopback that leads to a real one."""

import socket
import threading
from contextlib import suppress


class LateServer:
    """Refuses every connection until `comes`, then leads each to the server it stands for.

    Args:
        family: of the socket of the server it stands for.
        address: where that one listens: a path, or host and port.
    """

    def __init__(self, family: socket.AddressFamily, address: object) -> None:
        self._family = family
        self._address = address
        # Bound but not listening: nobody else takes the port, and who connects is refused.
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def comes(self) -> None:
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def goes(self) -> None:
        # A thread that waits for a connection is not woken by closing alone.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self._listener.accept()
                host = socket.socket(self._family)
                host.connect(self._address)
                for one, other in ((guest, host), (host, guest)):
                    threading.Thread(target=_lead, args=(one, other), daemon=True).start()


def _lead(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while content := one.recv(65_536):
            other.sendall(content)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
