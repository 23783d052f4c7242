"""Why a finished step no longer holds, as it is told."""

from __future__ import annotations

import pytest

from flatsplit.model import Change, FactKey, ObjectFacts, ObjectRef, RoleFacts, State, Statement
from flatsplit.planning.causes import WITHOUT_ROLE, Causes, Edited, newcomers, single
from tests.support.tracked import TARGET, statement

OLD, NEW = ObjectRef("table", "public", "old"), ObjectRef("table", "public", "new")
SCHEMA = ObjectRef("schema", "", "extra")
ROLES = {name: RoleFacts(password=True) for name in ("legacy", "vendor", "app_user", "app_migrator")}
LIVE = State(
    TARGET,
    roles=ROLES,
    objects={OLD: ObjectFacts("vendor"), NEW: ObjectFacts("legacy"), SCHEMA: ObjectFacts("legacy")},
)
CAUSES = Causes(LIVE, appeared=[NEW, SCHEMA], resting=("legacy",))


def why(*changes: Change, objects: tuple[ObjectRef, ...] = (), secrets: tuple[str, ...] = ()) -> str:
    return CAUSES.of(statement("…", *changes).but(objects=objects, secrets=secrets))


def owned(ref: ObjectRef) -> Change:
    return Change("+", "owner", f"table public.{ref.name}", "app_migrator")


def right(ref: ObjectRef, side: str = "+", role: str = "app_user") -> Change:
    return Change("+" if side == "+" else "-", "privilege", f"table public.{ref.name}", f"{role}=r/owner")


def test_of_objects() -> None:
    assert why(owned(NEW), objects=(NEW,)) == "created by legacy since the last step, so it belongs to legacy"
    assert why(owned(OLD), objects=(OLD,)) == "somebody gave it to vendor"
    assert why(right(OLD), objects=(OLD,)) == "the privilege was taken away from app_user"
    assert why(right(OLD, "-"), objects=(OLD,)) == "somebody granted it to app_user since"
    assert why(right(NEW), right(OLD), objects=(NEW, OLD)) == (
        "created by legacy since the last step, where its default privileges did not apply (1 of 2)"
    )
    assert why(right(SCHEMA), objects=(SCHEMA,)).startswith("new schema by legacy")


def test_what_is_new_does_not_hide_what_was_undone() -> None:
    each = tuple(statement("…", right(ref)).but(objects=(ref,)) for ref in (NEW, OLD))
    both = statement("…", right(NEW), right(OLD)).but(objects=(NEW, OLD), split=lambda: each)
    assert CAUSES.undone(both) == each[1:]
    assert CAUSES.of(both).endswith(" (1 of 2); and the privilege was taken away from app_user")
    assert CAUSES.undone(each[0]) == ()


def test_a_role_that_is_gone_is_the_cause() -> None:
    assert why(Change("+", "role", "app_readonly", "")) == "role app_readonly was dropped"
    assert why(Change("+", "attribute", "app_readonly", "login")) == "role app_readonly was dropped"
    assert why(right(OLD, role="app_readonly"), objects=(OLD,)) == "role app_readonly was dropped"
    everybody = why(Change("-", "privilege", "table public.old", "PUBLIC=r/owner"), objects=(OLD,))
    assert everybody == "somebody granted it to PUBLIC since"


@pytest.mark.parametrize(
    ("side", "fact", "subject", "detail", "told"),
    [
        ("-", "attribute", "legacy", "login", "legacy came back to life: it may log in or do more than the cutover"),
        ("+", "attribute", "app_user", "login", "somebody changed role app_user"),
        ("-", "member", "vendor", "member of app_user", "vendor became a member of app_user"),
        ("+", "member", "vendor", "member of app_user", "vendor is no longer a member of app_user"),
        ("+", "setting", "app_user", "work_mem=1MB", "somebody changed a setting of app_user"),
        ("+", "policy", "policy p on t", "app_user", "a row-level security policy is new or was changed"),
        ("+", "user_mapping", "crm", "app_user", "a user mapping is new or was dropped"),
        ("+", "default_privilege", "legacy", "app_user=r", "default privileges were taken away or changed"),
    ],
)
def test_of_roles_and_the_rest(side: str, fact: FactKey, subject: str, detail: str, told: str) -> None:
    assert why(Change("+" if side == "+" else "-", fact, subject, detail)).startswith(told)


def test_what_the_configuration_wants_only_now_is_not_called_undone() -> None:
    """And what it wanted before is called undone all the same."""
    told = "flatsplit.toml says something else of jobs since"
    for change, objects in (
        (right(OLD, role="jobs"), (OLD,)),
        (Change("+", "attribute", "jobs", "connection limit 9"), ()),
        (Change("+", "setting", "jobs", "work_mem=1MB"), ()),
        (Change("+", "member", "app_migrator", "member of jobs (inherit, set) by postgres"), ()),
        (Change("+", "default_privilege", "tables in s", "jobs=r/legacy"), ()),
        (Change("+", "default_privilege", "tables in s", "app_user=r/jobs"), ()),
    ):
        live = LIVE.but(roles={**ROLES, "jobs": RoleFacts()})
        new = statement("…", change).but(objects=objects)

        def cause(*before: Change, new: Statement = new, live: State = live) -> str:
            edited = Edited(frozenset({"jobs"}), frozenset(single(before)))
            return Causes(live, appeared=[NEW], edited=edited).of(new)

        assert cause() == told
        assert told not in cause(change)
    both = statement("…", Change("+", "privilege", "table public.old", "jobs=rw/owner"))
    edited = Edited(frozenset({"jobs"}), frozenset(single([right(OLD, role="jobs")])))
    live = LIVE.but(roles={**ROLES, "jobs": RoleFacts()})
    found = Causes(live, appeared=[], edited=edited).of(both.but(objects=(OLD,)))
    assert found == f"{told}, and the privilege was taken away from jobs"


def test_rights_are_compared_letter_by_letter() -> None:
    """One letter of several that somebody took away is found among those that are new in a list."""
    many = Change("+", "privilege", "table s.old", "jobs=rw*/legacy")
    one = Change("+", "privilege", "table s.old", "jobs=w*/legacy")
    assert set(single([one])) < set(single([many]))
    assert list(single([Change("+", "setting", "jobs", "work_mem=1MB")])) == [
        Change("+", "setting", "jobs", "work_mem=1MB")
    ]


def test_a_password_that_is_gone_is_told_of_whose_it_was() -> None:
    without = Causes(LIVE.but(roles={**ROLES, "app_user": RoleFacts()}), appeared=[])
    lost = statement("…", Change("+", "attribute", "app_user", "password")).but(secrets=("app_user", "app_migrator"))
    assert without.of(lost) == "app_user has no password any more"
    assert CAUSES.of(lost) == "somebody changed role app_user"


def test_a_tenant_that_is_new_is_nobodys_doing() -> None:
    """Unless its role or its row in the mapping is still there: then somebody took away the other."""
    made = statement("make it", Change("+", "role", "tenant_9", ""))
    mapped = statement("map it", Change("+", "tenant", "tenant_9", "9"))
    row = {"tenant_9": "9"}
    for live in (LIVE, LIVE.but(tenants=row), LIVE.but(roles={**ROLES, "tenant_9": RoleFacts()})):
        new = newcomers([made, mapped], live)
        assert bool(new) is (live is LIVE)
        causes = {Causes(live, appeared=[], newcomers=new).of(one) for one in (made, mapped)}
        assert (causes == {WITHOUT_ROLE}) is (live is LIVE)
