"""What can go wrong with Clever, as one tree.

CleverError
 ├─ TokenRefusedError          401: the district's token is no longer good
 ├─ CredentialsRefusedError    401 where the app's own id and secret were shown
 ├─ NotConnectedError          the district is not among those that granted the app
 ├─ OutOfScopeError            402, 403, or 404 saying so: not granted to the app
 ├─ NotFoundError              404: unknown, unshared, or the wrong kind of token
 ├─ PageTooLargeError          413: ask for fewer records
 ├─ RefusedError               any other 4xx and 501: asking again changes nothing
 ├─ RateLimitedError           429
 ├─ CleverUnavailableError     5xx, no connection, a cut answer
 ├─ BadAnswerError             an answer that is not what it should be
 └─ IncompleteFetchError       pages that cannot be proved to be all of a list

No message carries a token, a secret or a person's data.
"""

from typing import Final

import msgspec

from rosterhold.adapters.http import Answer

# Longest part of a raw answer that is shown, in characters.
SHOWN_TEXT: Final = 200
# Clever's words for data that the app was not granted ("API Responses and Error Messages").
OUT_OF_SCOPE_WORDS: Final = ("not in token's scopes", "out of scope", "insufficient scope")


class CleverError(Exception):
    """Base of everything that can go wrong with Clever.

    Attributes:
        status: HTTP status, 0 when there was no answer.
        request_id: Clever's name for the request, "" when unknown.
        where: the list that was being read, "" outside of one.
        permanent: whether asking again in a while would change nothing.
        code: a stable word for it, see `outcome.SENTENCES`.
    """

    code: str = "unreachable"
    permanent: bool = False

    def __init__(self, message: str, *, status: int = 0, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id
        self.where = ""

    def __str__(self) -> str:
        """The message, with what support at Clever asks for."""
        facts = [f"HTTP {self.status}"] * bool(self.status)
        facts += [f"request {self.request_id}"] * bool(self.request_id)
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.args[0]}" + (f" ({', '.join(facts)})" if facts else "")


class TokenRefusedError(CleverError):
    """Raised when Clever no longer takes a district's token."""

    code = "token_refused"
    permanent = True


class CredentialsRefusedError(CleverError):
    """Raised when Clever does not take the app's own client id and secret."""

    code = "credentials_refused"
    permanent = True


class NotConnectedError(CleverError):
    """Raised when a district is not among those that granted the app."""

    code = "not_connected"
    permanent = True


class OutOfScopeError(CleverError):
    """Raised when data were not granted to the app."""

    code = "out_of_scope"
    permanent = True


class NotFoundError(CleverError):
    """Raised for what Clever does not know or does not share."""

    code = "incomplete"
    permanent = True


class PageTooLargeError(CleverError):
    """Raised when a page was asked for with a limit that Clever does not allow."""

    code = "refused"
    permanent = True


class RefusedError(CleverError):
    """Raised when Clever refuses a request as such."""

    code = "refused"
    permanent = True


class RateLimitedError(CleverError):
    """Raised when the requests of the current minute are used up."""

    code = "rate_limited"


class CleverUnavailableError(CleverError):
    """Raised when Clever cannot be reached, or fails."""

    code = "unreachable"


class BadAnswerError(CleverError):
    """Raised when an answer is not what Clever's documentation says it is."""

    code = "bad_answer"


class IncompleteFetchError(CleverError):
    """Raised when the pages of a list cannot be proved to be all of it."""

    code = "incomplete"


_BY_STATUS: Final[dict[int, type[CleverError]]] = {
    401: TokenRefusedError,
    402: OutOfScopeError,
    403: OutOfScopeError,
    404: NotFoundError,
    413: PageTooLargeError,
    429: RateLimitedError,
    501: RefusedError,
}


def error_of(answer: Answer) -> CleverError | None:
    """What an answer means, None when it is good.

    The statuses are those of Clever, "API Responses and Error Messages"; 402 and 403 are not among
    them and are read as a refusal.
    """
    if answer.status == 200:  # noqa: PLR2004 - the status that means OK
        return None
    message = _message(answer)
    kind = _BY_STATUS.get(answer.status) or _by_class(answer.status)
    if kind is NotFoundError and any(word in message.lower() for word in OUT_OF_SCOPE_WORDS):
        kind = OutOfScopeError
    return kind(message, status=answer.status, request_id=answer.request_id)


def _by_class(status: int) -> type[CleverError]:
    if status >= 500:  # noqa: PLR2004 - server errors
        return CleverUnavailableError
    return RefusedError if status >= 400 else BadAnswerError  # noqa: PLR2004 - client errors


class _Body(msgspec.Struct):
    message: object = None
    error: object = None
    error_description: object = None


def _message(answer: Answer) -> str:
    """Clever's own words: `message`, `error` or `error_description`, else the text's beginning."""
    try:
        body = msgspec.json.decode(answer.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        body = _Body()
    for words in (body.message, body.error, body.error_description):
        if isinstance(words, str) and words:
            return f"Clever said: {words[:SHOWN_TEXT]}"
    raw = " ".join(answer.body[: 4 * SHOWN_TEXT].decode("utf-8", "replace").split())
    return f"Clever said: {raw[:SHOWN_TEXT]}" if raw else "Clever gave an empty answer"
