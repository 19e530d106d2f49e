"""What the mails say: each is a letter, from which its text and its HTML are written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final
from urllib.parse import urlsplit

from rosterhold.adapters.database.emails import EmailRow, Template
from rosterhold.adapters.database.holds import DECIDED, HoldRow
from rosterhold.adapters.mail.about import MailContext
from rosterhold.roster.changes import REIDENTIFIED, REMOVED
from rosterhold.roster.language import N_, Language
from rosterhold.roster.wording import counted, most_telling, receipt_lines
from rosterhold.statemachine.chart import SyncState
from rosterhold.statemachine.connection import CHECK_APP, CHECK_SHARING, NOTHING_TO_CHECK
from rosterhold.statemachine.reasons import Reason
from rosterhold.statemachine.retelling import retold


@dataclass(frozen=True, slots=True)
class Section:
    """A title, and paragraphs or the points of a list."""

    title: str
    lines: tuple[str, ...]
    is_list: bool = True


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, before it is written as text and as HTML.

    Attributes:
        subject: says district, what, and how urgent it is.
        heading: the same for whoever has opened it.
        lead: the first paragraph.
        button: what the link to the report is called.
        foot: small print.
        unsubscribe: what the link to unsubscribe is called; "" in mails that everybody gets.
    """

    subject: str
    heading: str
    lead: str
    sections: tuple[Section, ...]
    button: str
    foot: tuple[str, ...]
    unsubscribe: str = ""


def hold_opened(_: EmailRow, about: MailContext) -> Letter:
    say = about.language.say
    short = _in_short(about)
    return Letter(
        subject=say(
            N_("Action needed: {district}, roster sync on hold: {short}"),
            district=about.district.name,
            short=short,
        ),
        heading=say(N_("Roster sync on hold: {short}"), short=short),
        lead=say(
            N_(
                "The roster sync of {district} is on hold. Nothing was changed: your roster is as "
                "it was."
            ),
            district=about.district.name,
        ),
        sections=_what_and_why(about),
        button=say(N_("See the report and decide")),
        foot=(_of_the_link(about.language), say(_UNTIL)),
    )


def connection_lost(_: EmailRow, about: MailContext) -> Letter:
    say = about.language.say
    to_do = about.cause not in NOTHING_TO_CHECK
    subject = (
        N_("Action needed: {district}, the connection to Clever is lost")
        if to_do
        else N_("For your information: {district}, the roster cannot be read from Clever")
    )
    heading = (
        N_("The connection to Clever is lost")
        if to_do
        else N_("The roster cannot be read from Clever")
    )
    return Letter(
        subject=say(subject, district=about.district.name),
        heading=say(heading),
        lead=say(
            N_(
                "We cannot read the roster of {district} from Clever. The sync is on hold, and "
                "your roster stays as it was at the last sync."
            ),
            district=about.district.name,
        ),
        sections=_of_the_connection(about),
        button=say(N_("See the report")),
        foot=(_of_the_link(about.language), say(_EVERY_NIGHT)),
    )


def hold_reminder(mail: EmailRow, about: MailContext) -> Letter:
    say = about.language.say
    short, day = _in_short(about), mail.day or 0
    is_disconnected = _hold(about).reason is Reason.DISCONNECTED
    lead = about.language.plural(
        "The roster sync of {district} has been on hold for {n} day. Until it goes on, nothing new "
        "from Clever reaches your roster: no new student, no new class, no change.",
        "The roster sync of {district} has been on hold for {n} days. Until it goes on, nothing "
        "new from Clever reaches your roster: no new student, no new class, no change.",
        day,
        district=about.district.name,
    )
    foot = [_of_the_link(about.language)]
    if mail.recipient == about.district.second_contact:
        foot.append(
            say(
                N_(
                    "You get this as the second contact of the district: nobody has answered its "
                    "administrators' mails so far."
                )
            )
        )
    foot.append(
        say(N_("Reminders come on day 1, 3 and 7 of a hold, and then every week while it is open."))
    )
    return Letter(
        subject=say(
            N_("Reminder, day {day}: {district}, roster sync still on hold: {short}"),
            day=day,
            district=about.district.name,
            short=short,
        ),
        heading=say(N_("Still on hold: {short}"), short=short),
        lead=lead,
        sections=_of_the_connection(about) if is_disconnected else _what_and_why(about),
        button=say(N_("See the report") if is_disconnected else N_("See the report and decide")),
        foot=tuple(foot),
        unsubscribe=say(N_("Get no more reminders for this district")),
    )


