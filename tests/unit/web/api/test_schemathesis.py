"""Whatever a client may send: every address answers as the OpenAPI document says."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from doubles.tokens import new_token
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema

from rosterhold.adapters.database.tokens import Scope
from rosterhold.web.api import progress
from rosterhold.web.api.app import build
from rosterhold.web.api.documented import DISTRICT, SYNC, TOKEN
from tests.offices import Office, removal, students

CONFIG: dict[str, Any] = {
    "generation": {"max-examples": 8, "deterministic": True, "no-shrink": True},
    "seed": 1,
    "phases": {"stateful": {"enabled": False}},
}

BEYOND_SCHEMAS = ({("query", "cursor")}, {("body", "cron")}, {("body", "blackouts")})

_KEYS = count()


@schemathesis.hook
def before_call(_context: Any, case: schemathesis.Case, _kwargs: Any) -> None:
    # A key stands for one request; the examples of all requests say the same one.
    is_valid = case.meta is None or case.meta.generation.mode.is_positive
    if is_valid and "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = f"key-{next(_KEYS)}"


@pytest.fixture(scope="module")
def busy_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"))
    yield made
    made.database.dispose()


@pytest.fixture(scope="module")
def api(busy_office: Office) -> Any:
    """Its document, whose examples are what there is: a district with a sync on hold."""
    office = busy_office
    district = office.opens_district("Prairie")
    office.has_a_roster(district, schools=[{"clever_id": "sch1", "name": "Lincoln"}])
    office.completes(office.starts_sync(district))
    held, leaving = office.starts_sync(district), students(5)
    office.holds(held, [removal(leaving, 10)], leaving)
    text = json.dumps(build("").openapi())
    own = {
        DISTRICT: district,
        SYNC: held,
        TOKEN: new_token(office.database, Scope.ROSTER_READ).row.id,
    }
    for example, real in own.items():
        text = text.replace(example, real)
    schema = schemathesis.openapi.from_dict(
        json.loads(text), config=SchemathesisConfig.from_dict(CONFIG)
    )
    schema.app = office.app()
    schema.config.update(headers={"Authorization": f"Bearer {new_token(office.database).secret}"})
    return schema


def test_every_address_answers_as_documented(api: Any, monkeypatch: pytest.MonkeyPatch):
    # Nothing works here that would bring a running sync to an end: its stream is one look.
    monkeypatch.setattr(progress, "LONGEST_S", 0.0)
    wrong: list[str] = []
    asked: set[str] = set()
    for event in from_schema(api).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            wrong.append(str(event))
        elif isinstance(event, events.ScenarioFinished):
            wrong += failures_of(event)
            asked.add(event.recorder.label)

    assert not wrong, "\n\n".join(wrong)
    assert asked >= {
        f"{method.upper()} {path}"
        for path, methods in build("").openapi()["paths"].items()
        for method in methods
    }


def failures_of(event: events.ScenarioFinished) -> list[str]:
    recorder = event.recorder
    return [
        f"{recorder.label} ({event.phase.value}), {check.name}: {check.failure_info.failure}\n"
        f"{recorder.cases[case_id].value.as_curl_command()}"
        for case_id, checks in recorder.checks.items()
        for check in checks
        if check.failure_info is not None
        and not (
            check.name == "positive_data_acceptance"
            and is_beyond_schemas(recorder.interactions[case_id].response)
        )
    ]


def is_beyond_schemas(response: Response | None) -> bool:
    """Whether a request was refused for what no JSON schema can say.

    That is a cursor, which is opaque and of one list, and the days and times of a schedule.
    """
    faults = json.loads(response.content).get("errors", []) if response is not None else []
    names = {(fault["where"], fault["name"]) for fault in faults}
    return names in BEYOND_SCHEMAS
