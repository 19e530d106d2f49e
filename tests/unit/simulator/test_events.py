"""The batch of events and the stamps that a change leaves."""

from rosterhold.simulator.eventfeed import events_answer, kept
from rosterhold.simulator.records import decode

NOW = 1_760_000_000.0
DAY = 86_400


def feed(scene, query=""):
    answer = events_answer(
        scene.district, scene.world.behaviour, "/v3.0/events", query, scene.world.clock()
    )
    return [item["data"] for item in decode(answer.body)["data"]]


def test_a_change_moves_last_sync_and_stamps_what_it_touched(scene):
    scene.change("edit-names", count=2)
    stamp = "2025-10-09T08:53:20.000Z"
    assert scene.district.info["last_sync"] == stamp
    assert sum(s["last_modified"] == stamp for s in scene.records("student")) == 2


def test_last_sync_rises_even_while_the_clock_stands_still(scene):
    seen = [scene.change("edit-names", count=1).last_sync for _ in range(3)]
    assert seen == sorted(set(seen))


def test_a_batch_begins_with_the_district_and_keeps_the_order_of_kinds(scene):
    scene.change("add-school", students=13)
    types = list(dict.fromkeys(scene.event_types()))
    assert types == [
        "districts.updated",
        "schools.created",
        "terms.created",
        "courses.created",
        "users.created",
        "sections.created",
    ]


def test_created_users_come_students_then_teachers_then_contacts(scene):
    scene.change("add-school", students=13)
    roles = [
        next(iter(event["data"]["object"]["roles"]))
        for event in feed(scene, "limit=1000")
        if event["type"] == "users.created"
    ]
    assert list(dict.fromkeys(roles)) == ["student", "teacher", "contact"]


def test_an_update_tells_the_old_values_inside_data(scene):
    old = {s["id"]: s["name"]["last"] for s in scene.records("student")}
    scene.change("edit-names", count=1)
    event = feed(scene)[-1]
    assert event["type"] == "users.updated"
    previous = event["data"]["previous_attributes"]
    assert previous["name"] == {"last": old[event["data"]["object"]["id"]]}
    assert set(previous) == {"name", "last_modified"}


def test_a_deletion_tells_the_last_known_record_whole(scene):
    old = {s["id"]: s for s in scene.records("student")}
    scene.change("remove-students", count=1)
    events = [e for e in feed(scene, "limit=1000") if e["type"] == "users.deleted"]
    students = [e for e in events if "student" in e["data"]["object"]["roles"]]
    (told,) = students
    assert told["data"]["object"] == old[told["data"]["object"]["id"]]
    assert "previous_attributes" not in told["data"]


def test_events_have_no_milliseconds_and_rising_ids(scene):
    scene.change("remove-students", count=2)
    events = feed(scene, "limit=1000")
    assert {event["created"][-5:] for event in events} == {".000Z"}
    assert [e["id"] for e in events] == sorted(e["id"] for e in events)


def test_events_can_be_filtered_by_several_kinds(scene):
    scene.change("remove-school")
    events = feed(scene, "record_type=schools&record_type=districts")
    assert [e["type"] for e in events] == ["districts.updated", "schools.deleted"]


def test_events_can_be_filtered_by_school(scene):
    school = scene.ids("schools")[0]
    scene.change("remove-school", school=school)
    types = {e["type"] for e in feed(scene, f"school={school}&limit=1000")}
    assert types == {"sections.deleted", "users.deleted", "schools.deleted"}


def test_events_are_kept_for_thirty_days(scene):
    scene.change("edit-names", count=1)
    district, behaviour = scene.district, scene.world.behaviour
    assert len(kept(district, behaviour, NOW + 30 * DAY)) == 2
    assert kept(district, behaviour, NOW + 30 * DAY + 1) == []


def test_nothing_is_written_while_events_are_not_enabled(scene_with):
    scene = scene_with(events_enabled=False)
    scene.change("edit-names")
    assert scene.district.events == []


def test_changes_of_classes_can_be_left_out_of_the_events(scene_with):
    scene = scene_with(enrolment_events=False)
    scene.change("add-students", count=3)
    assert "sections.updated" not in scene.event_types()
