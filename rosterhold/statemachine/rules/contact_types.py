"""The rule: contacts of a type that seldom means a guardian are held."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from rosterhold.roster.kinds import GUARDIANSHIPS
from rosterhold.roster.leave_out import is_left_out
from rosterhold.roster.lists import items_of
from rosterhold.statemachine import sentences
from rosterhold.statemachine.findings import SUBJECT_COLUMNS, Finding, record_key
from rosterhold.statemachine.judged import Judged
from rosterhold.statemachine.reasons import Reason

RULE: Final = "contact_types"


def contact_types(judged: Judged) -> Iterator[Finding]:
    """Find links between a contact and a student that have a held type, among others or alone.

    Types the district leaves out are not found: a link that stays beside one stays for another
    type. Each type has a finding, and so has each school with a policy of its own.
    """
    columns = (*GUARDIANSHIPS.key, "types", "school_clever_id")
    links = judged.roster[GUARDIANSHIPS.name].select(columns).collect()
    types = items_of(links["types"]).filter(~is_left_out(judged.leave_out, pl.col("item")))
    accepted = judged.accepted.filter(rule=RULE)
    for place, rows in judged.by_place(links):
        held = _held(types, judged.policy_of(place).held_contact_types)
        subjects = (
            rows.join(held, left_on="types", right_on="text")
            .select(
                pl.lit(GUARDIANSHIPS.name).alias("kind"),
                record_key(GUARDIANSHIPS.key).alias("key"),
                pl.col("item").alias("fact"),
            )
            .join(accepted, on=SUBJECT_COLUMNS, how="anti")
            .sort("fact", "key")
        )
        for (contact_type,), found in subjects.partition_by("fact", as_dict=True).items():
            yield _finding(judged, place, str(contact_type), found, of=rows.height)


def _held(types: pl.DataFrame, held: tuple[str, ...]) -> pl.DataFrame:
    names = [word.lower() for word in held]
    return types.filter(pl.col("item").str.to_lowercase().is_in(names))


def _finding(
    judged: Judged, place: str, contact_type: str, subjects: pl.DataFrame, of: int
) -> Finding:
    return Finding(
        reason=Reason.DATA_CONFIGURATION,
        rule=RULE,
        kind=GUARDIANSHIPS.name,
        school=place,
        school_name=judged.name_of(place),
        measured=subjects.height,
        limit=None,
        records=subjects.height,
        of=of,
        sentence=sentences.CONTACT_TYPES.format(
            place=judged.name_of(place) or sentences.THE_DISTRICT,
            links=sentences.counted(subjects.height, GUARDIANSHIPS),
            type=contact_type,
        ),
        subjects=subjects,
    )
