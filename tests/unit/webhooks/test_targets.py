import pytest

from rosterhold.adapters.webhooks.targets import TargetRefusedError, check_url, public_address

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::ffff:10.0.0.1",
    "fe80::1",
    "fd00::1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address):
    with pytest.raises(TargetRefusedError, match="not public"):
        public_address(address, 443, private_allowed=False)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe"])
def test_a_public_address_is_taken_as_it_is(address):
    assert public_address(address, 443, private_allowed=False) == address


def test_a_name_of_this_machine_is_refused_unless_it_is_allowed():
    with pytest.raises(TargetRefusedError):
        public_address("localhost", 443, private_allowed=False)
    assert public_address("localhost", 443, private_allowed=True) in {"127.0.0.1", "::1"}


def test_a_name_that_leads_nowhere_is_refused():
    with pytest.raises(TargetRefusedError, match="leads nowhere"):
        public_address("nowhere.invalid", 443, private_allowed=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hooks",
        "ftp://example.org/",
        "https://",
        "https://user:word@example.org/",
        "https://example.org/#part",
        "https://example.org:99999/",
        "https://[::1/",
        "https://exa mple.org/",
        "https://bücher.example/",
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_what_is_no_address_of_an_endpoint_is_refused(url):
    with pytest.raises(TargetRefusedError):
        check_url(url, private_allowed=False)


def test_an_endpoint_has_a_host_and_a_port():
    assert check_url("https://example.org/hooks", private_allowed=False) == ("example.org", 443)
    assert check_url("http://127.0.0.1:8080/", private_allowed=True) == ("127.0.0.1", 8080)
