import json

import pytest

from rosterhold.adapters.clever.columns import LISTINGS, json_array
from rosterhold.adapters.clever.errors import BadAnswerError

LISTS = {listing.name: listing for listing in LISTINGS}


def page(*records, links=()):
    elements = [{"data": record, "uri": "/v3.0/x/from-uri"} for record in records]
    return json.dumps({"data": elements, "links": list(links)}).encode()


def rows(kind, *records):
    return LISTS[kind].read(page(*records)).rows.rows(named=True)


def student(**role):
    return {"id": "c1", "name": {"last": "B"}, "roles": {"student": role}}


@pytest.mark.parametrize("missing", ["", None, "absent"])
def test_empty_null_and_absent_all_mean_missing(missing):
    names = ("sis_id", "dob", "grade", "school", "schools", "credentials")
    role = {} if missing == "absent" else dict.fromkeys(names, missing)
    person = student(**role) | ({} if missing == "absent" else {"name": missing, "email": missing})
    if missing == "absent":
        del person["name"]
    (row,) = rows("students", person)
    assert row["school_clever_ids"] == "[]"
    assert {
        value for name, value in row.items() if name not in {"clever_id", "school_clever_ids"}
    } == {""}


@pytest.mark.parametrize(
    ("dob", "stored"),
    [
        ("2/11/2007", "2007-02-11"),
        ("12/31/1999", "1999-12-31"),
        ("02/01/2010", "2010-02-01"),
        ("2007-02-11", "2007-02-11"),
        ("2/30/2007", "2/30/2007"),
        ("2/11/07", "2/11/07"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_a_day_of_birth_becomes_iso_and_any_other_text_is_kept(dob, stored):
    (row,) = rows("students", student(dob=dob))
    assert row["dob"] == stored


def test_ids_of_schools_are_sorted_and_there_once():
    (row,) = rows("students", student(school="s2", schools=["s3", "s2", "s1", "s3", None, ""]))
    assert row["school_clever_ids"] == '["s1","s2","s3"]'
    assert row["school_clever_id"] == "s2"


def test_without_a_primary_school_the_first_by_id_stands_for_it():
    (row,) = rows("students", student(schools=["s3", "s1"]))
    assert row["school_clever_id"] == "s1"


def test_the_days_of_a_term_are_cut_from_instants():
    term = {
        "id": "t1",
        "name": "Fall",
        "start_date": "2026-08-01T00:00:00.000Z",
        "end_date": "2026-12-20",
    }
    (row,) = rows("terms", term)
    assert (row["start_date"], row["end_date"]) == ("2026-08-01", "2026-12-20")


def test_the_primary_teacher_is_one_of_the_teachers():
    (row,) = rows("sections", {"id": "f", "school": "s", "teacher": "t2", "teachers": ["t1"]})
    assert (row["teacher_clever_id"], row["teacher_clever_ids"]) == ("t2", '["t1","t2"]')


def test_a_word_outside_the_enumeration_is_no_error():
    (row,) = rows("students", student(grade="Grade Zero", gender="?"))
    assert (row["grade"], row["invalid_reason"]) == ("Grade Zero", "")


def test_unknown_fields_are_skipped():
    (row,) = rows("students", student(home_language=["en"], sis_id="7") | {"lms_status": 5})
    assert (row["sis_id"], row["invalid_reason"]) == ("7", "")


def test_a_character_no_database_stores_is_left_out():
    (row,) = rows("students", student(sis_id="a\0b"))
    assert row["sis_id"] == "ab"


def test_a_backslash_before_a_zero_is_kept():
    (row,) = rows("students", student(sis_id="a\\u0000b"))
    assert row["sis_id"] == "a\\u0000b"


def test_half_a_character_does_not_spoil_the_page():
    body = page(student(sis_id="x")).replace(b'"x"', b'"\\ud800"')
    (row,) = LISTS["students"].read(body).rows.rows(named=True)
    assert row["sis_id"] == "?"


def test_bytes_that_are_not_utf8_set_one_record_aside():
    body = page(student(sis_id="x"), student() | {"id": "c2"}).replace(b'"x"', b'"\xff"')
    part = LISTS["students"].read(body)
    assert part.rows["invalid_reason"].to_list() == [
        "",
        "the record holds bytes that are not UTF-8",
    ]
    assert part.rows["clever_id"].to_list() == ["c2", "c1"]


@pytest.mark.parametrize(
    ("record", "clever_id", "reason"),
    [
        ([], "from-uri", "data: Expected `object`, got `array`"),
        ("Jo May", "from-uri", "data: Expected `object`, got `str`"),
        ({"roles": {"student": {}}}, "from-uri", "data: Object missing required field `id`"),
        (student() | {"id": 7}, "from-uri", "data.id: Expected `str`, got `int`"),
        (student() | {"id": ""}, "from-uri", "data.id: Expected `str` of length >= 1"),
        (student() | {"name": "Jo May"}, "c1", "data.name: Expected an object or a list, got text"),
        (student() | {"roles": None}, "c1", "data.roles: Expected `object`, got `null`"),
        (
            student() | {"roles": {"teacher": {}}},
            "c1",
            "data.roles: Object missing required field `student`",
        ),
        (
            student(schools="Jo"),
            "c1",
            "data.roles.student.schools: Expected an object or a list, got text",
        ),
        (
            student(schools=["s", 4]),
            "c1",
            "data.roles.student.schools[1]: Expected `str | null`, got `int`",
        ),
    ],
)
def test_an_invalid_record_is_named_with_the_field_and_never_with_a_value(
    record, clever_id, reason
):
    (row,) = rows("students", record)
    assert (row["clever_id"], row["invalid_reason"]) == (clever_id, reason)


def test_ids_are_told_in_the_order_they_came_also_of_invalid_records():
    part = LISTS["schools"].read(page({"id": "a"}, {"id": "b", "name": 1}, {"id": "c"}))
    assert part.ids == ["a", "b", "c"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>secret</html>",
        b'{"resources":[]}',
        b'{"data":[]}',
        b'{"data":{},"links":[]}',
        b'{"data":[],"links":[',
        b"[]",
        b'{"data":[],"links":"x"}',
        b'{"data":["\\ud800',
    ],
)
def test_what_is_no_page_of_a_list_is_refused_without_its_words(body):
    with pytest.raises(BadAnswerError) as refused:
        LISTS["students"].read(body)
    assert "secret" not in str(refused.value)


def test_the_next_link_is_found_whatever_the_order():
    links = [{"rel": "next", "uri": "/v3.0/x?starting_after=a"}, {"rel": "self", "uri": "/v3.0/x"}]
    assert LISTS["schools"].read(page(links=links)).next_uri == "/v3.0/x?starting_after=a"


def test_json_arrays_hold_distinct_texts():
    assert json_array(("b", None, 'a"', "", "b")) == '["a\\"","b"]'


def test_every_list_fills_exactly_the_columns_of_its_kind():
    for listing in LISTINGS:
        rows = listing.nothing().rows
        assert set(listing.kind.all_columns) <= set(rows.columns)
