"""What was asked of the simulator: counts by path and status."""

import re
from collections import Counter

_ID = re.compile(r"\b[0-9a-f]{24}\b")


class RequestLog:
    """Counts requests; ids in paths are written as `{id}`."""

    def __init__(self) -> None:
        self.total = 0
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()

    def note(self, path: str, status: int) -> None:
        self.total += 1
        self.by_path[_ID.sub("{id}", path)] += 1
        self.by_status[status] += 1

    def clear(self) -> None:
        self.total = 0
        self.by_path.clear()
        self.by_status.clear()

    def state(self) -> dict[str, object]:
        return {
            "total": self.total,
            "by_path": dict(self.by_path),
            "by_status": {str(status): count for status, count in self.by_status.items()},
        }
