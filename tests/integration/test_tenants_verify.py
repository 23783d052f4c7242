"""``verify`` and ``status`` after the proof: what leads to other tenants' rows since then is not what was promised."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.tenanted import UNPROVED, begun, counts, split_done, step, truth
from tests.support.walk import assert_same

WAYS = {
    "tenant_3 is tenant '2' by the mapping, and is called like tenant '3'": (
        "update tenancy.roles set tenant = 2 where role = 'tenant_3'",
        "update tenancy.roles set tenant = 3 where role = 'tenant_3'",
    ),
    "view public.open_orders reads public.orders with its owner's eyes": (
        "grant select on open_orders to app_tenant",
        "revoke select on open_orders from app_tenant",
    ),
    "materialized view public.totals holds rows of public.orders": (
        (
            "create materialized view totals as select * from orders; alter table totals owner to app_migrator; "
            "grant select on totals to app_tenant"
        ),
        "drop materialized view totals",
    ),
    "tenant_1 has BYPASSRLS": ("alter role tenant_1 bypassrls", "alter role tenant_1 nobypassrls"),
    "tenant_2 is a member of app_user": ("grant app_user to tenant_2", "revoke app_user from tenant_2"),
    "table public.events_old is reached by itself": (
        "grant select on events_old to app_tenant",
        "revoke select on events_old from app_tenant",
    ),
    "loud": ("create policy loud on orders to public using (true)", "drop policy loud on orders"),
    "public.peek()": (
        (
            "create function peek() returns bigint language sql security definer as 'select count(*) from orders'; "
            "alter function peek() owner to app_migrator; grant execute on function peek() to app_tenant"
        ),
        "drop function peek()",
    ),
}
"""What verify says of each, with the SQL that makes it and the SQL that takes it back."""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_ways_to_other_tenants_rows(database: Database, invoke_cli: InProcess) -> None:
    walk = split_done(database, invoke_cli)
    begun(walk, "tenant-proof")
    walk("tenants", "--add", "17", "--yes").check()
    assert walk("verify", "--json").check().json["tenants"] == [], "another tenant is no way to rows"
    assert walk("status", "--json").check().json["broken"] == []
    database.execute("; ".join(plant for plant, _ in WAYS.values()))
    told = walk("verify", "--json").check(4).json["tenants"]
    broken = walk("status", "--json").check(4).json["broken"]
    assert broken[: len(told)] == told
    taken, *others = broken[len(told) :]
    assert "wanted again is revoke SELECT on table public.events_old" in taken["what"], (
        "sync takes back rights on tables"
    )
    assert [one["what"] for one in others] == ["tenant_2 became a member of app_user"]
    assert [said for said in WAYS if not any(said in one["what"] for one in told)] == []
    assert all(one["fix"] for one in told)
    shown = walk("verify").check(4).stdout
    assert "tenants: tenant_1 has BYPASSRLS: no policy holds" in shown
    database.execute("".join(one["fix"].partition(" or, from ")[0] for one in told if "; then " not in one["fix"]))
    (left,) = walk("verify", "--json").check(4).json["tenants"]
    assert "public.peek()" in left["what"], "the only one that is closed by no single statement"
    database.execute("; ".join(cure for _, cure in WAYS.values()))
    assert walk("verify", "--json").check().json["tenants"] == []
    database.execute("drop table tenancy.roles cascade")
    said = walk("verify", "--json").check(4).json["tenants"]
    assert [one["what"].partition("; ")[2] for one in said] == ["of 8 tables 58 such policies are missing", ""]
    assert {one["fix"] for one in said} == {"flatsplit tenants --sync makes it"}, "not to take tenants' rights away"
    walk("tenants", "--sync", "--yes").check()
    (left,) = walk("verify", "--json").check(4).json["tenants"]
    assert left["what"] == "tenant_17 is a member of app_tenant and nobody's by the mapping", "the root has no such row"


@pytest.mark.slow
@pytest.mark.parametrize("waived", [True, False])
def test_a_breach_is_told_until_it_is_closed(waived: bool, database: Database, invoke_cli: InProcess) -> None:
    """A later proof that finds it accepts nothing; only what was ``waived`` with the step is known."""
    walk = split_done(database, invoke_cli)
    begun(walk, "tenant-roles")
    if waived:
        database.execute("alter role tenant_1 bypassrls")
        walk("tenants", "--prove", "--rows").check(4)
    step(walk, *UNPROVED)
    if not waived:
        walk("tenants", "--prove", "--rows").check()
    assert walk("verify", "--json").json["tenants"] == []
    database.execute("alter role tenant_2 bypassrls")
    for _ in range(2):
        (told,) = walk("verify", "--json").check(4).json["tenants"]
        assert told["what"].startswith("tenant_2 has BYPASSRLS")
        walk("tenants", "--prove").check(4)
    database.execute("alter role tenant_2 nobypassrls")
    assert walk("verify", "--json").json["tenants"] == []


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_table_that_is_locked_is_no_breach(database: Database, invoke_cli: InProcess) -> None:
    """``status`` says that it cannot look and goes on; ``verify``, which would vouch for it, does not pass."""
    walk = split_done(database, invoke_cli)
    begun(walk, "tenant-proof")
    with database.connect(autocommit=False) as migration:
        migration.execute("lock table customers")
        found = walk("status", "--json").check().json
        assert found["broken"] == []
        ((said,),) = [[one["what"] for one in found["untold"]]]
        assert said.startswith("it cannot be told whether tenants are kept apart")
        assert said in walk("status").check().stdout
        assert said in [one["what"] for one in walk("verify", "--json").check(4).json["tenants"]]
    assert walk("status", "--json").check().json["untold"] == []


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_comes_and_goes_is_told_and_caught_up_with(database: Database, invoke_cli: InProcess) -> None:
    walk = split_done(database, invoke_cli)
    begun(walk, "tenant-roles")

    def told(reason: str) -> None:
        assert any(one["what"].startswith(reason) for one in walk("status", "--json").check(4).json["broken"])
        assert reason in {one["cause"] for one in walk("verify", "--json").check(4).json["drift"]}

    part = "events_old for values from ('2000-01-01') to ('2020-01-01')"
    database.execute("alter table events detach partition events_old")
    told("its rows each belong to a tenant now")
    walk("tenants", "--sync", "--yes").check()
    assert counts(database, "tenant_1", ("events_old",)) == {"events_old": 2}
    database.execute(f"alter table events attach partition {part}")
    told("its rows do not each belong to a tenant any more")
    walk("tenants", "--sync", "--yes").check()
    assert counts(database, "tenant_1", ("events", "events_old")) == {
        **truth(database, 1, ("events",)),
        "events_old": "refused",
    }

    # A kind that the configuration no longer gives goes, too
    plain = walk.config.read_text()
    walk.config.write_text(plain.replace('shared = ["public.plans"]', ""))
    told("flatsplit.toml says something else since")
    walk("tenants", "--sync", "--yes").check()
    assert counts(database, "tenant_1", ("plans",)) == {"plans": "refused"}
    walk.config.write_text(plain)
    walk("tenants", "--sync", "--yes").check()

    # What is called otherwise now goes on being read, until that is said
    database.execute("alter table plans rename to tariffs")
    plans = "public.plans is no table in the schemas in scope"
    assert any(plans in one["what"] for one in walk("status", "--json").check(4).json["broken"])
    assert plans in walk("tenants", "--sync", "--yes").check(4).stderr
    assert counts(database, "tenant_1", ("tariffs",)) == {"tariffs": 2}
    database.execute("alter table tariffs rename to plans")
    assert walk("status", "--json").check().json["broken"] == []

    # Its policies follow a column that is called otherwise now: nothing is taken away until somebody says what it is
    database.execute("alter table drafts rename column account_id to whose")
    unsaid = "of 1 table nothing says what they are to a tenant: public.drafts"
    assert unsaid in [one["what"] for one in walk("status", "--json").check(4).json["broken"]]
    assert "to be said" in walk("tenants", "--sync", "--yes").check(4).stderr
    assert counts(database, "tenant_1", ("drafts",)) == {"drafts": 2}
    walk.config.write_text(f'{plain}own = {{ "public.drafts" = "whose" }}\n')
    assert "Nothing new" in walk("tenants", "--sync", "--yes").check().stdout

    # With its column its policies go, but for `everyone`: nothing stays of it
    database.execute("alter table drafts drop column whose cascade")
    walk.config.write_text(plain)
    told("its rows do not each belong to a tenant any more")
    walk("tenants", "--sync", "--yes").check()
    assert counts(database, "tenant_1", ("drafts",)) == {"drafts": "refused"}
    left = (
        "select relrowsecurity, (select count(*) from pg_policy where polrelid = oid) from pg_class where relname = %s"
    )
    assert database.admin.execute(left, ["drafts"]).fetchone() == (False, 0)

    # Out of scope it is another table by name, and nobody else's
    database.execute("create schema apart authorization app_migrator; alter table categories set schema apart")
    told("its rows do not each belong to a tenant any more")
    database.execute("create table apart.fresh (account_id bigint); alter table apart.fresh owner to app_migrator")
    walk("tenants", "--sync", "--yes").check()
    assert database.admin.execute(left, ["categories"]).fetchone() == (False, 0)
    assert walk("status", "--json").check().json["broken"] == []


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("since", [False, True])
def test_what_nothing_says_any_more_is_closed_first_on_the_way_back(
    database: Database, invoke_cli: InProcess, since: bool
) -> None:
    """Its policies hold until tenants have no right on it any more. ``since``: the table came during the walk."""
    walk = split_done(database, invoke_cli)
    before = walk.snapshot()
    begun(walk, "tenant-roles")
    name, there = ("late", "create table late (like drafts); ") if since else ("drafts", "")
    database.execute(f"set role app_migrator; {there}insert into {name} values (90, 1), (91, 2); reset role")
    walk("tenants", "--sync", "--yes").check()
    own = counts(database, "tenant_1", (name,))[name]
    assert isinstance(own, int)
    database.execute(f"alter table {name} rename column account_id to whose")
    for _ in range(6):
        assert walk("status", "--walk", "tenants").exit_code in (0, 4)
        walk("rollback", "--yes", "--walk", "tenants").check()
        if database.admin.execute("select from pg_roles where rolname = 'tenant_1'").rowcount:
            assert counts(database, "tenant_1", (name,))[name] in ("refused", own)
        if walk("status", "--walk", "tenants").exit_code == 2:
            break
    state = (
        "select relrowsecurity, (select count(*) from pg_policy where polrelid = oid) from pg_class where relname = %s"
    )
    assert database.admin.execute(state, [name]).fetchone() == (False, 0)
    database.execute("drop table late" if since else "alter table drafts rename column whose to account_id")
    assert_same(before, walk.snapshot(), "back")
