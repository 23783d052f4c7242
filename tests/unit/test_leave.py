"""A person who leaves: what speaks against it, and what would do more once somebody else owns it."""

from __future__ import annotations

import pytest

from flatsplit.config import Config, Group
from flatsplit.model import (
    OWNER,
    PUBLIC,
    AclItem,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    State,
)
from flatsplit.walks.kind import Moment
from flatsplit.walks.leave.preconditions import objections, refuses
from tests.support.tracked import TARGET

CONFIG = Config("shop", "legacy", ("public",), groups=(Group("app_user", logins=("app_a", "app_b")),))
NAMES = ("eve", "team", "vendor", "legacy", "app_user", "app_a", "app_migrator", "postgres", "pg_monitor", "other")
STATE = State(TARGET, roles={name: RoleFacts(login=True) for name in NAMES})
TABLE, VIEW = ObjectRef("table", "public", "t"), ObjectRef("view", "public", "v")
ROUTINE = ObjectRef("function", "public", "f", "")


def refused(person: str, state: State = STATE) -> str:
    found = refuses(Moment(state, state, CONFIG, {}, person))
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ("eve", ""),
        ("nobody", "there is no role 'nobody'"),
        ("legacy", "legacy is a role of the split"),
        ("app_user", "app_user is a role of the split"),
        ("app_a", "app_a logs in for app_user"),
        ("postgres", "postgres is who runs flatsplit"),
        ("pg_monitor", "pg_monitor is the system's own"),
    ],
)
def test_who_cannot_leave(person: str, why: str) -> None:
    assert refused(person).startswith(why)
    assert bool(refused(person)) is bool(why)


def test_who_cannot_leave_without_help() -> None:
    ordinary = STATE.target.__class__("7", "shop", 5, 180000, "ops", False, "postgres")
    powerful = State(ordinary, roles={**STATE.roles, "eve": RoleFacts(superuser=True)})
    assert refused("eve", powerful) == "eve is a superuser, and only a superuser can lock it"
    assert refused("postgres", powerful) == "postgres is the system's own"
    assert refused("eve", STATE.but(roles={"eve": RoleFacts()})) == "there is no app_migrator to hand over to"


def told(state: State) -> list[str]:
    return [what.partition(":")[0] for what, _ in objections(state, "eve")]


def test_what_runs_as_her_is_told() -> None:
    hers = {ROUTINE: ObjectFacts("eve", note="definer"), TABLE: ObjectFacts("eve")}
    assert told(STATE.but(objects=hers)) == ["function public.f() runs with its owner's rights (SECURITY DEFINER)"]
    theirs = {ROUTINE: ObjectFacts("team", note="definer"), TABLE: ObjectFacts("eve")}
    assert told(STATE.but(objects=theirs)) == []
    assert told(STATE.but(objects={ROUTINE: ObjectFacts("eve")})) == []


@pytest.mark.parametrize(
    ("grantee", "letters", "member", "reads"),
    [
        ("eve", "r", False, True),
        ("eve", "w", False, False),
        (PUBLIC, "r", False, True),
        ("vendor", "r", False, False),
        ("vendor", "r", True, True),
        (OWNER, "r", False, False),
    ],
)
def test_a_view_of_what_she_may_not_read_is_told(grantee: str, letters: str, member: bool, reads: bool) -> None:
    state = STATE.but(
        objects={VIEW: ObjectFacts("eve"), TABLE: ObjectFacts("team", (AclItem(grantee, OWNER, letters),))},
        uses={VIEW: (TABLE,)},
        members={Member("vendor", "eve", "postgres"): MemberOptions(inherit=True, set=True)} if member else {},
    )
    assert told(state) == ([] if reads else ["view public.v shows table public.t, which eve may not read"])


@pytest.mark.parametrize(
    ("options", "acts", "ends"),
    [
        (MemberOptions(inherit=True, set=True), True, True),
        (MemberOptions(inherit=True, set=False), True, False),
        (MemberOptions(inherit=False, set=True), True, True),
        (MemberOptions(admin=True, inherit=False, set=False), False, False),
    ],
)
def test_who_acts_as_her_is_told_and_whose_sessions_go_on(options: MemberOptions, acts: bool, ends: bool) -> None:
    found = list(objections(STATE.but(members={Member("eve", "other", "postgres"): options}), "eve"))
    assert bool(found) is acts
    if acts:
        assert 'REVOKE "eve" FROM "other" GRANTED BY "postgres";' in found[0][1]
        assert ("pg_terminate_backend" in found[0][1]) is ends
    operators = STATE.but(members={Member("eve", STATE.target.operator, "postgres"): options})
    assert list(objections(operators, "eve")) == []
