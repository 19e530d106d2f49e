"""The applied roster: one list for each kind of record, made from `roster.kinds`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, Field, create_model

from rosterhold.adapters.database import roster_pages
from rosterhold.adapters.database.roster_pages import RosterQuery
from rosterhold.adapters.database.roster_tables import part_id
from rosterhold.adapters.database.tokens import Scope
from rosterhold.roster.kinds import KINDS, Kind
from rosterhold.web.api.documented import DistrictId, tagged
from rosterhold.web.api.paging import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Page,
    cursor_of,
    keys_of,
    page_of,
)
from rosterhold.web.api.problems import not_found
from rosterhold.web.api.routing import TaggedRoute
from rosterhold.web.api.security import Caller, needs

router = APIRouter(tags=["roster"], route_class=TaggedRoute)

# Columns that hold a list, as JSON in text.
LISTS: Final = frozenset({"school_clever_ids", "teacher_clever_ids", "types", "relationships"})
_LARGEST_ID: Final = 2**63 - 1


class Record(BaseModel):
    """What every record of the roster has."""

    id: int = Field(description="Ours; it stays, also under a new Clever id.", examples=[4711])
    active: bool = Field(description="False from its removal until it is there again.")
    added_at: datetime
    changed_at: datetime
    changed_by_sync: str
    removed_at: datetime | None
    removed_by_sync: str | None


def values_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its lists read; other text stays as it is, "" where Clever has nothing."""
    return {name: _listed(text) if name in LISTS else text for name, text in row.items()}


def _listed(text: str) -> list[str]:
    return msgspec.json.decode(text, type=list[str]) if text else []


def _model_of(kind: Kind) -> type[Record]:
    fields: dict[str, Any] = {}
    if kind.is_pair:
        for name in kind.key:
            whose = name.removesuffix("_clever_id")
            fields[part_id(name)] = (int, Field(description=f"The {whose}'s own id."))
    else:
        fields["clever_id"] = (str, Field(examples=["58da8c6b894273be680001fc"]))
    for name in kind.columns:
        fields[name] = (list[str] if name in LISTS else str, ...)
    title = "".join(part.capitalize() for part in kind.name.split("_"))
    return create_model(f"{title}Record", __base__=Record, __doc__=None, **fields)


MODELS: Final[dict[str, type[Record]]] = {name: _model_of(kind) for name, kind in KINDS.items()}


def _lists(kind: Kind) -> Callable[..., Any]:
    model, name = MODELS[kind.name], f"roster:{kind.name}"
    key = roster_pages.key_of(kind)
    types = (int, int) if kind.is_pair else (str,)

    def list_records(
        district_id: DistrictId,
        caller: Caller = needs(Scope.ROSTER_READ),
        active: Annotated[
            bool | None,
            Query(description="Only what is active, or only what was removed; both without it."),
        ] = None,
        updated_since: Annotated[
            AwareDatetime | None,
            Query(description="Only what changed or was removed then or later, with a time zone."),
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Any:
        district = caller.district(district_id)
        after = keys_of(name, cursor, *types)
        since = None if updated_since is None else updated_since.astimezone(UTC)
        with caller.database.reading() as conn:
            rows = roster_pages.records_after(
                conn,
                district.id,
                kind,
                RosterQuery(active, since),
                after=after,
                limit=limit + 1,
            )
        return page_of(
            rows,
            limit,
            lambda row: model.model_validate(values_of(row)),
            lambda row: cursor_of(name, *(row[column] for column in key)),
        )

    return list_records


def _shows(kind: Kind) -> Callable[..., Any]:
    model = MODELS[kind.name]

    def show_record(
        district_id: DistrictId,
        record_id: Annotated[int, Path(ge=1, le=_LARGEST_ID, description="The record's own id.")],
        caller: Caller = needs(Scope.ROSTER_READ),
    ) -> Any:
        district = caller.district(district_id)
        with caller.database.reading() as conn:
            row = roster_pages.record(conn, district.id, kind, record_id)
        if row is None:
            raise not_found()
        return model.model_validate(values_of(row))

    return show_record


def _add(kind: Kind) -> None:
    one, many = kind.words
    path = f"/districts/{{district_id}}/roster/{kind.name}"
    sort = "the own ids of their parts" if kind.is_pair else "Clever id"
    router.add_api_route(
        path,
        _lists(kind),
        name=f"list_{kind.name}",
        summary=f"List {many}",
        description=f"The {many} of the roster as it was applied, by {sort}.",
        response_model=Page[MODELS[kind.name]],  # type: ignore[name-defined, valid-type]
        responses=tagged(),
    )
    router.add_api_route(
        f"{path}/{{record_id}}",
        _shows(kind),
        name=f"show_{kind.name}",
        summary=f"Show a {one}",
        description=f"One {one}, by its own id.",
        response_model=MODELS[kind.name],
        responses=tagged(),
    )


for _kind in KINDS.values():
    _add(_kind)
