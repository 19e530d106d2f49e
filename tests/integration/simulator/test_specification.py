"""Answers against Clever's own description of its API, and the real demo district."""

import json

import jsonschema
import pytest
import yaml

from rosterhold.simulator.files import load_district


def converted(node):
    """Turn definitions of Swagger 2 into JSON Schema: `x-nullable` allows null."""
    if isinstance(node, list):
        return [converted(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: converted(value) for key, value in node.items() if key != "x-nullable"}
    return {"anyOf": [schema, {"type": "null"}]} if node.get("x-nullable") is True else schema


@pytest.fixture(scope="module")
def specification(shared):
    text = (shared / "clever/specs/v3.0.yml").read_text()
    read = yaml.safe_load(text)
    return {"definitions": converted(read["definitions"]), "paths": read["paths"]}


def check(specification, name, answer):
    schema = {"$ref": f"#/definitions/{name}", "definitions": specification["definitions"]}
    jsonschema.Draft4Validator(schema).validate(answer)


@pytest.mark.parametrize("kind", ["districts", "schools", "terms", "courses", "sections", "users"])
def test_lists_are_as_described(clever, specification, kind):
    answer = clever.get(f"/v3.0/{kind}?limit=10000").json
    assert answer["data"]
    check(specification, f"{kind.capitalize()}Response", answer)


@pytest.mark.parametrize("kind", ["schools", "terms", "courses", "sections", "users"])
def test_single_records_are_as_described(clever, specification, district, kind):
    for identifier in district.tables[kind].ids()[:5]:
        answer = clever.get(f"/v3.0/{kind}/{identifier}").json
        check(specification, f"{kind.capitalize()[:-1]}Response", answer)


def test_every_described_path_is_served(clever, specification, district):
    ids = {kind: district.tables[kind].ids()[0] for kind in district.tables}
    ids |= {"districts": district.id, "users": district.ids_of("student")[0]}
    for path in specification["paths"]:
        kind = path.split("/")[1]
        if kind == "resources" and "{id}" in path:
            continue
        asked = path.replace("{id}", ids.get(kind, ""))
        assert clever.get(f"/v3.0{asked}").status == 200, asked


def test_no_field_is_sent_that_is_not_described_but_the_recorded_ones(clever, specification):
    described = specification["definitions"]["Student"]["properties"]
    users = clever.get("/v3.0/users?role=student&limit=1000").json["data"]
    sent = {key for user in users for key in user["data"]["roles"]["student"]}
    assert sent - set(described) == {"email"}


def test_the_demo_district_is_served_whole(serve, shared):
    clever = serve(load_district(shared / "clever/demo-district"))
    users = clever.all("/v3.0/users?limit=500")
    roles = [role for user in users for role in user["roles"]]
    assert {role: roles.count(role) for role in sorted(set(roles))} == {
        "contact": 1002,
        "district_admin": 3,
        "student": 1004,
        "teacher": 89,
    }
    assert len(clever.all("/v3.0/sections")) == 378


def test_the_demo_district_goes_out_as_it_was_recorded(serve, shared):
    folder = shared / "clever/demo-district"
    recorded = json.loads((folder / "users.json").read_text())
    answer = serve(load_district(folder)).get("/v3.0/users?limit=10000").json
    by_id = {item["data"]["id"]: item for item in recorded["data"]}
    assert answer == {
        "data": [by_id[identifier] for identifier in sorted(by_id)],
        "links": recorded["links"],
    }
