"""Anything may happen to a town in any order; hypothesis chooses, the inspector looks."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from doubles.inspector import Inspector
from doubles.remember import pure_work_is_remembered
from doubles.town import CHANGES, DEPARTURES, SCHOOLS, Change
from doubles.world import World
from rosterhold.statemachine.decisions import Action

numbers = st.integers(0, 5)
points = st.one_of(st.integers(1, 30), st.integers(1, 120))
steps = st.sampled_from([None, "email", "fetch", "evaluate", "apply"])
freezes = st.sampled_from([1, 21])
pauses = st.sampled_from([1, 6, 21, 70, 2_000, 90_000])
actions = st.sampled_from([Action.CONFIRM, Action.ACCEPT, *Action])
departures = st.sampled_from([*DEPARTURES, lambda town: town])
# Whose findings are answered; an empty name means what was found of the district as a whole.
some_schools = st.sampled_from([("",), *((school,) for school in SCHOOLS), ("", SCHOOLS[0])])
town_changes = st.sampled_from(CHANGES)
_worlds: list[World] = []


def the_world() -> World:
    """One world for the whole process: a new life of it costs a millisecond."""
    if not _worlds:
        _worlds.append(World())
    return _worlds[0]


class Simulation(RuleBasedStateMachine):
    """One district, its people, its workers, and what befalls them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = the_world()
        self._memory = pure_work_is_remembered()
        self._memory.__enter__()
        self.inspector = Inspector(self.world)

    @initialize(has_a_roster=st.booleans(), change=town_changes, is_synced=st.booleans())
    def opens(self, *, has_a_roster: bool, change: Change, is_synced: bool) -> None:
        self.world.begin(has_a_roster=has_a_roster)
        self.world.town = change(self.world.town)
        if is_synced:
            self.world.starts()
            self.world.delivers()

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.inspector.looks()

    def teardown(self) -> None:
        try:
            self.world.calms_down()
            self.inspector.looks()
            if self.world.is_held():
                self.world.looks()
                self.world.answers_everything()
                self.world.calms_down()
                self.inspector.looks()
        finally:
            self._memory.__exit__(None, None, None)

    # The town, people, schedules

    @rule(change=town_changes)
    def the_town_changes(self, change: Change) -> None:
        self.world.town = change(self.world.town)

    @rule(connected=st.booleans(), surprises=st.sampled_from([0, 1, 2, 9]))
    def the_way_to_clever_changes(self, *, connected: bool, surprises: int) -> None:
        self.world.clever.connected = connected
        self.world.clever.surprises = surprises

    @rule(change=town_changes, at_night=st.booleans(), arrives=st.booleans())
    def a_changed_town_is_synced(self, change: Change, *, at_night: bool, arrives: bool) -> None:
        self.world.town = change(self.world.town)
        if at_night:
            self.world.night_falls()
        else:
            self.world.starts()
        if arrives:
            self.world.delivers(-1)

    @precondition(lambda self: self.world.is_held())
    @rule(action=actions, look=st.booleans(), twice=st.booleans())
    def somebody_decides(self, action: Action, *, look: bool, twice: bool) -> None:
        if look:
            self.world.looks()
        for _ in range(1 + twice):
            self.world.decides(action)

    @precondition(lambda self: len(self.world.pages) > 1)
    @rule(action=actions, number=numbers)
    def somebody_decides_on_an_old_page(self, action: Action, number: int) -> None:
        self.world.decides(action, number % len(self.world.pages))

    @precondition(lambda self: self.world.is_held())
    @rule(change=departures, dies_at=st.sampled_from([0, 0, 25, 50, 75, 100]))
    def people_answer_everything(self, change: Change, dies_at: int) -> None:
        """They look, the town shrinks, they answer what they saw, and the work is done."""
        self.world.looks()
        self.world.town = change(self.world.town)
        self.world.answers_everything()
        if dies_at:
            self.world.dies(lambda: self.world.delivers(-1), dies_at)
        else:
            self.world.delivers(-1)

    @precondition(lambda self: self.world.is_held())
    @rule(schools=some_schools, more=st.none() | some_schools, change=st.none() | departures)
    def people_answer_for_some_schools(
        self, schools: tuple[str, ...], more: tuple[str, ...] | None, change: Change | None
    ) -> None:
        """They answer on one page what each knows of, and Clever is read before all is."""
        self.world.looks()
        self.world.decides(Action.CONFIRM, schools=schools)
        if more:
            self.world.decides(Action.CONFIRM, schools=more)
        if change:
            self.world.town = change(self.world.town)
        self.world.decides(Action.ACCEPT)
        self.world.decides(Action.CHECK_AGAIN)
        self.world.delivers(-1)

    @precondition(lambda self: len(self.world.pages) > 1)
    @rule(action=actions, number=numbers, schools=some_schools)
    def somebody_decides_on_a_part_of_an_old_page(
        self, action: Action, number: int, schools: tuple[str, ...]
    ) -> None:
        self.world.decides(action, number % len(self.world.pages), schools=schools)

    @precondition(lambda self: self.world.is_held())
    @rule(change=departures, action=actions)
    def somebody_answers_too_late(self, change: Change, action: Action) -> None:
        """The page is open while the sync is checked again, and answered as it was."""
        self.world.looks()
        self.world.town = change(self.world.town)
        self.world.decides(Action.CHECK_AGAIN)
        self.world.delivers(-1)
        self.world.decides(action)
        self.world.delivers(-1)

    @precondition(lambda self: self.world.work_left())
    @rule(really=st.integers(0, 5))
    def somebody_cancels(self, really: int) -> None:
        if really == 0:
            self.world.cancels()

    # Machines

    @precondition(lambda self: self.world.bell.waiting)
    @rule(number=numbers, twice=st.booleans(), goes_on=st.booleans())
    def a_message_arrives(self, number: int, *, twice: bool, goes_on: bool) -> None:
        self.world.delivers(number, twice=twice, goes_on=goes_on)

    @precondition(lambda self: self.world.bell.waiting)
    @rule(number=numbers)
    def a_message_is_lost(self, number: int) -> None:
        self.world.loses(number)

    @rule()
    def the_sweep_passes(self) -> None:
        self.world.sweeps()

    @rule(seconds=pauses)
    def time_passes(self, seconds: float) -> None:
        self.world.clock.passes(seconds)

    @rule()
    def the_queue_is_emptied(self) -> None:
        self.world.bell.is_emptied()

    @rule(bell_away=st.booleans(), mood=st.sampled_from(["takes", "refuses", "away"]))
    def doorbell_and_post_office_are_in_a_mood(self, *, bell_away: bool, mood: str) -> None:
        self.world.bell.away = bell_away
        self.world.post.mood = mood

    # Mishaps

    @precondition(lambda self: self.world.work_left())
    @rule(point=points, step=steps, number=numbers, goes_on=st.booleans())
    def a_worker_dies(self, point: int, step: str | None, number: int, *, goes_on: bool) -> None:
        work_id = self._some_work(step, number)
        self.world.dies(lambda: self.world.works(work_id, goes_on=goes_on), point, _begun(step))

    @precondition(lambda self: self.world.work_left())
    @rule(point=points, step=steps, seconds=freezes, twice=st.booleans(), decide=st.booleans())
    def a_worker_freezes(
        self, point: int, step: str | None, seconds: int, *, twice: bool, decide: bool
    ) -> None:
        """It stands still, others may take over and people may decide, and it goes on."""
        work_id = self._some_work(step, 0)

        def meanwhile() -> None:
            self.world.sweeps()
            if twice:
                self.world.works(work_id)
            while self.world.bell.waiting:
                self.world.delivers()
                self.inspector.looks()
            if decide:
                self.world.looks()
                self.world.answers_everything()
                self.inspector.looks()

        self.world.freezes(
            lambda: self.world.works(work_id),
            point,
            seconds=seconds,
            meanwhile=meanwhile,
            step=_begun(step),
        )

    @precondition(lambda self: self.world.is_held())
    @rule(point=st.integers(1, 24), action=actions, schools=st.none() | some_schools)
    def a_process_dies_while_somebody_decides(
        self, point: int, action: Action, schools: tuple[str, ...] | None
    ) -> None:
        self.world.looks()
        self.world.dies(lambda: self.world.decides(action, schools=schools), point)

    def _some_work(self, step: str | None, number: int) -> int:
        """A row of the outbox, of that kind of work if there is one."""
        left = self.world.work_left()
        wanted = [row for row in left if row[1] == step] or left
        work_id: int = wanted[number % len(wanted)][0]
        return work_id


def _begun(step: str | None) -> str | None:
    """From where points are counted: a mail is no step of a sync."""
    return None if step == "email" else step
