"""What the old role may do with other roles' objects, in whatever way, the application's role may too. No server."""

from __future__ import annotations

from itertools import pairwise

import pytest

from flatsplit.config import Config
from flatsplit.differ import diff
from flatsplit.model import (
    OWNER,
    AclItem,
    DefaultRef,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    PolicyFacts,
    RoleFacts,
    State,
    Target,
    intern_acl,
)
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.split.origin import Origin
from tests.support import ledger
from tests.support.ledger import Ledger
from tests.support.states import LEGACY, World

# The role that the rights are granted to, and the memberships by which legacy has them
WAYS = {
    "by a grant": (LEGACY, ()),
    "through a group": ("readers", (("readers", LEGACY),)),
    "through a group of a group": ("readers", (("readers", "staff"), ("staff", LEGACY))),
    "as the database's owner": ("pg_database_owner", ()),
    "not at all": ("readers", (("staff", LEGACY),)),
}
_SCHEMA = ObjectRef("schema", "", "ref")
_TABLE = ObjectRef("table", "ref", "country")
_COLUMN = ObjectRef("column", "ref", "city", "name")
_CITY = ObjectRef("table", "ref", "city")
_SEQUENCE = ObjectRef("sequence", "ref", "ids")
_ROUTINE = ObjectRef("function", "ref", "now_there", "")
_POLICY = ObjectRef("policy", "ref", "city", "theirs")
_LATER = DefaultRef("third", "ref", "r")


def world_of(way: str, major: int, scope: tuple[str, ...]) -> World:
    """A schema of a third role's, of which ``way`` gives legacy something."""
    to, members = WAYS[way]
    options = MemberOptions(False, True, True) if major >= 16 else MemberOptions()

    def theirs(letters: str, owners: str) -> ObjectFacts:
        return ObjectFacts("third", intern_acl([AclItem(OWNER, OWNER, owners), AclItem(to, OWNER, letters)]))

    names = (LEGACY, "third", "readers", "staff", "ops", "postgres", "pg_database_owner")
    state = State(
        Target("7", "shop", 5, major * 10000, "ops", True, "postgres"),
        roles={name: RoleFacts(superuser=name == "postgres") for name in names},
        members={Member(role, member, "postgres"): options for role, member in members},
        objects={
            ObjectRef("database", "", "shop"): ObjectFacts(LEGACY, intern_acl([AclItem(OWNER, OWNER, "CTc")])),
            _SCHEMA: theirs("U", "CU"),
            _TABLE: theirs("ar", "Dadrtwx"),
            _CITY: ObjectFacts("third", intern_acl([AclItem(OWNER, OWNER, "Dadrtwx")])),
            _SEQUENCE: theirs("U", "Urw"),
            _ROUTINE: theirs("X", "X"),
        },
        columns={_COLUMN: intern_acl([AclItem(to, OWNER, "rw")])},
        policies={_POLICY: frozenset({to})},
        conditions={_POLICY: PolicyFacts()},
        defaults={_LATER: intern_acl([AclItem(to, OWNER, "r")])},
    )
    return World(state, Config("shop", LEGACY, scope), "plain")


def of_app(state: State) -> dict[str, str]:
    """The letters of app_user on each of them, and whether the policy is for it."""

    def letters(acl: tuple[AclItem, ...]) -> str:
        return "".join(sorted(letter for item in acl if item.grantee == "app_user" for letter in item.privileges))

    refs = (_SCHEMA, _TABLE, _SEQUENCE, _ROUTINE)
    return {
        **{ref.kind: letters(state.objects[ref].acl) for ref in refs},
        "column": letters(state.columns[_COLUMN]),
        "policy": "p" * ("app_user" in state.policies[_POLICY]),
        "later": letters(state.defaults.get(_LATER, ())),
    }


@pytest.mark.parametrize("scope", [("app",), ("ref",)])
@pytest.mark.parametrize("release", [14, 16, 18])
@pytest.mark.parametrize("way", WAYS)
def test_the_application_reaches_what_the_old_role_reached(way: str, release: int, scope: tuple[str, ...]) -> None:
    """In every way, on everything that can be granted, until the end; and back."""
    world = world_of(way, release, scope)
    states = [world.state]
    for place, step in enumerate(SPLIT.steps, start=1):
        states.append(step.apply(states[-1], world.context(retired=place == len(SPLIT.steps))))
    all_of_it = {
        "table": "ar",
        "sequence": "U",
        "function": "X",
        "column": "rw",
        "policy": "p",
        "later": "r",
        "schema": "U",
    }
    nothing = dict.fromkeys(all_of_it, "") | {"schema": "U" * ("ref" in scope)}
    for state in states[3:]:
        assert of_app(state) == (nothing if way == "not at all" else all_of_it)
    for before, after in pairwise(states):
        assert Ledger(before).run(diff(before, after)) == ledger.facts(after)
        assert Ledger(after).run(diff(after, before)) == ledger.facts(before)
    origin = Origin(states[-2], world.context(), world.progress(len(states) - 2)).state()
    assert of_app(origin) == dict.fromkeys(all_of_it, "")


def test_an_owner_stays_exempt_from_policies_for_its_groups() -> None:
    """Of its own tables legacy was above them: what app_user may see there is the operator's decision."""
    world = world_of("through a group", 16, ("ref",))
    city = world.state.objects[_CITY]._replace(owner=LEGACY)
    state = world.state.but(objects={**world.state.objects, _CITY: city})
    for step in SPLIT.steps[:5]:
        state = step.apply(state, world.context())
    assert state.policies[_POLICY] == {"readers"}
