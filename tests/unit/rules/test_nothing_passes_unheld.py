"""Whatever a district does: no removal over a limit passes, no approval covers more than it says.

Random rosters are judged twice, by the rules and by a plain reading of the policy in this file.
"""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from rosterhold.statemachine.policy import Policies, Policy

SCHOOLS = ("Adams", "Lincoln", "Madison")
POLICY = Policy(max_removed_share=0.3, min_removed_records=2, max_removed_people=6)
STRICT = Policy(max_removed_share=0.1, min_removed_records=1, max_removed_people=6)
POLICIES = Policies(POLICY, {"Adams": STRICT})
PEOPLE = ("students", "teachers")
RULES_OF_REMOVALS = {"school_removed", "emptied", "people_removed", "share_removed"}

places = st.sets(st.sampled_from(SCHOOLS), min_size=1, max_size=2)
fates = st.sampled_from(["stays", "stays", "goes", "goes", "moves", "new", "unreadable"])


@dataclass(frozen=True)
class Person:
    kind: str
    clever_id: str
    schools: frozenset[str]
    fate: str
    moves_to: frozenset[str]
    approved: bool

    @property
    def was_there(self):
        return self.fate != "new"

    @property
    def goes(self):
        return self.fate == "goes"

    @property
    def schools_after(self):
        if self.goes:
            return frozenset()
        return self.moves_to if self.fate == "moves" else self.schools

    @property
    def subject(self):
        return (self.kind, self.clever_id, "")


@st.composite
def districts(draw):
    people = [
        Person(
            kind,
            f"{kind}-{number}",
            frozenset(draw(places)),
            draw(fates),
            frozenset(draw(places)),
            draw(st.booleans()),
        )
        for kind in PEOPLE
        for number in range(draw(st.integers(0, 14)))
    ]
    gone = draw(st.sets(st.sampled_from(SCHOOLS), max_size=1))
    return people, gone, draw(st.sets(st.sampled_from(SCHOOLS)))


def expected(people, gone, approved_schools):
    """(rule, place, kind) → subjects, as the policy reads."""
    found = {}
    open_schools = gone - approved_schools
    for school in gone:
        removed = {p.subject for p in people if p.goes and school in p.schools and not p.approved}
        itself = {("schools", school, "")} if school in open_schools else set()
        if removed | itself:
            found["school_removed", school, "schools"] = removed | itself
    for kind in PEOPLE:
        of_kind = [person for person in people if person.kind == kind]
        found |= expected_of_place("", kind, of_kind, POLICY, len_after=after(of_kind, None))
        for school in set(SCHOOLS) - gone:
            here = [person for person in of_kind if school in person.schools]
            policy = STRICT if school == "Adams" else POLICY
            left = after(of_kind, school)
            if kind == "teachers" and left == 0:
                # A school with students left is not empty without a teacher.
                left = after([p for p in people if p.kind == "students"], school)
            found |= expected_of_place(school, kind, here, policy, len_after=left)
    lost = [person for person in people if person.goes and not person.approved]
    if len(lost) > POLICY.max_removed_people:
        found["people_removed", "", ""] = {person.subject for person in lost}
    return found


def after(people, school):
    return sum(
        not person.goes and (school is None or school in person.schools_after) for person in people
    )


def expected_of_place(place, kind, people, policy, *, len_after):
    before = [person for person in people if person.was_there]
    lost = {person.subject for person in before if person.goes and not person.approved}
    found = {}
    if lost and len_after == 0:
        found["emptied", place, kind] = lost
    if len(lost) >= policy.min_removed_records and len(lost) / len(before) > (
        policy.max_removed_share
    ):
        found["share_removed", place, kind] = lost
    return found


def rosters(builder, people, gone):
    before, now = builder(), builder()
    for school in SCHOOLS:
        before.school(school)
        if school not in gone:
            now.school(school)
    for person in people:
        enter = {"students": "student", "teachers": "teacher"}[person.kind]
        if person.was_there:
            getattr(before, enter)(person.clever_id, *sorted(person.schools))
        if person.fate not in {"goes", "unreadable"}:
            getattr(now, enter)(person.clever_id, *sorted(person.schools_after))
    return before, now


@settings(max_examples=100)
@given(district=districts())
def test_the_rules_find_exactly_what_the_policy_says(roster, judge, subjects, unreadable, district):
    people, gone, approved_schools = district
    before, now = rosters(roster, people, gone)
    hidden = {
        kind: [p.clever_id for p in people if p.kind == kind and p.fate == "unreadable"]
        for kind in PEOPLE
    }
    approved = [("any", *p.subject) for p in people if p.approved]
    approved += [("any", "schools", school, "") for school in approved_schools]
    evaluation = judge(
        before,
        now,
        policies=POLICIES,
        invalid=unreadable(**hidden),
        approved=subjects(*approved),
    )
    findings = [f for f in evaluation.findings if f.rule in RULES_OF_REMOVALS]
    found = {
        (f.rule, f.school, "" if f.rule == "people_removed" else f.kind): set(
            f.subjects.iter_rows()
        )
        for f in findings
        if f.kind in PEOPLE or f.rule == "school_removed"
    }
    assert found == expected(people, gone, approved_schools)
    reviewed = {subject[1:] for subject in approved}
    removed = {p.subject for p in people if p.goes} | {("schools", s, "") for s in gone}
    assert not any(reviewed & set(f.subjects.iter_rows()) for f in findings)
    assert evaluation.approval.removed == len(reviewed & removed)
    assert evaluation.approval.not_covered == len(removed - reviewed)
