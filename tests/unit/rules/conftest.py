"""What one rule finds."""

from collections.abc import Callable

import pytest

from rosterhold.statemachine.findings import Finding


@pytest.fixture
def findings(judge) -> Callable[..., list[Finding]]:
    def of(rule, before, now, **more):
        return [finding for finding in judge(before, now, **more).findings if finding.rule == rule]

    return of