def hold_resolved(_: EmailRow, about: MailContext) -> Letter:
    say = about.language.say
    subject, heading, lead = _ENDS.get(about.sync.state, _GOES_ON)
    return Letter(
        subject=say(subject, district=about.district.name),
        heading=say(heading),
        lead=say(lead, district=about.district.name),
        sections=(_how_it_ended(about), *_receipt(about)),
        button=say(N_("See the report")),
        foot=(_of_the_link(about.language),),
    )


def endpoint_off(_: EmailRow, about: MailContext) -> Letter:
    """To operators, in English."""
    endpoint = about.endpoint
    if endpoint is None:
        raise ValueError("a mail about an endpoint needs the endpoint")
    # The rest of the address may hold a key of the app's.
    host = urlsplit(endpoint.url).hostname
    return Letter(
        subject=f"Action needed: webhooks to {host} are switched off",
        heading=f"Webhooks to {host} are switched off",
        lead=(
            f"An app at {host} is not told any more what happens to rosters: its endpoint was "
            f"switched off, because {endpoint.switched_off_why}."
        ),
        sections=(
            Section(
                "What to do",
                (
                    "Ask those who run the app why, and mend it.",
                    f"Try it: rosterhold webhook ping {endpoint.id}",
                    "Press “Switch on” on the page of webhooks.",
                    f"Send what it missed: rosterhold webhook resend --endpoint {endpoint.id}",
                ),
            ),
        ),
        button="See the webhooks",
        foot=(
            "Syncs, rosters and mails to districts do not depend on it.",
            "Operators get one mail each time that an endpoint is switched off by itself.",
        ),
    )


LETTERS: Final[Mapping[str, Callable[[EmailRow, MailContext], Letter]]] = {
    Template.HOLD_OPENED: hold_opened,
    Template.CONNECTION_LOST: connection_lost,
    Template.HOLD_REMINDER: hold_reminder,
    Template.HOLD_RESOLVED: hold_resolved,
    Template.ENDPOINT_OFF: endpoint_off,
}

_UNTIL: Final = N_("Until somebody decides, or good data arrive from Clever, nothing is changed.")
_EVERY_NIGHT: Final = N_(
    "Clever is asked again every night. As soon as it can be read, the sync goes on by itself."
)

_CHECK_THE_APP: Final = (
    N_("Log in to Clever as a district administrator and open your applications."),
    N_("Check that our app is still there, and that its request to connect was accepted."),
)
_CHECK_THE_SHARING: Final = (
    N_("Open the sharing settings of our app in Clever."),
    N_("Check that the schools, classes, students, staff and guardians we need are still shared."),
    N_("Check that the sync from your student information system to Clever shows no error."),
)
_THEN_FIXED: Final = N_("Then open the report and choose “I fixed it”: Clever is read at once.")

_MISTAKE: Final = N_(
    "If it is a mistake, correct it in your student information system or in Clever. Then open the "
    "report and choose “Check for new Clever data”."
)
_ADVICE: Final = {
    Reason.DATA_REMOVALS: (
        N_(
            "If this is right (a school closed, students graduated), open the report and choose "
            "“Confirm removals”."
        ),
        _MISTAKE,
    ),
    Reason.DATA_CONFIGURATION: (
        _MISTAKE,
        N_(
            "If the data is right as it is, open the report and choose “Accept”. It also says "
            "where you can leave these contacts out."
        ),
    ),
}
# Where the usual advice does not fit what was found.
_ADVICE_OF_RULES: Final = {
    "reidentified": (
        N_(
            "If the ids were changed on purpose, for example with another student information "
            "system, open the report and choose “Confirm removals”: nobody is removed by that."
        ),
        _MISTAKE,
    ),
    "unreadable_records": (
        _MISTAKE,
        N_(
            "If it cannot be corrected now, open the report and choose “Accept”: the sync goes on "
            "without the records that could not be read."
        ),
    ),
}

# The end of a sync → subject, heading, lead.
_ENDS: Final = {
    SyncState.COMPLETED.value: (
        N_("No action needed: {district}, roster sync complete"),
        N_("The roster sync is complete"),
        N_("The roster sync of {district} was on hold and is now complete."),
    ),
    SyncState.CANCELLED.value: (
        N_("No action needed: {district}, roster sync cancelled, nothing was changed"),
        N_("The roster sync was cancelled"),
        N_(
            "The roster sync of {district} was on hold and was cancelled. Nothing was changed: "
            "your roster is as it was."
        ),
    ),
}
_GOES_ON: Final = (
    N_("No action needed: {district}, roster sync goes on"),
    N_("The roster sync goes on"),
    N_("The roster sync of {district} is no longer on hold and goes on."),
)

