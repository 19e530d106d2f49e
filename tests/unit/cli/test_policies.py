import pytest

from rosterhold.cli.output import CliError
from rosterhold.cli.policies import changed


def test_a_share_is_a_number_or_a_percentage():
    assert changed({}, ["max_removed_share=0.2"]) == {"max_removed_share": 0.2}
    assert changed({}, ["max_removed_share=20%"]) == {"max_removed_share": 0.2}


def test_a_count_is_a_whole_number_and_a_list_has_commas():
    assert changed({}, ["max_removed_people=7", "held_contact_types=Emergency, Other"]) == {
        "max_removed_people": 7,
        "held_contact_types": ["Emergency", "Other"],
    }


def test_other_settings_stay_and_default_takes_one_back():
    own = {"max_removed_people": 7, "min_removed_records": 3}
    assert changed(own, ["max_removed_people=default"]) == {"min_removed_records": 3}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("max_removed_share", "KEY=VALUE"),
        ("max_removed_share=", "KEY=VALUE"),
        ("max_removd_share=1", "there is no limit 'max_removd_share'"),
        ("max_removed_share=1.5", "share from 0 to 1"),
        ("max_removed_share=nan", "share from 0 to 1"),
        ("max_removed_share=ten", "share from 0 to 1"),
        ("max_removed_people=-1", "whole number"),
        ("max_removed_people=1.5", "whole number"),
    ],
)
def test_what_is_no_limit_is_refused(word, said):
    with pytest.raises(CliError, match=said):
        changed({}, [word])
