"""The data API: what each path answers for the district of a token."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import parse_qsl

from rosterhold.simulator.answers import (
    Answer,
    error_answer,
    links_json,
    list_answer,
    no_such_path,
    one_answer,
)
from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.district import District
from rosterhold.simulator.eventfeed import event_answer, events_answer
from rosterhold.simulator.faults import Fault
from rosterhold.simulator.paging import (
    Page,
    PageRequest,
    PageRequestError,
    cut_page,
    read_page_request,
)
from rosterhold.simulator.records import ROLES, decode, encode, section_place, user_place, window
from rosterhold.simulator.rendering import rendered, reshapes
from rosterhold.simulator.resources import LISTS, SUB_LISTS, SUB_ONES, WITH_RESOURCES, links_of

VERSIONS = ("v3.0", "v3.1")


@dataclass(frozen=True)
class DataRequest:
    """One call of the data API; `path` includes the version, `query` is undecoded."""

    district: District
    behaviour: Behaviour
    path: str
    query: str
    now: float
    fault: Fault | None = None
    repeat_ahead: bool = False

    @property
    def version(self) -> str:
        return self.path.split("/")[1]

    @property
    def parts(self) -> list[str]:
        return [part for part in self.path.split("/")[2:] if part]

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        return dict(self.parameters).get(name)

    def uri(self, kind: str, identifier: str) -> str:
        return f"/{self.version}/{kind}/{identifier}"


def is_list_path(path: str) -> bool:
    """Tell whether a path of the data API is one that pages."""
    parts = [part for part in path.split("/")[2:] if part]
    if len(parts) == 1:
        return parts[0] in {*LISTS, "events"}
    return len(parts) == 3 and (parts[0], parts[2].lower()) in SUB_LISTS  # noqa: PLR2004


def answer(request: DataRequest) -> Answer:
    """Answer a call whose token is good."""
    try:
        return _routed(request)
    except PageRequestError as error:
        return error_answer(error.status, request.behaviour, str(error))


def _routed(request: DataRequest) -> Answer:
    parts = request.parts
    kind = parts[0] if parts else ""
    refusal = _refusal(request, kind)
    if refusal is not None:
        return refusal
    if kind == "districts":
        return _districts_path(request)
    if kind == "events":
        return _events_path(request)
    if kind == "resources" or (kind in WITH_RESOURCES and parts[2:] == ["resources"]):
        return _resources_path(request)
    if kind in LISTS:
        return _records_path(request, kind)
    return _no_such_path(request)


def _no_such_path(request: DataRequest) -> Answer:
    return no_such_path("GET", request.path)


def _districts_path(request: DataRequest) -> Answer:
    match request.parts[1:]:
        case []:
            return _districts(request)
        case [identifier]:
            return _district(request, identifier)
    return _no_such_path(request)


def _events_path(request: DataRequest) -> Answer:
    district, behaviour, now = request.district, request.behaviour, request.now
    match request.parts[1:]:
        case []:
            return events_answer(district, behaviour, request.path, request.query, now)
        case [identifier]:
            return event_answer(district, behaviour, request.version, identifier, now)
    return _no_such_path(request)


def _resources_path(request: DataRequest) -> Answer:
    """Answer for resources, of which no district has any."""
    match request.parts:
        case ["resources"] | [_, _, "resources"]:
            return _resources(request)
        case ["resources", _] | ["resources", _, "courses" | "sections" | "users"]:
            return error_answer(404, request.behaviour)
    return _no_such_path(request)


def _records_path(request: DataRequest, kind: str) -> Answer:
    match request.parts[1:]:
        case []:
            return _list(request, kind)
        case [identifier]:
            return _one(request, kind, identifier)
        case [identifier, below]:
            return _below(request, kind, identifier, below.lower())
    return _no_such_path(request)


def _refusal(request: DataRequest, kind: str) -> Answer | None:
    behaviour, district = request.behaviour, request.district
    if kind not in {*LISTS, "events", "resources"}:
        return None
    role = request.parameter("role")
    contacts_closed = (
        behaviour.contacts_need_scope
        and role == "contact"
        and "read:student_contacts" not in behaviour.scopes
    )
    if not district.access.secure_sync or contacts_closed:
        status = behaviour.out_of_scope_status
        return error_answer(status, behaviour, behaviour.out_of_scope_message)
    nothing = not any(len(table) for table in district.tables.values())
    if nothing and behaviour.nothing_shared_status != 200:  # noqa: PLR2004
        return error_answer(behaviour.nothing_shared_status, behaviour)
    return None


def _districts(request: DataRequest) -> Answer:
    if request.parameter("count") == "true":
        return _count(request, 1, read_page_request(request.path, [], request.behaviour))
    district = request.district
    body = rendered(encode(district.info), request.behaviour)
    own = f"{request.path}?{request.query}" if request.query else request.path
    return list_answer([(body, district.id)], f"/{request.version}/districts/", [("self", own)])


def _district(request: DataRequest, identifier: str) -> Answer:
    district = request.district
    if identifier != district.id:
        return error_answer(404, request.behaviour)
    uri = request.uri("districts", district.id)
    return one_answer(rendered(encode(district.info), request.behaviour), [("self", uri)])


def _resources(request: DataRequest) -> Answer:
    parts = request.parts
    if len(parts) > 1 and parts[1] not in request.district.tables[parts[0]]:
        return error_answer(404, request.behaviour)
    if request.behaviour.resources_body == "recorded":
        return Answer(200, b'{"resources":[]}')
    return list_answer([], f"/{request.version}/resources/", [("self", request.path)])


def _list(request: DataRequest, kind: str) -> Answer:
    role = request.parameter("role")
    relations = request.district.relations
    if kind == "users" and role:
        if role not in ROLES:
            return error_answer(400, request.behaviour, f"role is not known: {role}")
        return _paged(request, kind, relations.roles[role])
    ids = request.district.tables[kind].ids()
    if kind == "users" and "read:student_contacts" not in request.behaviour.scopes:
        hidden = set(relations.roles["contact"]) if request.behaviour.contacts_need_scope else set()
        ids = [identifier for identifier in ids if identifier not in hidden]
    return _paged(request, kind, ids)


def _one(request: DataRequest, kind: str, identifier: str) -> Answer:
    table = request.district.tables[kind]
    if identifier not in table:
        return error_answer(404, request.behaviour)
    body = table.bodies[identifier]
    roles: tuple[str, ...] = ()
    if kind == "users":
        places = user_place(body).roles
        roles = tuple(role for role in ROLES if getattr(places, role) is not None)
    links = links_of(kind, request.uri(kind, identifier), roles)
    return one_answer(rendered(body, request.behaviour), links)


def _below(request: DataRequest, kind: str, identifier: str, below: str) -> Answer:
    table, relations = request.district.tables[kind], request.district.relations
    sub_list, sub_one = SUB_LISTS.get((kind, below)), SUB_ONES.get((kind, below))
    if sub_list is None and sub_one is None and below != "district":
        return _no_such_path(request)
    if identifier not in table:
        return error_answer(404, request.behaviour)
    if sub_list is not None:
        find = sub_list.ids
        if sub_list.primary is not None and request.parameter("primary") in {"", "true"}:
            find = sub_list.primary
        ids = find(relations, identifier)
        role = request.parameter("role")
        if role and sub_list.roles:
            members = set(relations.roles.get(role, []))
            ids = [member for member in ids if member in members]
        present = request.district.tables[sub_list.kind]
        ids = [found for found in ids if found in present]
        return _paged(request, sub_list.kind, ids, timed_terms=below == "terms")
    if sub_one is None:
        return _district(request, request.district.id)
    target, field = sub_one
    return _one(request, target, getattr(section_place(table.bodies[identifier]), field) or "")


def _paged(request: DataRequest, kind: str, ids: list[str], *, timed_terms: bool = False) -> Answer:
    asked = read_page_request(request.path, request.parameters, request.behaviour)
    if request.parameter("count") == "true" and not request.behaviour.count_with_data:
        return _count(request, len(ids), asked)
    page = _spoiled(request, asked, ids, cut_page(ids, asked, request.behaviour))
    bodies = request.district.tables[kind].bodies
    shape = _shape_of(request, timed_terms=timed_terms)
    items = [(bodies[i] if shape is None else shape(bodies[i]), i) for i in page.ids]
    answer = list_answer(items, f"/{request.version}/{kind}/", page.links)
    if request.parameter("count") == "true":
        answer.body = answer.body[:-1] + f',"count":{len(ids)}}}'.encode()
    return answer


def _shape_of(request: DataRequest, *, timed_terms: bool) -> Callable[[bytes], bytes] | None:
    """Give what is done to each record on its way out; None if it goes out as it is kept."""
    role, behaviour = request.parameter("role"), request.behaviour
    only_role = role if role and not behaviour.whole_roles_under_filter else None
    if not (only_role or timed_terms or reshapes(behaviour)):
        return None

    def shape(body: bytes) -> bytes:
        body = rendered(body, behaviour)
        if only_role:
            record = decode(body)
            record["roles"] = {only_role: record["roles"][only_role]}
            body = encode(record)
        return _with_times(body) if timed_terms else body

    return shape


def _with_times(body: bytes) -> bytes:
    """Write a term's dates as the list below a school has them: with the time of day."""
    term = decode(body)
    for key in ("start_date", "end_date"):
        if term.get(key):
            term[key] = f"{term[key][:10]}T00:00:00.000Z"
    return encode(term)


