"""What Clever itself does with a district's data: it may hold them, or let them stand still."""

from datetime import date, datetime
from typing import Final, NamedTuple

from rosterhold.roster.language import ENGLISH, N_, Language, zone_named

# `districts.state` as Clever's documentation has it ("Districts", "Sync Status").
_PAUSED: Final = "paused"
_MOST_CHARACTERS: Final = 300


class AtClever(NamedTuple):
    """What Clever does, and what is to be done about it; both empty while it does nothing.

    Attributes:
        what: one sentence.
        to_do: whose doing it is, and what to do or to wait for.
    """

    what: str = ""
    to_do: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.to_do}".strip()


_NOT_US: Final = N_("This comes from Clever, not from us.")
_WAIT: Final = N_("There is nothing to do at Clever: changes arrive again when the pause is over.")
_END_IT: Final = N_(
    "To end the pause earlier, log in to Clever as a district administrator, or ask Clever's "
    "support."
)
_REVIEW: Final = N_(
    "Please log in to Clever as a district administrator and review your sync there; nothing new "
    "arrives until then. Clever's support can help you."
)
_ASK: Final = N_(
    "Clever has to correct this; nothing new arrives until then. If it lasts, please ask Clever's "
    "support."
)

_PAUSED_UNTIL: Final = N_("Clever has paused your data until {day}.")
_PAUSED_FOR_NOW: Final = N_("Clever has paused your data.")
# State → the sentence with Clever's own words, the one without, what to do. Of `pending` the
# documentation says that the district can correct it, of `error` that Clever can.
_HELD: Final = {
    "pending": (
        N_("Clever is holding your data: {error}"),
        N_("Clever is holding your data."),
        _REVIEW,
    ),
    "error": (
        N_("Clever cannot bring your data up to date: {error}"),
        N_("Clever cannot bring your data up to date."),
        _ASK,
    ),
}


def at_clever(
    state: str | None,
    error: str | None,
    pause_end: str | None,
    *,
    zone: str,
    now: datetime,
    language: Language = ENGLISH,
) -> AtClever:
    """Say that Clever holds or has paused a district's data, if it does.

    Args:
        state: `districts.state` as Clever gave it; what is none of the known ones says nothing.
        error: Clever's own words for people.
        pause_end: a day or a moment in ISO 8601; one that cannot be read or is past is not said.
        zone: the district's.
        now: the time.
        language: of the sentences; Clever's own words stay as they are.
    """
    say = language.say
    if state == _PAUSED:
        ends = _day_of(pause_end, zone)
        if ends is None or ends < now.astimezone(zone_named(zone)).date():
            return AtClever(say(_PAUSED_FOR_NOW), f"{say(_NOT_US)} {say(_WAIT)} {say(_END_IT)}")
        what = say(_PAUSED_UNTIL, day=language.date(ends))
        return AtClever(what, f"{say(_NOT_US)} {say(_WAIT)} {say(_END_IT)}")
    if state not in _HELD:
        return AtClever()
    with_words, without, to_do = _HELD[state]
    words = _one_line(error or "")
    what = say(with_words, error=words) if words else say(without)
    return AtClever(what, f"{say(_NOT_US)} {say(to_do)}")


def _day_of(text: str | None, zone: str) -> date | None:
    """The day that Clever means.

    Its documentation has days, its schema moments: a midnight in UTC is taken for the day that it
    names, and would be the evening before in America.
    """
    try:
        moment = datetime.fromisoformat((text or "").strip())
        is_day = moment.tzinfo is None or moment.isoformat().endswith("T00:00:00+00:00")
        return moment.date() if is_day else moment.astimezone(zone_named(zone)).date()
    except (ValueError, OverflowError):
        return None


def _one_line(words: str) -> str:
    """Somebody else's words as a sentence: in one line, not too long, with an end."""
    plain = "".join(char if char.isprintable() else " " for char in words)
    line = " ".join(plain.split())
    if len(line) > _MOST_CHARACTERS:
        return line[: _MOST_CHARACTERS - 1].rstrip() + "…"
    return line if not line or line[-1] in ".!?…" else f"{line}."
