"""Pages, limits, cursors and the links between pages."""

import pytest

from rosterhold.simulator.behaviour import Behaviour


def test_a_page_holds_a_hundred_records_by_default(clever):
    assert len(clever.get("/v3.0/users").ids) == 100


def test_following_next_gives_every_user_once_in_rising_order(clever, district):
    ids = [user["id"] for user in clever.all("/v3.0/users?limit=90")]
    assert ids == district.tables["users"].ids()


def test_the_first_page_has_self_and_next_only(clever):
    reply = clever.get("/v3.0/users?limit=25")
    assert reply.links == {
        "self": "/v3.0/users?limit=25",
        "next": f"/v3.0/users?limit=25&starting_after={reply.ids[-1]}",
    }


def test_a_later_page_has_self_prev_and_next(clever, district):
    first = district.tables["users"].ids()[24]
    reply = clever.get(f"/v3.0/users?starting_after={first}&limit=25")
    assert reply.links == {
        "self": f"/v3.0/users?limit=25&starting_after={first}",
        "prev": f"/v3.0/users?limit=25&ending_before={reply.ids[0]}",
        "next": f"/v3.0/users?limit=25&starting_after={reply.ids[-1]}",
    }


def test_the_last_page_has_no_next(clever, district):
    ids = district.tables["users"].ids()
    assert "next" not in clever.get(f"/v3.0/users?starting_after={ids[-3]}").links


def test_prev_of_a_page_with_nothing_before_leads_to_an_empty_list(clever):
    reply = clever.get("/v3.0/users?starting_after=000000000000000000000000")
    empty = clever.get(reply.links["prev"])
    assert (empty.status, empty.json["data"]) == (200, [])


def test_a_page_before_a_cursor_ends_just_below_it(clever, district):
    ids = district.tables["users"].ids()
    assert clever.get(f"/v3.0/users?limit=3&ending_before={ids[10]}").ids == ids[7:10]


def test_a_page_before_a_cursor_can_be_set_to_descend(serve, district):
    clever = serve(district, behaviour=Behaviour(ending_before_descending=True))
    ids = district.tables["users"].ids()
    assert clever.get(f"/v3.0/users?limit=3&ending_before={ids[10]}").ids == ids[9:6:-1]


def test_a_cursor_need_not_exist(clever, district):
    between = f"{int(district.tables['users'].ids()[0], 16) - 1:024x}"
    assert clever.get(f"/v3.0/users?starting_after={between}").status == 200


def test_links_keep_other_parameters_with_limit_first(clever):
    reply = clever.get("/v3.0/users?role=student&limit=5")
    assert reply.links["next"] == (
        f"/v3.0/users?limit=5&role=student&starting_after={reply.ids[-1]}"
    )


@pytest.mark.parametrize(
    ("limit", "status"),
    [("1", 200), ("10000", 200), ("10001", 413), ("0", 400), ("-1", 400), ("many", 400)],
)
def test_limit_is_judged_at_its_edges(clever, limit, status):
    assert clever.get(f"/v3.0/users?limit={limit}").status == status


def test_count_gives_the_number_without_data(clever, district):
    reply = clever.get("/v3.0/users?role=student&count=true")
    assert reply.json == {
        "count": district.counts()["student"],
        "links": [{"rel": "self", "uri": "/v3.0/users?role=student&count=true"}],
    }


def test_another_value_of_count_is_ignored(clever):
    assert len(clever.get("/v3.0/users?count=5").ids) == 100


def test_the_list_of_events_without_parameters_names_itself_with_a_question_mark(clever):
    assert clever.get("/v3.0/events").json == {
        "data": [],
        "links": [{"rel": "self", "uri": "/v3.0/events?"}],
    }
