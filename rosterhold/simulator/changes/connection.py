"""The app's connection to a district, and the district's sync with Clever."""

from datetime import timedelta

from rosterhold.simulator.changes.registry import ChangeError, Edit, change


@change("revoke", "refuse the app's token; it leaves the token list", touches="connection")
def revoke(edit: Edit) -> None:
    edit.district.access.granted = False
    edit.moves_sync = False


@change("rotate", "give the app a new token and refuse the old one", touches="connection")
def rotate(edit: Edit) -> None:
    edit.district.access.generation += 1
    edit.district.access.granted = True
    edit.moves_sync = False


@change("connect", "let the app in again with a new token", touches="connection")
def connect(edit: Edit) -> None:
    access = edit.district.access
    if access.granted and access.secure_sync:
        raise ChangeError("the district is connected already")
    access.generation += not access.granted
    access.granted = access.secure_sync = True
    edit.moves_sync = False


@change(
    "disconnect",
    "remove the app (way=token), or end Secure Sync (way=scopes)",
    touches="connection",
)
def disconnect(edit: Edit, *, way: str = "token") -> None:
    if way not in {"token", "scopes"}:
        raise ChangeError(f"way is '{way}'; it must be token or scopes")
    if way == "token":
        edit.district.access.granted = False
    else:
        edit.district.access.secure_sync = False
    edit.moves_sync = False


@change("pause", "let the district pause its sync: data stand still", touches="connection")
def pause(edit: Edit, *, days: int = 60) -> None:
    district, now = edit.district, edit.now
    ends = now + timedelta(days=days)
    form = "%Y-%m-%dT%H:%M:%S.000Z" if edit.behaviour.pause_as_datetime else "%Y-%m-%d"
    district.frozen = "paused"
    district.info |= {
        "state": "paused",
        "pause_start": now.strftime(form),
        "pause_end": ends.strftime(form),
    }
    edit.moves_sync = False


@change("hold", "let Clever hold the district's sync: data stand still", touches="connection")
def hold(edit: Edit) -> None:
    edit.district.frozen = "on hold at Clever"
    edit.district.info |= {
        "state": "pending",
        "error": "Sync on hold: a large share of records would be deleted. Review your data.",
    }
    edit.moves_sync = False


@change("resume", "end a pause or hold: data move again", touches="connection")
def resume(edit: Edit) -> None:
    district = edit.district
    if not district.frozen:
        raise ChangeError("the district is neither paused nor on hold")
    district.frozen = ""
    for key in ("pause_start", "pause_end"):
        district.info.pop(key, None)
    district.info |= {"state": "running", "error": ""}
