"""What a secret of Standard Webhooks looks like (standardwebhooks.com)."""

import base64
import binascii
import secrets
from typing import Final

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how such a secret begins
# The specification asks for 24 to 64 bytes.
SECRET_BYTES: Final = range(24, 65)


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES.start)).decode()


def check_secret(secret: str) -> str:
    """The secret itself.

    Raises:
        ValueError: it is none; the text never holds it.
    """
    encoded = secret.removeprefix(SECRET_PREFIX)
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith(SECRET_PREFIX) or len(raw) not in SECRET_BYTES:
        raise ValueError(
            f"must be {SECRET_PREFIX} and {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1} bytes "
            "in base64"
        )
    return secret
