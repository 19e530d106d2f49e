"""Taking the last change back."""

from rosterhold.simulator.changes.registry import ChangeError, Edit, change


@change("undo", "take the last change back", touches="connection")
def undo(edit: Edit) -> None:
    if not edit.district.history:
        raise ChangeError("there is no change to take back")
    edit.district.go_back()
