"""Secrets at rest: sealed with the newest key, opened with any."""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealBrokenError(Exception):
    """Raised when something was sealed with a key that is not among ours any more."""


class Sealing:
    """Seals texts.

    Args:
        keys: secrets, newest first; at least one.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises SealBrokenError when none of the keys fits."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise SealBrokenError(
                "a secret was sealed with a key that is not among ROSTERHOLD_SECRET_KEYS"
            ) from error


def _derived(key: str) -> bytes:
    """A Fernet key from a secret of any length; it signs elsewhere, so it is not used itself."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"rosterhold.sealing")
    return base64.urlsafe_b64encode(kdf.derive(key.encode()))
