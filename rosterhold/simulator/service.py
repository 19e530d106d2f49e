"""One request from its line to its answer: token, rate window, fault, data."""

import secrets
from dataclasses import dataclass

from rosterhold.simulator import dataapi, login, oauth
from rosterhold.simulator.answers import Answer, error_answer, html_answer, no_such_path
from rosterhold.simulator.faults import STATUS_FAULTS, Fault
from rosterhold.simulator.ratelimit import Allowance
from rosterhold.simulator.world import World


@dataclass(frozen=True)
class Incoming:
    """A request as it came: `path` and `query` undecoded, `host` with the scheme before it."""

    method: str
    path: str
    query: str
    authorization: str
    body: bytes = b""
    host: str = ""


@dataclass(frozen=True)
class Served:
    """The answer, and the fault that struck it, if one did."""

    answer: Answer
    fault: Fault | None = None


def serve(world: World, request: Incoming) -> Served:
    """Answer a call of the data API or the OAuth host, and count it."""
    with world.lock:
        served = _oauth(world, request) if _is_oauth(request) else _data(world, request)
        world.requests.note(request.path, served.answer.status)
    return served


def _is_oauth(request: Incoming) -> bool:
    return request.path.startswith(("/oauth", "/.well-known/"))


def _oauth(world: World, request: Incoming) -> Served:
    fault = world.faults.strike(request.path, None)
    spoiled = _instead(world, request, fault)
    if spoiled is None:
        spoiled = _login(world, request)
    if spoiled is None:
        spoiled = oauth.answer(
            world, request.method, request.path, request.query, request.authorization
        )
    spoiled.cut = fault is not None and fault.kind == "cut-body"
    return Served(spoiled, fault)


def _login(world: World, request: Incoming) -> Answer | None:
    """What belongs to logging in people; None for the token calls of apps."""
    logins, now = world.logins, world.clock()
    match request.method, request.path:
        case "GET", "/.well-known/openid-configuration":
            return login.discovery(request.host, request.host)
        case "GET", "/oauth/certs":
            return login.certificates(logins)
        case "GET", "/oauth/authorize":
            every = list(world.districts.values())
            return login.authorize(logins, every, world.client_id, request.query, now)
        case "POST", "/oauth/tokens":
            if not oauth.is_app(world, request.authorization):
                return error_answer(world.behaviour.wrong_secret_status, world.behaviour)
            return login.exchange(logins, request.host, request.body, now)
    return None


def _data(world: World, request: Incoming) -> Served:
    scheme, _, token = request.authorization.partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    allowance = world.take_request(token)
    if token in world.logins.tokens and allowance.passed:
        home, user = world.logins.tokens[token]
        own = login.of_person(home, user, request.path, world.behaviour)
        own.headers |= _headers(world, request, allowance)
        return Served(own)
    district = world.district_of_token(token)
    name = None if district is None else district.id
    version = request.path.split("/")[1]
    lists = version in dataapi.VERSIONS and dataapi.is_list_path(request.path)
    fault = None
    if allowance.passed:
        fault = world.faults.strike(
            request.path, name, page=lists, later="starting_after=" in request.query
        )
    answer = _refused(world, request, allowance) or _instead(world, request, fault)
    if answer is None and district is None:
        answer = error_answer(world.behaviour.revoked_status, world.behaviour)
    elif answer is None and district is not None:
        if fault is not None and fault.kind in {"moving", "missing-between-pages"}:
            world.touch(district)
        ahead = world.faults.expects("repeat-page", request.path, name)
        answer = dataapi.answer(
            dataapi.DataRequest(
                district,
                world.behaviour,
                request.path,
                request.query,
                world.clock(),
                fault,
                repeat_ahead=ahead,
            )
        )
    assert answer is not None  # noqa: S101 - one of the branches above gave it
    if fault is not None and fault.kind == "429":
        allowance = _used_up(world, token, allowance, fault)
    answer.headers |= _headers(world, request, allowance)
    answer.cut = fault is not None and fault.kind == "cut-body"
    return Served(answer, fault)


def _refused(world: World, request: Incoming, allowance: Allowance) -> Answer | None:
    if not allowance.passed:
        return _over_limit()
    if request.method != "GET":
        return error_answer(501, world.behaviour)
    if request.path.split("/")[1] not in dataapi.VERSIONS:
        return no_such_path(request.method, request.path)
    return None


def _instead(world: World, request: Incoming, fault: Fault | None) -> Answer | None:
    """Give the answer that a fault puts in place of the true one."""
    if fault is None:
        return None
    if fault.kind in STATUS_FAULTS:
        return error_answer(STATUS_FAULTS[fault.kind], world.behaviour)
    match fault.kind:
        case "404-html":
            return no_such_path(request.method, request.path)
        case "html-200":
            return html_answer(200, "Clever is being maintained. Please try again later.")
        case "429":
            return _over_limit()
    return None


def _over_limit() -> Answer:
    return Answer(429, b"", content_type=None)


def _used_up(world: World, token: str, allowance: Allowance, fault: Fault) -> Allowance:
    reset = allowance.reset
    if fault.seconds is not None:
        ends = world.clock() + fault.seconds
        world.windows.close(token, ends=ends)
        reset = round(ends)
    return Allowance(passed=False, limit=allowance.limit, remaining=0, reset=reset)


def _headers(world: World, request: Incoming, allowance: Allowance) -> dict[str, str]:
    behaviour = world.behaviour
    headers = allowance.headers(multi_bucket=behaviour.multi_bucket_headers)
    if behaviour.retry_after and not allowance.passed:
        headers["Retry-After"] = str(max(0, allowance.reset - int(world.clock())))
    of_events = "/events" in request.path
    headers["clever-request-id" if of_events else "x-request-id"] = secrets.token_hex(16)
    return headers
