"""The district's setting "leave these contacts out", applied to a snapshot before all else."""

from dataclasses import dataclass

import polars as pl

from rosterhold.roster.district_settings import GuardianLimit, LeaveOut
from rosterhold.roster.identity import same_records
from rosterhold.roster.kinds import CONTACTS, GUARDIANSHIPS, KINDS
from rosterhold.roster.lists import items_of
from rosterhold.roster.references import Renames, among, under_todays_ids
from rosterhold.roster.snapshot import Frames


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A snapshot without what is left out, and how many contacts and links that is."""

    snapshot: Frames
    contacts: int = 0
    guardianships: int = 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds whose rows are no longer the snapshot's own."""
        counts = {CONTACTS.name: self.contacts, GUARDIANSHIPS.name: self.guardianships}
        return tuple(name for name, count in counts.items() if count)


def leave_out(
    setting: LeaveOut, *, baseline: Frames, snapshot: Frames, limit: GuardianLimit
) -> LeftOut:
    """Leave links out as the setting says, and contacts that thereby lose their last link."""
    if not (setting.types or setting.crowded):
        return LeftOut(snapshot)
    links = snapshot[GUARDIANSHIPS.name].collect()
    stay = _without_types(links, setting)
    if setting.crowded:
        stay = _without_crowd(stay, baseline, snapshot, limit)
    if stay.height == links.height:
        return LeftOut(snapshot)
    contacts = snapshot[CONTACTS.name].collect()
    lost = links.select("contact_clever_id").unique().join(stay, on="contact_clever_id", how="anti")
    contacts_stay = contacts.filter(~among("clever_id", lost["contact_clever_id"]))
    return LeftOut(
        {**snapshot, CONTACTS.name: contacts_stay.lazy(), GUARDIANSHIPS.name: stay.lazy()},
        contacts=contacts.height - contacts_stay.height,
        guardianships=links.height - stay.height,
    )


def is_left_out(setting: LeaveOut, item: pl.Expr) -> pl.Expr:
    """Whether a type of a link is one of those left out."""
    types = pl.Series([word.lower() for word in setting.types], dtype=pl.String())
    return among(item.str.to_lowercase(), types)


def guardians_of_students(links: pl.DataFrame) -> pl.DataFrame:
    """How many ``guardians`` each ``student_clever_id`` has, and his ``school_clever_id``."""
    return links.group_by("student_clever_id").agg(
        pl.len().cast(pl.Int64()).alias("guardians"), pl.col("school_clever_id").max()
    )


def _without_types(links: pl.DataFrame, setting: LeaveOut) -> pl.DataFrame:
    if not setting.types:
        return links
    all_left_out = is_left_out(setting, pl.col("item")).all().alias("left_out")
    texts = items_of(links["types"]).group_by("text").agg(all_left_out).filter("left_out")
    return links.filter(~among("types", texts["text"]))


def _without_crowd(
    links: pl.DataFrame, baseline: Frames, snapshot: Frames, limit: GuardianLimit
) -> pl.DataFrame:
    crowded = guardians_of_students(links).filter(
        pl.col("guardians") >= _limit_at(limit, pl.col("school_clever_id"))
    )["student_clever_id"]
    if crowded.is_empty():
        return links
    # A guardian whose id changed is in the roster already, under the old id.
    key = list(GUARDIANSHIPS.key)
    in_roster = baseline[GUARDIANSHIPS.name].select(key).collect()
    known = under_todays_ids(in_roster, _renames(baseline, snapshot))
    at_crowded = links.select(key).filter(among("student_clever_id", crowded))
    new = at_crowded.join(known, on=key, how="anti")
    return links.join(new, on=key, how="anti", maintain_order="left")


def _renames(baseline: Frames, snapshot: Frames) -> Renames:
    """Students and contacts that have another id in the snapshot than in the baseline."""
    renames: dict[str, pl.DataFrame] = {}
    for name in ("students", "contacts"):
        before, after = baseline[name], snapshot[name]
        missing = before.join(after, on="clever_id", how="anti").collect()
        added = after.join(before, on="clever_id", how="anti").collect()
        same = same_records(KINDS[name], under_todays_ids(missing, renames), added)
        if same.height:
            renames[name] = same
    return renames


def _limit_at(limit: GuardianLimit, school: pl.Expr) -> pl.Expr:
    return school.replace_strict(
        list(limit.schools),
        list(limit.schools.values()),
        default=limit.district,
        return_dtype=pl.Int64(),
    )
