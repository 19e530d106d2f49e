"""`rosterhold account`."""

import pytest


def test_the_first_operator_gets_a_link(ready):
    said = ready("account", "add", "Ada@Example.org", "--role", "operator")

    assert said.code == 0
    assert said.out.startswith("http://127.0.0.1:8800/enter/")
    assert "ada@example.org is operator now" in said.err


def test_accounts_are_listed_and_a_role_can_be_changed(ready):
    ready("account", "add", "ada@example.org", "--role", "operator")
    ready("account", "add", "ada@example.org", "--role", "support")

    (account,) = ready("account", "list", "--json").document
    assert (account["email"], account["role"]) == ("ada@example.org", "support")
    assert "support" in ready("account", "list").out


def test_without_accounts_the_list_says_how_to_add_one(ready):
    assert "account add" in ready("account", "list").out


def test_a_disabled_account_gets_no_link_and_can_be_added_again(ready):
    ready("account", "add", "ada@example.org", "--role", "operator")

    assert ready("account", "disable", "ada@example.org").code == 0
    assert ready("account", "link", "ada@example.org").is_one_line_error
    assert ready("account", "disable", "ada@example.org").is_one_line_error
    assert ready("account", "add", "ada@example.org", "--role", "operator").code == 0
    assert ready("account", "link", "ada@example.org").code == 0


def test_an_administrator_gets_a_link_where_a_mail_does_not_arrive(ready):
    said = ready("account", "link", "office@example.org", "--page", "/syncs/X")

    assert "/enter/" in said.out


@pytest.mark.parametrize(
    "words",
    [
        ("add", "ada@example.org", "--role", "district_admin"),
        ("add", "ada@example.org", "--role", "king"),
        ("add", "no address", "--role", "operator"),
        ("add", "a@example.org,b@example.org", "--role", "operator"),
        ("link", "nobody@example.org"),
        ("link", "office@example.org", "--page", "//evil.example"),
        ("disable", "nobody@example.org"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(ready, words):
    assert ready("account", *words).is_one_line_error
