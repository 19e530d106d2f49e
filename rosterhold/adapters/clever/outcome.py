"""What a fetch comes to: a snapshot, or a reason why there is none, in words for a district."""

from dataclasses import dataclass
from typing import Final

import msgspec

from rosterhold.adapters.clever import structs
from rosterhold.roster.language import N_
from rosterhold.roster.snapshot import Manifest


class DistrictFacts(msgspec.Struct, frozen=True):
    """What Clever says of a district, "" where it says nothing.

    `state` is one of running, pending, error, paused, success; `error` is meant for people to read
    ("Districts"). Times are as Clever gives them: ISO 8601, `pause_*` may be days.
    """

    clever_id: str
    name: str = ""
    state: str = ""
    error: str = ""
    last_sync: str = ""
    last_clever_sync: str = ""
    pause_start: str = ""
    pause_end: str = ""
    launch_date: str = ""
    sis_type: str = ""
    portal_url: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_title: str = ""

    @classmethod
    def of(cls, district: structs.District) -> "DistrictFacts":
        contact = district.district_contact or structs.Person()
        name = contact.name or structs.Name()
        return cls(
            clever_id=district.id,
            name=district.name or "",
            state=district.state or "",
            error=district.error or "",
            last_sync=district.last_sync or "",
            last_clever_sync=district.last_clever_sync or "",
            pause_start=_text(district.pause_start),
            pause_end=_text(district.pause_end),
            launch_date=district.launch_date or "",
            sis_type=district.sis_type or "",
            portal_url=district.portal_url or "",
            contact_name=" ".join(part for part in (name.first, name.last) if part),
            contact_email=contact.email or "",
            contact_title=contact.title or "",
        )

    @property
    def version(self) -> tuple[str, str]:
        """What moves when the district's data at Clever do.

        `last_clever_sync` is there only where Clever switched it on, and moves with the sharing.
        """
        return self.last_sync, self.last_clever_sync


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A complete snapshot."""

    manifest: Manifest
    district: DistrictFacts


@dataclass(frozen=True, slots=True)
class CannotConnect:
    """Why there is no complete snapshot.

    Attributes:
        code: a key of SENTENCES.
        sentence: for a district administrator: what it means and what to check.
        permanent: whether trying again soon would change nothing.
        detail: for support: the list, HTTP status, Clever's words; no names, no tokens.
        district: what Clever said of the district all the same, if it was asked.
    """

    code: str
    sentence: str
    permanent: bool
    detail: str
    district: DistrictFacts | None = None


_CHECK_APP: Final = N_(
    "Please log in to Clever, open your applications and check that this app is installed and "
    "that its request to connect was accepted."
)
_CHECK_SHARING: Final = N_(
    "Please log in to Clever, open this app's sharing settings and check that the right schools, "
    "classes, students, staff and guardians are shared."
)
_NOTHING_TO_DO: Final = N_(
    "There is nothing you need to do at Clever: we will try again, and your rosters stay as they "
    "are."
)

# code → what a district administrator reads, sentence by sentence.
_SENTENCES: Final[dict[str, tuple[str, ...]]] = {
    "token_refused": (
        N_("Clever no longer lets this app read your district's data."),
        _CHECK_APP,
    ),
    "not_connected": (
        N_("Your district is not connected to this app in Clever."),
        _CHECK_APP,
    ),
    "out_of_scope": (
        N_(
            "Clever does not allow this app to read some of the data that your rosters are made of."
        ),
        _CHECK_SHARING,
    ),
    "nothing_shared": (
        N_(
            "Clever gave us no school and no person of your district, as if nothing were shared "
            "with this app."
        ),
        _CHECK_SHARING,
    ),
    "credentials_refused": (
        N_("Clever did not accept this app's own login."),
        N_(
            "The people who run the app have to correct this; there is nothing you need to do, "
            "and your rosters stay as they are."
        ),
    ),
    "unreachable": (
        N_("Clever could not be reached, or did not answer as it should."),
        _NOTHING_TO_DO,
    ),
    "rate_limited": (
        N_("Clever asked us to slow down for longer than we could wait."),
        _NOTHING_TO_DO,
    ),
    "bad_answer": (N_("Clever answered with something we could not read."), _NOTHING_TO_DO),
    "refused": (
        N_("Clever refused the way in which this app asked for your data."),
        N_("The people who run the app have to look into this; your rosters stay as they are."),
    ),
    "incomplete": (
        N_("Clever did not give us all of your data, so we did not use any of it."),
        N_("We will try again, and your rosters stay as they are."),
        N_(
            "If this lasts, please check in Clever that your data still sync and that the right "
            "data are shared with this app."
        ),
    ),
    "moving": (
        N_(
            "Your district's data kept changing at Clever while we read them, so we could not get "
            "a complete picture."
        ),
        _NOTHING_TO_DO,
    ),
}

SENTENCES: Final = {code: " ".join(parts) for code, parts in _SENTENCES.items()}


def cannot_connect(code: str, detail: str, *, permanent: bool) -> CannotConnect:
    return CannotConnect(code, SENTENCES[code], permanent, detail)