_REASONS: Final = {
    Reason.DATA_REMOVALS: N_("Removed records"),
    Reason.DATA_CONFIGURATION: N_("Doubtful data"),
    Reason.DISCONNECTED: N_("Connection to Clever"),
}
_RESOLUTIONS: Final = {
    "no longer found": N_("{reason}: good data arrived from Clever"),
    "connected again": N_("{reason}: Clever could be read again"),
    SyncState.CANCELLED.value: N_("{reason}: the sync was cancelled"),
}


def _hold(about: MailContext) -> HoldRow:
    if about.hold is None:
        raise ValueError("a mail about a hold needs the hold")
    return about.hold


def _of_the_link(language: Language) -> str:
    return language.say(
        N_(
            "The link opens the report. If you are not logged in, it offers to send a fresh link "
            "to this address."
        )
    )


def _in_short(about: MailContext) -> str:
    hold, language = _hold(about), about.language
    if hold.reason is Reason.DISCONNECTED:
        return language.say(N_("we cannot read your roster from Clever"))
    if hold.reason is Reason.DATA_CONFIGURATION:
        return language.say(N_("some data needs your decision"))
    removed, renamed = (
        most_telling({kind: of.get(change, 0) for kind, of in about.sync.counts.items()}, language)
        for change in (REMOVED, REIDENTIFIED)
    )
    if renamed and not removed:
        return language.say(N_("{records} would get a new id"), records=renamed)
    records = removed or counted("", hold.records, language)
    return language.say(N_("{records} would be removed"), records=records)


def _what_and_why(about: MailContext) -> tuple[Section, ...]:
    language, hold = about.language, _hold(about)
    say = language.say
    sections = [Section(say(N_("What happened")), (retold(hold.sentence, language),), False)]
    why = [retold(sentence, language) for sentence in about.sentences]
    if about.more:
        why.append(say(N_("and {n} more, in the report"), n=language.number(about.more)))
    if why:
        sections.append(Section(say(N_("Why we stopped")), tuple(why)))
    advice = tuple(map(say, _advice(about, hold)))
    if advice:
        sections.append(Section(say(N_("What to do")), advice))
    return tuple(sections)


def _advice(about: MailContext, hold: HoldRow) -> tuple[str, ...]:
    """What fits the findings, each sentence once."""
    usual = _ADVICE.get(hold.reason, ())
    if any(of.get(REMOVED) for of in about.sync.counts.values()) and REIDENTIFIED in about.causes:
        return usual
    fitting = [_ADVICE_OF_RULES.get(cause, usual) for cause in about.causes] or [usual]
    return tuple(dict.fromkeys(chain.from_iterable(fitting)))


def _of_the_connection(about: MailContext) -> tuple[Section, ...]:
    language = about.language
    say = language.say
    happened = Section(say(N_("What happened")), (retold(_hold(about).sentence, language),), False)
    if about.cause in NOTHING_TO_CHECK:
        return (happened,)
    steps = (
        *(() if about.cause in CHECK_SHARING else _CHECK_THE_APP),
        *(() if about.cause in CHECK_APP else _CHECK_THE_SHARING),
        _THEN_FIXED,
    )
    return (happened, Section(say(N_("What to check in Clever")), tuple(map(say, steps))))


def _how_it_ended(about: MailContext) -> Section:
    say = about.language.say
    lines = []
    for hold in about.holds:
        reason = say(_REASONS[hold.reason])
        who = next((d.who for d in reversed(about.decisions) if d.reason == hold.reason.value), "")
        if hold.resolution == DECIDED and who:
            lines.append(say(N_("{reason}: decided by {who}"), reason=reason, who=who))
        else:
            ended = _RESOLUTIONS.get(hold.resolution or "", N_("{reason}: no longer on hold"))
            lines.append(say(ended, reason=reason))
    return Section(say(N_("How the hold ended")), tuple(lines))


def _receipt(about: MailContext) -> tuple[Section, ...]:
    """What was changed, of a sync that is complete."""
    language, sync = about.language, about.sync
    say, number = language.say, language.number
    if sync.state != SyncState.COMPLETED:
        return ()
    changed = tuple(
        say(
            N_("{records} now: {added} added, {changed} changed, {removed} removed"),
            records=counted(kind, of.get("total", 0), language),
            **{name: number(of.get(name, 0)) for name in ("added", "changed", "removed")},
        )
        for kind, of in sync.counts.items()
        if any(of.get(name) for name in ("added", "changed", "removed"))
    )
    nothing = (say(N_("Nothing: your roster is as it was")),)
    sections = [Section(say(N_("What was changed")), changed or nothing)]
    about_removals = receipt_lines(sync.receipt or {}, language)
    if about_removals:
        stay = say(
            N_(
                "Removed records are switched off, not deleted: they come back when Clever sends "
                "them again."
            )
        )
        sections.append(Section(say(N_("About the removals")), (*about_removals, stay)))
    return tuple(sections)
