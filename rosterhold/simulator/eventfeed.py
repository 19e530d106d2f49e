"""The `/events` list: what changed, oldest first, for as long as Clever keeps it."""

from urllib.parse import parse_qsl

from rosterhold.simulator.answers import Answer, error_answer, list_answer, one_answer
from rosterhold.simulator.behaviour import Behaviour
from rosterhold.simulator.district import District
from rosterhold.simulator.events import Event
from rosterhold.simulator.paging import cut_page, read_page_request

DAY = 86_400.0
"""Seconds."""


def events_answer(
    district: District, behaviour: Behaviour, path: str, query: str, now: float
) -> Answer:
    """Answer a list of events, filtered by `school` and (repeatable) `record_type`."""
    parameters = parse_qsl(query, keep_blank_values=True)
    kinds = {value for key, value in parameters if key == "record_type"}
    school = dict(parameters).get("school")
    events = {
        event.id: event
        for event in kept(district, behaviour, now)
        if (not kinds or event.kind in kinds) and (not school or school in event.schools())
    }
    asked = read_page_request(path, parameters, behaviour)
    page = cut_page(list(events), asked, behaviour)
    links = page.links
    if not parameters:
        # Recorded: the list without parameters names itself with a stray question mark.
        links = [(rel, f"{uri}?" if rel == "self" else uri) for rel, uri in links]
    version = path.split("/")[1]
    items = [(events[i].encoded(), i) for i in page.ids]
    return list_answer(items, f"/{version}/events/", links)


def event_answer(
    district: District, behaviour: Behaviour, version: str, identifier: str, now: float
) -> Answer:
    for event in kept(district, behaviour, now):
        if event.id == identifier:
            return one_answer(event.encoded(), [("self", f"/{version}/events/{identifier}")])
    return error_answer(404, behaviour)


def kept(district: District, behaviour: Behaviour, now: float) -> list[Event]:
    """Give the events that are young enough; none while events are not enabled."""
    if not behaviour.events_enabled:
        return []
    oldest = now - behaviour.event_days * DAY
    return [event for event in district.events if event.created >= oldest]
