"""`rosterhold district`: add, list, show, set, discover, waiting."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import sqlalchemy as sa
import typer

from rosterhold.adapters.database import (
    discovery,
    districts,
    following,
    mail_views,
    schedules,
    views,
)
from rosterhold.adapters.database.districts import UNKNOWN_ZONE, DistrictExistsError, DistrictRow
from rosterhold.adapters.database.engine import Transaction
from rosterhold.cli.found import discover, waiting
from rosterhold.cli.mail_settings import (
    LanguageSaid,
    QuietHoursSaid,
    SecondContact,
    addresses_of,
    mail_settings,
)
from rosterhold.cli.output import AsJson, CliError, print_json, print_table, say, shown
from rosterhold.cli.policies import changed
from rosterhold.cli.session import database_of
from rosterhold.cli.words import the_district
from rosterhold.statemachine.policy import PolicyError, policies

app = typer.Typer(help="Districts: add, list, show, set, discover.")
app.command()(discover)
app.command()(waiting)

Limits = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE",
        help="A limit, such as max_removed_share=0.2; KEY=default takes it back.",
    ),
]
Events = Annotated[
    bool | None,
    typer.Option("--events/--no-events", help="Follow Clever's events between full syncs."),
]
District = Annotated[str, typer.Argument(help="The district's id, ours or Clever's.")]


class DistrictDocument(msgspec.Struct, frozen=True):
    """A district, as `district show --json` gives it."""

    id: str
    clever_id: str
    name: str
    administrators: list[str]
    second_contact: str | None
    time_zone: str
    quiet_hours: str | None
    language: str
    addresses_that_do_not_work: dict[str, str]
    no_reminders: list[str]
    policy: dict[str, Any]
    policy_in_force: dict[str, Any]
    schools: dict[str, dict[str, object]]
    leave_out_types: list[str]
    leave_out_crowds: bool
    events: bool
    clever_state: str | None
    clever_error: str | None
    clever_last_sync: datetime | None
    clever_pause_start: str | None
    clever_pause_end: str | None
    at_clever: str
    disconnected_since: datetime | None
    schedule: str | None
    next_due_at: datetime | None
    sync: str | None
    state: str | None


def _document(conn: sa.Connection, district: DistrictRow, now: datetime) -> DistrictDocument:
    last = views.latest_sync(conn, district.id)
    addresses = mail_views.address_views(conn, district.id)
    schedule = schedules.get(conn, district.id)
    return DistrictDocument(
        id=district.id,
        clever_id=district.clever_id,
        name=district.name,
        administrators=districts.emails_of(conn, district.id),
        second_contact=district.second_contact,
        time_zone=district.time_zone,
        quiet_hours=district.quiet_hours,
        language=district.language,
        addresses_that_do_not_work={
            address.email: address.refusal or "" for address in addresses if not address.works
        },
        no_reminders=[a.email for a in addresses if a.no_reminders_since is not None],
        policy=district.policy,
        policy_in_force=msgspec.to_builtins(districts.policies_of(conn, district).district),
        schools=districts.school_policies(conn, district.id),
        leave_out_types=district.leave_out_types,
        leave_out_crowds=district.leave_out_crowds,
        events=district.events,
        clever_state=district.clever_state,
        clever_error=district.clever_error,
        clever_last_sync=district.clever_last_sync,
        clever_pause_start=district.clever_pause_start,
        clever_pause_end=district.clever_pause_end,
        at_clever=str(district.at_clever(now)),
        disconnected_since=district.disconnected_since,
        schedule=schedule.cron if schedule else None,
        next_due_at=schedule.next_due_at if schedule else None,
        sync=last.id if last else None,
        state=last.state.value if last else None,
    )


@app.command()
def add(
    ctx: typer.Context,
    clever_id: Annotated[str, typer.Option(help="The district's id in Clever.")],
    admin: Annotated[
        list[str], typer.Option(help="Mail address of an administrator; may be repeated.")
    ],
    name: Annotated[
        str | None, typer.Option(help="What people call it; Clever's name for it without.")
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="[MAIL]...", hidden=True)] = None,
    time_zone: Annotated[str, typer.Option(help="Such as America/Chicago.")] = UNKNOWN_ZONE,
    second_contact: SecondContact = None,
    quiet_hours: QuietHoursSaid = None,
    language: LanguageSaid = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Add a district, with the administrators who get its mails."""
    clever_id = clever_id.strip()
    if not clever_id or (name is not None and not name.strip()):
        raise CliError("a district needs a Clever id and a name")
    emails = addresses_of([*admin, *(more or [])])
    _check_time_zone(time_zone)
    mails = mail_settings(second_contact, quiet_hours, language)
    with database_of(ctx) as database:
        try:
            with database.transaction() as tx:
                called = _name_of(tx, clever_id, name)
                district_id = districts.add(
                    tx, clever_id=clever_id, name=called, emails=emails, time_zone=time_zone
                )
                mails.write(tx, district_id)
        except DistrictExistsError as error:
            raise CliError(str(error)) from error
        with database.reading() as conn:
            document = _document(conn, the_district(conn, clever_id), database.now(conn))
    if as_json:
        print_json(document)
    else:
        say(document.id)


def _name_of(tx: Transaction, clever_id: str, said: str | None) -> str:
    """What was said, or what Clever calls a district that waits for set-up."""
    if said is not None:
        return said.strip()
    if districts.find(tx.conn, clever_id) is not None:
        raise DistrictExistsError(f"a district with the Clever id {clever_id} is there already")
    found = discovery.find(tx.conn, clever_id)
    if found is None or not found.name:
        raise CliError(
            f"say --name: Clever has not named the district {clever_id} yet "
            "(`rosterhold district discover` asks)"
        )
    return found.name


