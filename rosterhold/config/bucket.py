"""Addresses of a place in S3-compatible storage."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

SCHEME: Final = "s3"
EXAMPLE: Final = "s3://bucket/prefix?endpoint=https://storage.example.org"

_OPTIONS: Final = frozenset({"endpoint", "region"})
# Amazon S3 User Guide, General purpose bucket naming rules; older buckets have capitals and "_".
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where in a bucket the snapshots lie.

    Attributes:
        prefix: without a slash at either end; "" for the bucket's own root.
        endpoint: the storage service; None for what AWS_ENDPOINT_URL says, else Amazon.
        region: None for what AWS_REGION says.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None


def bucket_address(raw: str) -> BucketAddress:
    """Read ``s3://bucket/prefix?endpoint=…&region=…``.

    Raises:
        ValueError: it cannot be used; the text goes on from the name of its setting.
    """
    try:
        parts = urlsplit(raw)
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise ValueError(f"must be an address such as {EXAMPLE}") from error
    named = dict(options)
    if "@" in parts.netloc or any("key" in name or "token" in name for name in named):
        raise ValueError(
            "must not carry credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if parts.scheme != SCHEME or parts.fragment or not _BUCKET.fullmatch(parts.netloc):
        raise ValueError(f"must be an address such as {EXAMPLE}")
    if not named.keys() <= _OPTIONS or len(named) < len(options) or not all(named.values()):
        raise ValueError("takes only endpoint= and region= after the question mark, each once")
    folders = [part for part in parts.path.split("/") if part]
    if any(part in {".", ".."} for part in folders):
        raise ValueError("must not have . or .. in its prefix")
    return BucketAddress(
        parts.netloc, "/".join(folders), _endpoint(named.get("endpoint")), named.get("region")
    )


def _endpoint(raw: str | None) -> str | None:
    if raw is None:
        return None
    try:
        parts = urlsplit(raw)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must have an endpoint such as https://storage.example.org")
    return raw.rstrip("/")
