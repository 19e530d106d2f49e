"""Clever's demo district as a whole: a hold of each reason, and the way out of each."""

from rosterhold.statemachine.decisions import Action, Refused

WHOLE = {
    "students": 1004,
    "contacts": 1002,
    "teachers": 89,
    "district_admins": 3,
    "sections": 378,
    "enrolments": 8954,
    "schools": 5,
}
BIGGEST_SCHOOL = "5a25ff950a5f621109000004"


def whole(roster):
    return {kind: roster[kind] for kind in WHOLE}


def test_it_syncs_whole(demo_town):
    sync = demo_town.sync()
    assert sync.state == "completed"
    assert {kind: sync.counts[kind]["total"] for kind in WHOLE} == WHOLE
    assert whole(demo_town.roster()) == WHOLE


def test_an_unshared_school_is_held_and_nothing_is_removed_before_somebody_confirms(demo_town):
    demo_town.sync()
    demo_town.clever_changes("remove-school", school=BIGGEST_SCHOOL)
    held = demo_town.sync()
    assert held.state == "on_hold.data_removals"
    assert whole(demo_town.roster()) == WHOLE
    hold = demo_town.hold(held.id)
    assert "school_removed" in {finding.rule for finding in hold.findings}
    done = demo_town.decide(held.id, Action.CONFIRM, hold.digest)
    assert done.state == "completed"
    assert done.receipt["removed"] > 0
    assert demo_town.roster()["schools"] == 4
    assert demo_town.mails() == ["hold_opened", "hold_resolved"]


def test_removals_that_were_a_mistake_are_gone_after_checking_again(demo_town):
    demo_town.sync()
    demo_town.clever_changes("remove-school", school=BIGGEST_SCHOOL)
    held = demo_town.sync()
    demo_town.clever_changes("restore")
    done = demo_town.decide(held.id, Action.CHECK_AGAIN)
    assert done.state == "completed"
    assert whole(demo_town.roster()) == WHOLE


def test_checking_again_while_nothing_changed_keeps_the_hold_its_age_and_its_one_mail(demo_town):
    demo_town.sync()
    demo_town.clever_changes("remove-school", school=BIGGEST_SCHOOL)
    held = demo_town.sync()
    before = demo_town.hold(held.id)
    again = demo_town.decide(held.id, Action.CHECK_AGAIN)
    after = demo_town.hold(held.id)
    assert again.state == "on_hold.data_removals"
    assert (after.opened_at, after.digest) == (before.opened_at, before.digest)
    assert demo_town.mails() == ["hold_opened"]


def test_a_confirmation_of_another_page_is_refused_and_changes_nothing(demo_town):
    demo_town.sync()
    demo_town.clever_changes("remove-school", school=BIGGEST_SCHOOL)
    held = demo_town.sync()
    refused = demo_town.try_to_decide(held.id, Action.CONFIRM, "0" * 64)
    assert isinstance(refused, Refused)
    assert refused.code == "outdated"
    assert demo_town.rest(held.id).version == held.version


def test_what_was_confirmed_does_not_cover_what_goes_afterwards(demo_town):
    demo_town.sync()
    demo_town.clever_changes("remove-students", share=0.2)
    held = demo_town.sync()
    digest = demo_town.hold(held.id).digest
    demo_town.clever_changes("remove-students", share=0.3)
    again = demo_town.decide(held.id, Action.CONFIRM, digest)
    assert again.state == "on_hold.data_removals"
    assert demo_town.roster()["students"] == WHOLE["students"]
    done = demo_town.decide(held.id, Action.CONFIRM, demo_town.hold(held.id).digest)
    assert done.state == "completed"


def test_emergency_contacts_are_held_and_can_be_left_out_from_then_on(demo_town):
    demo_town.clever_changes("emergency-contacts", count=20)
    held = demo_town.sync()
    assert held.state == "on_hold.data_configuration"
    assert {finding.rule for finding in demo_town.hold(held.id).findings} == {"contact_types"}
    done = demo_town.decide(held.id, Action.LEAVE_OUT)
    assert done.state == "completed"
    assert demo_town.roster()["contacts"] == WHOLE["contacts"] - 20
    assert demo_town.sync().state == "completed"


def test_many_guardians_are_held_and_can_be_accepted_as_they_are(demo_town):
    demo_town.clever_changes("many-guardians", students=3)
    held = demo_town.sync()
    assert held.state == "on_hold.data_configuration"
    done = demo_town.decide(held.id, Action.ACCEPT, demo_town.hold(held.id).digest)
    assert done.state == "completed"
    assert demo_town.sync().state == "completed"


def test_configuration_that_was_mended_is_gone_after_checking_again(demo_town):
    demo_town.clever_changes("emergency-contacts", count=20)
    held = demo_town.sync()
    demo_town.clever_changes("undo")
    assert demo_town.decide(held.id, Action.CHECK_AGAIN).state == "completed"


def test_a_revoked_token_is_held_until_somebody_fixed_it(demo_town):
    demo_town.sync()
    demo_town.clever_changes("revoke")
    held = demo_town.sync()
    assert held.state == "on_hold.disconnected"
    assert whole(demo_town.roster()) == WHOLE
    still = demo_town.decide(held.id, Action.FIXED)
    assert still.state == "on_hold.disconnected"
    demo_town.clever_changes("connect")
    assert demo_town.decide(held.id, Action.FIXED).state == "completed"


def test_everything_unshared_is_a_lost_connection_and_no_removal(demo_town):
    demo_town.sync()
    demo_town.clever_changes("unshare-everything")
    assert demo_town.sync().state == "on_hold.disconnected"
    assert whole(demo_town.roster()) == WHOLE
