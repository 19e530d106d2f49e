"""Signatures of Standard Webhooks (standardwebhooks.com), both ways."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from standardwebhooks import Webhook, WebhookVerificationError


class NotGenuineError(Exception):
    """Raised when what came in is not signed with our secret, or not of this time."""


def signed_headers(secret: str, event_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that go with a body."""
    return {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body.decode()),
    }


def check_signature(secrets_: Sequence[str], headers: Mapping[str, str], body: bytes) -> str:
    """The id of a genuine message.

    Args:
        secrets_: any of them may have signed it, so that a secret can be replaced.
        headers: as they came.
        body: as it came.

    Raises:
        NotGenuineError: a header is missing, no signature fits, or it is five minutes off.
    """
    why = "there is no secret"
    for secret in secrets_:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except WebhookVerificationError as error:
            why = str(error)
        except ValueError:
            # What is no base64, no pair or no UTF-8; the library lets these pass through.
            why = "Invalid Signature Headers"
        else:
            return headers["webhook-id"]
    raise NotGenuineError(why)
