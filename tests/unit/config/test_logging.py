import json
import logging

import pytest
import structlog

from rosterhold.config.logging import bound, configure, redact


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configured = structlog.get_config()
    yield
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.configure(**configured)


def masked(**event):
    return redact(None, "info", event)


@pytest.mark.parametrize(
    "key",
    [
        "name",
        "first_name",
        "district_name",
        "email",
        "recipient",
        "phone",
        "ticket",
        "access_token",
    ],
)
def test_private_keys_are_masked(key):
    assert masked(**{key: "anything"}) == {key: "[masked]"}


@pytest.mark.parametrize("key", ["district", "sync", "state", "message", "event", "actor_name"])
def test_ids_and_names_of_things_stay(key):
    assert masked(**{key: "01JABC"}) == {key: "01JABC"}


@pytest.mark.parametrize(
    "text",
    [
        "refused ada@example.org",
        "Authorization: Bearer abcdef123456",
        "GET /report?ticket=abc123",
        "GET /enter/abc123.def?next=/syncs/1",
        "redis://me:hunter2@127.0.0.1 is away",
        "called (555) 123-4567",
        "eyJhbGciOi.eyJzdWIi.abc",
    ],
)
def test_what_looks_private_is_masked_inside_a_text(text):
    said = masked(event=text)["event"]
    assert "masked" in said
    for private in ("ada@", "abcdef", "abc123", "hunter2", "123-4567", "eyJ"):
        assert private not in said


def test_masking_reaches_into_lists_and_objects():
    assert masked(error={"to": ["ada@example.org"], "phone": 5}) == {
        "error": {"to": ["[masked mail]"], "phone": "[masked]"}
    }


def test_ids_times_and_counts_are_left_as_they_are():
    event = {"sync": "01K5ZV7Q3S8M6T9XWB4N2C1D0E", "at": "2025-01-02T03:04:05.678Z", "records": 10}
    assert masked(**event) == event


def test_a_line_of_json_carries_what_is_bound(capsys):
    configure("json")
    with bound(district="D1", sync="S1"):
        structlog.get_logger("rosterhold.test").info("fetched", records=3)
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "fetched"
    assert (line["district"], line["sync"], line["records"]) == ("D1", "S1", 3)
    assert line["level"] == "info"


def test_the_standard_library_goes_the_same_way_and_is_masked(capsys):
    configure("json")
    with bound(sync="S1"):
        logging.getLogger("some.library").warning("refused %s", "ada@example.org")
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "refused [masked mail]"
    assert line["sync"] == "S1"


def test_a_traceback_is_masked(capsys):
    configure("console")
    try:
        int("ada@example.org")
    except ValueError:
        structlog.get_logger().exception("broken")
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "ada@" not in said


def test_libraries_that_tell_every_request_are_quiet(capsys):
    configure("console")
    logging.getLogger("httpx").info("HTTP Request: GET …")
    assert capsys.readouterr().err == ""


def test_of_a_queue_that_is_away_one_consumer_is_heard_once_a_minute(capsys):
    configure("console")
    for queue in ("urgent", "nightly", "email"):
        consumer = logging.getLogger(f"dramatiq.worker.ConsumerThread({queue})")
        consumer.critical("Consumer encountered a connection error: %s", "refused")
        consumer.critical("Consumer encountered an unexpected error.")
    said = capsys.readouterr().err
    assert said.count("connection error") == 1
    assert said.count("unexpected error") == 3


def test_standard_output_stays_free(capsys):
    configure("console")
    structlog.get_logger().info("said")
    said = capsys.readouterr()
    assert said.out == ""
    assert "said" in said.err
