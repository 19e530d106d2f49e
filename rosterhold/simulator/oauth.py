"""The token calls of the OAuth host."""

import base64
import binascii
from urllib.parse import parse_qsl

from rosterhold.simulator.answers import Answer, error_answer, no_such_path
from rosterhold.simulator.records import encode
from rosterhold.simulator.world import World


def answer(world: World, method: str, path: str, query: str, authorization: str) -> Answer:
    """Answer a call below `/oauth`; unlike data calls, it has no rate window."""
    if method == "GET" and path == "/oauth/tokens":
        return _tokens(world, query, authorization)
    if method == "GET" and path == "/oauth/tokeninfo":
        return _tokeninfo(world, authorization)
    return no_such_path(method, path)


def _tokens(world: World, query: str, authorization: str) -> Answer:
    behaviour = world.behaviour
    if not is_app(world, authorization):
        return error_answer(behaviour.wrong_secret_status, behaviour)
    parameters = dict(parse_qsl(query))
    owner, district = parameters.get("owner_type"), parameters.get("district")
    if owner not in {None, "district"} or (owner is None and district is None):
        return error_answer(400, behaviour, "owner_type must be district")
    data = [
        {
            "id": grant.id,
            "created": grant.created,
            "owner": {"type": "district", "id": grant.district},
            "access_token": grant.token,
            "scopes": grant.scopes,
        }
        for grant in world.grants(district)
    ]
    links = [{"rel": "self", "uri": f"/oauth/tokens?{query}"}]
    return Answer(200, encode({"data": data, "links": links}))


def _tokeninfo(world: World, authorization: str) -> Answer:
    scheme, _, token = authorization.partition(" ")
    district = world.district_of_token(token) if scheme.lower() == "bearer" else None
    if district is None:
        return error_answer(world.behaviour.revoked_status, world.behaviour)
    info = {"client_id": world.client_id, "scopes": world.scopes_of(district)}
    return Answer(200, encode(info))


def is_app(world: World, authorization: str) -> bool:
    scheme, _, code = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(code, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return given == f"{world.client_id}:{world.client_secret}"
