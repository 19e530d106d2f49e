"""What others left unfinished: who takes it, and when."""

import pytest

from rosterhold.workers.hands import Abandoned


class Works:
    """What was done, in turn; told to stop it goes on with nothing else."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.is_stopping = False

    def work(self, work_id: int) -> None:
        self.done.append(work_id)


@pytest.fixture
def runner() -> Works:
    return Works()


def found(runner: Works, work_ids: list[int], *, free: int) -> tuple[Abandoned, list[int]]:
    begun: list[int] = []
    abandoned = Abandoned(runner, begun.append, lambda: free)
    abandoned.found(work_ids)
    return abandoned, begun


def test_where_all_are_at_work_it_is_done_before_what_a_message_asks_for(runner: Works):
    abandoned, begun = found(runner, [1, 2], free=0)
    for message in (10, 11, 12):
        abandoned.answer(message)
    assert (begun, runner.done) == ([], [1, 10, 2, 11, 12])


def test_where_nobody_is_at_work_it_waits_for_no_message(runner: Works):
    abandoned, begun = found(runner, [1, 2, 3], free=8)
    abandoned.answer(10)
    assert sorted(begun) == [1, 2, 3]
    assert runner.done == [10]


def test_as_many_are_begun_as_are_free_and_the_others_are_left_for_messages(runner: Works):
    abandoned, begun = found(runner, [1, 2, 3, 4, 5], free=2)
    for message in (10, 11, 12):
        abandoned.answer(message)
    assert len(begun) == 2
    left = [work_id for work_id in runner.done if work_id < 10]
    assert sorted(left + begun) == [1, 2, 3, 4, 5]


def test_more_at_work_than_threads_is_none_free(runner: Works):
    assert found(runner, [1], free=-3)[1] == []


def test_processes_that_find_the_same_do_not_all_reach_for_the_same(runner: Works):
    first = {found(runner, list(range(100)), free=1)[1][0] for _ in range(20)}
    assert len(first) > 1


def test_what_is_found_no_more_is_not_done(runner: Works):
    abandoned, _ = found(runner, [1, 2], free=0)
    abandoned.found([])
    abandoned.answer(10)
    assert runner.done == [10]


def test_a_process_that_stops_begins_nothing_that_others_left(runner: Works):
    abandoned, _ = found(runner, [1], free=0)
    runner.is_stopping = True
    abandoned.answer(10)
    assert runner.done == [10]
