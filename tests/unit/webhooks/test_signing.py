from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from rosterhold.adapters.sealing import SealBrokenError, Sealing
from rosterhold.adapters.webhooks.secret import check_secret, new_secret
from rosterhold.adapters.webhooks.signing import NotGenuineError, check_signature, signed_headers

BODY = b'{"type":"sync.held"}'


def now() -> datetime:
    return datetime.now(UTC)


def test_what_we_sign_the_public_verifier_takes():
    secret = new_secret()
    headers = signed_headers(secret, "01EVENT", now(), BODY)
    assert Webhook(secret).verify(BODY, headers) == {"type": "sync.held"}


def test_a_genuine_message_gives_its_id_with_any_of_the_secrets():
    old, new = new_secret(), new_secret()
    headers = signed_headers(old, "01EVENT", now(), BODY)
    assert check_signature([new, old], headers, BODY) == "01EVENT"


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": ""},
        {"webhook-id": "01OTHER"},
        {"webhook-timestamp": "yesterday"},
        {"webhook-timestamp": "nan"},
    ],
)
def test_a_changed_message_is_refused(change):
    secret = new_secret()
    headers = {**signed_headers(secret, "01EVENT", now(), BODY), **change}
    with pytest.raises(NotGenuineError):
        check_signature([secret], headers, BODY)


@pytest.mark.parametrize("body", [b'{"type":"sync.failed"}', b"", b"\xff\xfe"])
def test_another_body_is_refused(body):
    secret = new_secret()
    headers = signed_headers(secret, "01EVENT", now(), BODY)
    with pytest.raises(NotGenuineError):
        check_signature([secret], headers, body)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_of_another_time_is_refused(minutes):
    secret = new_secret()
    headers = signed_headers(secret, "01EVENT", now() + timedelta(minutes=minutes), BODY)
    with pytest.raises(NotGenuineError):
        check_signature([secret], headers, BODY)


def test_without_a_secret_nothing_is_genuine():
    with pytest.raises(NotGenuineError):
        check_signature([], {}, BODY)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "secret", "whsec_***"])
def test_what_is_no_secret_is_refused_without_being_told(secret):
    with pytest.raises(ValueError, match="24 to 64 bytes") as refusal:
        check_secret(secret)
    assert not secret or secret not in str(refusal.value) or secret == "whsec_"


def test_a_new_secret_is_one():
    assert check_secret(new_secret()).startswith("whsec_")


def test_what_was_sealed_with_an_older_key_opens_and_with_a_foreign_one_does_not():
    sealed = Sealing(["old"]).seal("whsec_x")
    assert "whsec_x" not in sealed
    assert Sealing(["new", "old"]).open(sealed) == "whsec_x"
    with pytest.raises(SealBrokenError):
        Sealing(["new"]).open(sealed)
