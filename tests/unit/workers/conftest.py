"""A town with its workers, and verbs for looking at one row of the outbox."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from doubles.machine import the_world
from doubles.remember import pure_work_is_remembered
from doubles.world import World


@pytest.fixture
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture
def world(quiet: None) -> Iterator[World]:
    """A district whose first sync is done."""
    with pure_work_is_remembered():
        world = the_world()
        world.begin(has_a_roster=True)
        yield world
