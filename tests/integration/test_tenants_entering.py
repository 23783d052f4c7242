"""A table becomes tenants' while their walk is under way, and it has policies of somebody else's that slept so far."""

from __future__ import annotations

import pytest

from tests.support.tenanted import UNPROVED, begun, counts, everybody, split_done, step, truth
from tests.support.walk import Walk, assert_same

walk = pytest.fixture(split_done)
TABLE = "categories"
HIDDEN = f'hidden = ["public.{TABLE}"]\n'
TAKEN = {
    "open": f"create policy tenant_only on {TABLE} using (true)",
    "shut": f"create policy tenant on {TABLE} as restrictive using (false)",
    "blind": f"create policy everyone on {TABLE} as restrictive to app_user using (false)",
    "one of four": f"create policy tenant_only_select on {TABLE} for select using (true)",
}
"""Under names of the walk's own policies: with these in their place, tenants saw everything, or others nothing."""
NARROW = f"create policy narrow on {TABLE} as restrictive using (account_id > 1)"
UNLIMITED = f"create policy unlimited on {TABLE} using (true)"
FORCED = f"alter table {TABLE} force row level security"


def _kept(walk: Walk, seen: object, *, enters: bool) -> None:
    assert everybody(walk.database) == seen
    expected = {number: truth(walk.database, number, (TABLE,)) if enters else {TABLE: "refused"} for number in (1, 2)}
    assert {number: counts(walk.database, f"tenant_{number}", (TABLE,)) for number in (1, 2)} == expected


def _entering(walk: Walk, through: str, before: str) -> str:
    """The walk so far, with the table hidden, which then is said to be tenants'. Returns what the file said before."""
    walk.database.execute(f"set role app_migrator; {before}; reset role")
    plain = walk.config.read_text()
    walk.config.write_text(plain + HIDDEN)
    begun(walk, through)
    walk.config.write_text(plain)
    return plain


@pytest.mark.parametrize("name", TAKEN)
def test_a_table_where_a_name_is_taken_is_left_alone(walk: Walk, name: str) -> None:
    database, seen, first = walk.database, everybody(walk.database), walk.snapshot()
    plain = _entering(walk, "tenant-roles", TAKEN[name])
    had = walk.snapshot()
    assert "was there before this walk" in walk("status").check(4).stdout
    assert "left alone" in walk("repair", "--yes", "--walk", "tenants").check().stderr
    assert_same(had, walk.snapshot(), "left alone")
    database.execute("insert into accounts values (77, 'new'); set role app_migrator")
    synced = walk("tenants", "--sync", "--yes").check(4)
    assert "stays closed to tenants" in synced.stderr
    assert counts(database, "tenant_77", ("accounts",)) == {"accounts": 1}, "what can be done, is"
    database.execute("delete from accounts where id = 77")
    walk("tenants", "--drop", "77", "--yes").check()
    _kept(walk, seen, enters=False)
    assert walk("tenants", "--prove", "--all", "--rows", "--json").check().json["isolated"]
    walk.config.write_text(plain + HIDDEN)
    walk("status").check()
    walk("rollback", "--all", "--yes", "--walk", "tenants").check()
    database.execute(f"set role app_migrator; drop policy {TAKEN[name].split()[2]} on {TABLE}; reset role")
    assert_same(first, walk.snapshot(), "back")


def test_a_name_that_is_taken_closes_the_steps_that_are_still_to_come(walk: Walk) -> None:
    """Who goes on all the same leaves that table out."""
    seen = everybody(walk.database)
    _entering(walk, "tenant-mapping", TAKEN["open"])
    assert "was there before this walk" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
    step(walk, "--through", "tenant-roles", "--waive", "covered")
    _kept(walk, seen, enters=False)

    # Waived for this table is not for one that would enter later: it is told, as the next step waits for it
    walk.database.execute(
        "set role app_migrator; create table late (id int primary key, account_id bigint not null); "
        "create index on late (account_id); alter table late force row level security; reset role"
    )
    assert "table public.late has FORCE ROW LEVEL SECURITY" in walk("status").check(4).stdout


@pytest.mark.parametrize("way", ["next", "sync"])
@pytest.mark.parametrize("policy", [NARROW, FORCED])
def test_what_would_begin_to_count_is_settled_first(walk: Walk, policy: str, way: str) -> None:
    """Nobody loses a row: a later step waits, the rest of the world is brought up to date, and the remedy opens it."""
    seen = everybody(walk.database)
    _entering(walk, "tenant-roles", policy)
    called = ("tenants", "--sync") if way == "sync" else ("next", "--walk", "tenants", *UNPROVED, "--reason", "a test")
    refused = walk(*called, "--yes").check(4 if way == "sync" else 5)
    what = f"policy narrow on public.{TABLE} is restrictive" if policy == NARROW else "has FORCE ROW LEVEL SECURITY"
    assert what in refused.stderr
    assert what in walk("status").check(4).stdout
    _kept(walk, seen, enters=False)
    walk.database.execute(
        f"drop policy narrow on {TABLE}" if policy == NARROW else f"alter table {TABLE} no force row level security"
    )
    walk("tenants", "--sync", "--yes").check()
    _kept(walk, seen, enters=True)


def test_a_policy_that_shows_all_rows_to_everybody_shows_none_to_tenants(walk: Walk) -> None:
    seen = everybody(walk.database)
    _entering(walk, "tenant-roles", UNLIMITED)
    walk("tenants", "--sync", "--yes").check()
    _kept(walk, seen, enters=True)


def test_a_schema_of_that_name_since_the_walk_began_closes_its_first_step(walk: Walk) -> None:
    """It was refused in the middle of a later step, with the group's roles half made."""
    walk("begin", "tenants", "--yes").check()
    walk.database.execute("create schema tenancy; create table tenancy.roles (role name primary key, tenant bigint)")
    assert "there is a schema 'tenancy' already" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
    walk.database.execute("alter schema tenancy rename to theirs")
    step(walk, "--through", "tenant-roles")
    assert counts(walk.database, "tenant_1", (TABLE,)) == truth(walk.database, 1, (TABLE,))