@app.command("list")
def list_(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """All districts, by name."""
    with database_of(ctx) as database, database.reading() as conn:
        now = database.now(conn)
        found = [_document(conn, district, now) for district in districts.every(conn)]
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "clever id", "name", "last sync", "state"),
        ((row.id, row.clever_id, row.name, row.sync, row.state) for row in found),
        empty="There is no district yet; `rosterhold district add` adds one.",
    )


@app.command()
def show(ctx: typer.Context, district: District, *, as_json: AsJson = False) -> None:
    """One district with its settings."""
    with database_of(ctx) as database, database.reading() as conn:
        document = _document(conn, the_district(conn, district), database.now(conn))
    _print(document, as_json=as_json)


@app.command("set")
def set_(
    ctx: typer.Context,
    district: District,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    admin: Annotated[
        list[str] | None,
        typer.Option(help="Mail address of an administrator; replaces all. May be repeated."),
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Such as America/Chicago.")] = None,
    second_contact: SecondContact = None,
    quiet_hours: QuietHoursSaid = None,
    language: LanguageSaid = None,
    policy: Limits = None,
    school: Annotated[
        str | None, typer.Option(help="Set the policy of the school with this Clever id.")
    ] = None,
    leave_out_types: Annotated[
        str | None, typer.Option(help="Contact types to leave out, separated by commas.")
    ] = None,
    *,
    keep_contacts: Annotated[
        bool, typer.Option("--keep-contacts", help="Leave out no contacts any more.")
    ] = False,
    events: Events = None,
    as_json: AsJson = False,
) -> None:
    """Change the settings of a district, or the limits of one of its schools."""
    values = _values(name, time_zone, leave_out_types, keep_contacts=keep_contacts)
    mails = mail_settings(second_contact, quiet_hours, language)
    if not (values or admin or policy or mails or events is not None):
        raise CliError("nothing to set; `rosterhold district set --help` shows what there is")
    if school is not None and not policy:
        raise CliError("--school needs --policy KEY=VALUE")
    emails = addresses_of(admin) if admin else None
    with database_of(ctx) as database:
        with database.transaction() as tx:
            row = the_district(tx.conn, district)
            if policy and school is None:
                values["policy"] = _district_policy(tx.conn, row, policy)
            if policy and school is not None:
                _set_school(tx, row, school, policy)
            if values:
                districts.update(tx, row.id, values)
            if emails is not None:
                districts.set_administrators(tx, row.id, emails)
            mails.write(tx, row.id)
            _follow(tx, row.id, events)
        with database.reading() as conn:
            document = _document(conn, the_district(conn, row.id), database.now(conn))
    _print(document, as_json=as_json)


def _follow(tx: Transaction, district_id: str, events: bool | None) -> None:  # noqa: FBT001 - as said
    if events is not None:
        following.switch(tx, district_id, on=events)


def _values(
    name: str | None, time_zone: str | None, leave_out_types: str | None, *, keep_contacts: bool
) -> dict[str, object]:
    """The columns to write, from what was said."""
    values: dict[str, object] = {}
    if name is not None:
        if not name.strip():
            raise CliError("a district needs a name")
        values["name"] = name.strip()
    if time_zone is not None:
        _check_time_zone(time_zone)
        values["time_zone"] = time_zone
    if leave_out_types is not None and keep_contacts:
        raise CliError("--leave-out-types and --keep-contacts exclude each other")
    if leave_out_types is not None:
        types = {part.strip() for part in leave_out_types.split(",")} - {""}
        values["leave_out_types"] = sorted(types)
    if keep_contacts:
        values["leave_out_types"] = []
        values["leave_out_crowds"] = False
    return values


def _district_policy(
    conn: sa.Connection, row: DistrictRow, words: Sequence[str]
) -> dict[str, object]:
    wanted = changed(row.policy, words)
    _check_policies(wanted, districts.school_policies(conn, row.id))
    return wanted


def _set_school(tx: Transaction, row: DistrictRow, school: str, words: Sequence[str]) -> None:
    schools = districts.school_policies(tx.conn, row.id)
    wanted = changed(schools.get(school, {}), words)
    _check_policies(row.policy, {school: wanted})
    districts.set_school_policy(tx, row.id, school, wanted)


def _check_policies(district: dict[str, object], schools: dict[str, dict[str, object]]) -> None:
    try:
        policies(district, schools)
    except PolicyError as error:
        raise CliError(str(error)) from error


def _check_time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CliError(
            f"there is no time zone {name!r}; say one such as UTC or America/Chicago"
        ) from error


def _print(document: DistrictDocument, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    said = {name: getattr(document, name) for name in document.__struct_fields__}
    limits = said.pop("policy_in_force")
    own = said.pop("policy")
    schools = said.pop("schools")
    broken = said.pop("addresses_that_do_not_work")
    rows = [(key.replace("_", " "), value) for key, value in said.items()]
    rows += [(email, f"this address does not work: {why}") for email, why in broken.items()]
    rows += [
        (f"policy {key}", f"{shown(value)}{' (own)' if key in own else ''}")
        for key, value in limits.items()
    ]
    rows += [(f"school {key}", value) for key, value in schools.items()]
    print_table(("", ""), rows, empty="")
