"""`rosterhold token`."""

import json

from rosterhold.adapters.database import tokens


def test_a_token_is_printed_once_listed_and_revoked(ready):
    made = ready("token", "create", "--name", "job", "--scope", "syncs:read", "--district", "c1")
    [listed] = json.loads(ready("token", "list", "--json").out)

    assert made.code == 0
    assert tokens.looks_right(made.out.strip())
    assert listed["scopes"] == ["syncs:read"]
    assert listed["token"] is None
    assert listed["district"]
    assert ready("token", "revoke", listed["id"]).code == 0
    assert json.loads(ready("token", "list", "--json").out)[0]["revoked_at"]


def test_what_cannot_be_made_is_said(ready):
    some = ("token", "create", "--name", "job", "--scope", "syncs:read")

    assert "--district or --all-districts" in ready(*some).err
    assert "no district" in ready(*some, "--district", "c9").err
    wrong = ready("token", "create", "--name", "job", "--scope", "all", "--all-districts")
    assert "'all' is not a scope" in wrong.err
    assert wrong.code == 2
    assert "no token" in ready("token", "revoke", "x").err
