"""Reading what a form, or another sender, sends."""

from typing import Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

LARGEST_BODY: Final = 64 * 1024
_MOST_FIELDS: Final = 20


async def body_of(request: Request) -> bytes:
    """The body of a request.

    Raises:
        HTTPException: 413 when it is larger than LARGEST_BODY.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413)
    return bytes(body)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form.

    Raises:
        HTTPException: 413 when it is larger than LARGEST_BODY, 400 when it is no form.
    """
    body = await body_of(request)
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise HTTPException(400) from error