def _count(request: DataRequest, count: int, asked: PageRequest) -> Answer:
    own = replace(asked, kept=tuple(request.parameters)).self_uri
    links = links_json([("self", own)])
    return Answer(200, b'{"count":' + str(count).encode() + b',"links":' + links + b"}")


def _spoiled(request: DataRequest, asked: PageRequest, ids: list[str], page: Page) -> Page:
    """Spoil a page by the fault that strikes it."""
    kind = request.fault.kind if request.fault is not None else ""
    if kind == "missing-between-pages":
        return Page(page.ids[:-1], page.links)
    if kind == "next-loop" and page.ids:
        return Page(page.ids, [*_without_next(page), ("next", asked.self_uri)])
    if kind == "repeat-page" and asked.after is not None:
        repeated, _more = window(ids, limit=asked.limit, before=asked.after)
        last = next((i for i in ids if i == asked.after), None)
        return Page([*repeated[-asked.limit + 1 :], *([last] if last else [])], page.links)
    if (
        request.repeat_ahead
        and asked.after is None
        and page.ids
        and len(_without_next(page)) == len(page.links)
    ):
        return Page(page.ids, [*page.links, ("next", asked.uri(starting_after=page.ids[-1]))])
    return page


def _without_next(page: Page) -> list[tuple[str, str]]:
    return [(rel, uri) for rel, uri in page.links if rel != "next"]
