import pytest

from rosterhold.adapters.clever.errors import (
    BadAnswerError,
    CleverUnavailableError,
    NotFoundError,
    OutOfScopeError,
    PageTooLargeError,
    RateLimitedError,
    RefusedError,
    TokenRefusedError,
    error_of,
)
from rosterhold.adapters.clever.outcome import SENTENCES
from rosterhold.adapters.http import Answer


def test_an_answer_of_200_is_no_error():
    assert error_of(Answer(200, {}, b"{}")) is None


@pytest.mark.parametrize(
    ("status", "kind", "permanent"),
    [
        (302, BadAnswerError, False),
        (400, RefusedError, True),
        (401, TokenRefusedError, True),
        (402, OutOfScopeError, True),
        (403, OutOfScopeError, True),
        (404, NotFoundError, True),
        (413, PageTooLargeError, True),
        (429, RateLimitedError, False),
        (500, CleverUnavailableError, False),
        (501, RefusedError, True),
        (503, CleverUnavailableError, False),
        (599, CleverUnavailableError, False),
    ],
)
def test_each_status_is_what_clever_says_it_is(status, kind, permanent):
    error = error_of(Answer(status))
    assert type(error) is kind
    assert error.permanent is permanent
    assert error.code in SENTENCES


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message":"a","error":"b"}', "Clever said: a"),
        (b'{"error":"b"}', "Clever said: b"),
        (b'{"error":"","error_description":"c"}', "Clever said: c"),
        (b'{"message":{"x":1}}', 'Clever said: {"message":{"x":1}}'),
        (b"<pre>Cannot GET /v3.0/x</pre>", "Clever said: <pre>Cannot GET /v3.0/x</pre>"),
        (b"", "Clever gave an empty answer"),
        (b"\xff\xfe", "Clever said: \ufffd\ufffd"),
        (b"x" * 900, "Clever said: " + "x" * 200),
    ],
)
def test_the_message_is_clevers_own_wherever_it_stands(body, words):
    assert str(error_of(Answer(400, {}, body))) == f"{words} (HTTP 400)"


def test_the_name_of_the_request_is_kept_for_clevers_support():
    error = error_of(Answer(500, {"x-request-id": "r-1"}))
    assert error.request_id == "r-1"
    assert "request r-1" in str(error)


def test_404_that_names_the_scopes_is_a_missing_grant():
    body = b'{"message":"Resource not in token\'s scopes"}'
    assert type(error_of(Answer(404, {}, body))) is OutOfScopeError
