"""Faults: ways to spoil answers, switched at run time."""

from dataclasses import asdict, dataclass
from typing import Any

STATUS_FAULTS = {"401": 401, "403": 403, "404": 404, "500": 500, "502": 502, "503": 503}

FAULTS = {
    "401": "the token is refused",
    "403": "reading is forbidden",
    "404": "not found, as JSON",
    "404-html": "not found, as an HTML page",
    "429": "over the rate limit, with an empty body",
    "500": "internal error",
    "502": "bad gateway",
    "503": "service unavailable",
    "slow": "the answer waits for `seconds`",
    "cut-body": "the connection ends in the middle of the body",
    "html-200": "an HTML page with status 200",
    "repeat-page": "the page after the first one repeats it",
    "next-loop": "the next link leads back to the same page",
    "missing-between-pages": "a page lacks its last record and last_sync moves",
    "moving": "last_sync moves with each look at the district",
}

PAGE_FAULTS = frozenset({"repeat-page", "next-loop", "missing-between-pages"})

DEFAULT_SLOW_SECONDS = 5.0


class FaultError(ValueError):
    """Raised when a fault is asked for that does not exist or makes no sense."""


@dataclass
class Fault:
    """A fault and when it strikes.

    It lets `after` matching requests pass, strikes `times` (None: until healed), and only on
    requests whose path contains `path`. `seconds` is how long `slow` waits, and after how long the
    rate window of a `429` ends.
    """

    kind: str
    times: int | None = None
    path: str | None = None
    after: int = 0
    district: str | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise FaultError(f"no fault is called '{self.kind}'; there are: {', '.join(FAULTS)}")
        if self.times is not None and self.times < 1:
            raise FaultError(f"times is {self.times}; it must be 1 or more")
        if self.after < 0:
            raise FaultError(f"after is {self.after}; it must be 0 or more")

    def matches(self, path: str, district: str | None) -> bool:
        """Tell whether the fault is meant for this request.

        Without a path it is meant for the data API alone; `oauth` names the token calls.
        """
        if self.district is not None and self.district != district:
            return False
        if self.kind == "moving" and "/districts" not in path:
            return False
        return path.startswith("/v") if self.path is None else self.path in path


class Faults:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        self.active.append(fault)
        return fault

    def clear(self, kind: str | None = None) -> int:
        """Take away the faults of a kind, or all; give how many there were."""
        keep = [fault for fault in self.active if kind is not None and fault.kind != kind]
        cleared = len(self.active) - len(keep)
        self.active = keep
        return cleared

    def strike(
        self, path: str, district: str | None, *, page: bool = False, later: bool = False
    ) -> Fault | None:
        """Give the first fault that hits this request, and count it.

        Faults of pages pass by requests that are not for a list (`page` false), and `repeat-page`
        those that are not for a later page.
        """
        for fault in self.active:
            if not fault.matches(path, district) or (fault.kind in PAGE_FAULTS and not page):
                continue
            if fault.kind == "repeat-page" and not later:
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            self._count(fault)
            return fault
        return None

    def expects(self, kind: str, path: str, district: str | None) -> bool:
        """Tell whether a fault of this kind is in force for this request, without counting it."""
        return any(f.kind == kind and f.matches(path, district) for f in self.active)

    def _count(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if fault.times == 0:
            self.active.remove(fault)

    def state(self) -> list[dict[str, Any]]:
        """List the faults with what is left of them."""
        return [asdict(fault) for fault in self.active]
