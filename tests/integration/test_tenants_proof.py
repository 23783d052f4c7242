"""``tenants --prove``: silent where tenants are kept apart, and every planted hole is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import psycopg
import pytest

from flatsplit.config import parse
from flatsplit.connection import open_session
from flatsplit.cutover.isolation import known
from flatsplit.evidence.isolation import read_facts, read_tenants
from flatsplit.evidence.isolation.closure import breaches
from flatsplit.evidence.isolation.holes import holes
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support import tenancy
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk

HOSTILE = """
create function spy() returns boolean language plpgsql immutable as $$
begin
    if current_user not in ('legacy', 'tenant_1', 'tenant_2', 'tenant_3') then
        raise exception 'ran as %', current_user using errcode = 'XX999';
    end if;
    return true;
end $$;
create function spy_trigger() returns trigger language plpgsql as $$
begin
    raise exception 'ran as %', current_user using errcode = 'XX999';
end $$;
create index on customers (id) where spy();
create index on orders (id) where spy();
create trigger spying before insert or update on orders for each row execute function spy_trigger();
create trigger spying before update on customers for each statement execute function spy_trigger();
create view spied as select * from customers where spy();
"""


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role; {tenancy.shop()}; analyze")
    database.execute("revoke create on schema public from public; grant create on schema public to legacy")
    found = Walk(invoke_cli, database).init()
    found.config.write_text(found.config.read_text() + tenancy.CONFIG)
    return found


@pytest.mark.majors("two")
def test_kept_apart(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = walk.database.admin.execute("select count(*), max(id) from orders").fetchone()
    proof = walk("tenants", "--prove", "--all", "--rows", "--json").check(0).json
    assert (proof["isolated"], proof["clean"], proof["tenants"], proof["tried"]) == (True, True, 3, 3)
    tables = {one["table"]: one for one in proof["tables"]}
    apart = {name: one for name, one in tables.items() if one["kind"] in ("own", "through")}
    assert apart.keys() == {f"public.{name}" for name in tenancy.SHOP_CONDITIONS if name != "accounts"}
    assert {(one["tried"], one["equal"]) for one in apart.values()} == {(3, 3)}
    assert not {name: one["untried"] for name, one in tables.items() if one["untried"]}
    assert all(one["refused"] >= 9 for one in apart.values()), apart
    assert all(one["total"] == one["tenants"] + one["nobodys"] + one["roleless"] for one in proof["sums"])
    assert proof["crossing"] == 0
    assert {one["key"] for one in proof["holes"]} == {"foreign-key", "primary-key", "other-database"}
    beside = {one["subject"]: one["fix"] for one in proof["holes"] if one["fix"]}
    assert beside["database postgres"].endswith('first: REVOKE CONNECT ON DATABASE "postgres" FROM PUBLIC;')
    assert walk.database.admin.execute("select count(*), max(id) from orders").fetchone() == before
    with monkeypatch.context() as few:
        few.setattr("flatsplit.evidence.isolation.proof.BLOCK", 2)
        in_blocks = walk("tenants", "--prove", "--all", "--json").check(0).json
    assert in_blocks["tables"] == proof["tables"], "however many tables share a transaction"
    paper = walk.run.cwd / "proof"
    for suffix, said in ((".md", "| `public.lines` | through | 2 | 2 |"), (".html", "kept apart</h1>")):
        walk("tenants", "--prove", "--sample", "2", "--paper", str(paper) + suffix).check(0)
        assert said in Path(str(paper) + suffix).read_text()
    shown = walk("tenants", "--prove", "--sample", "2", "--seed", "7").check(0).stdout
    assert "As 2 of 3 tenants" in shown
    assert "3 tenants kept apart" in shown


AUDIT = """
create function audit() returns trigger language plpgsql security definer as 'begin return new; end';
create trigger audit after insert on orders for each row execute function audit()
"""
CHIEF = """
create role chief; create role later in role chief; grant app_tenant to chief with admin option;
set role chief; grant app_tenant to later, tenant_3; reset role; revoke app_tenant from tenant_3
"""
ANOTHERS = """
create role chief; grant tenant_2 to chief with admin option;
set role chief; grant tenant_2 to tenant_1; reset role
"""
"""Memberships that somebody else than the operator has given, since 16 only taken away by name."""
PLANTED = (
    # (key, what is planted, how it goes)
    ("no-permissive", "drop policy tenant on orders", "RESTORE orders tenant"),
    ("no-restrictive", "drop policy tenant_only on orders", "RESTORE orders tenant_only"),
    ("forced", "alter table orders force row level security", "alter table orders no force row level security"),
    ("policy", "create policy everyone on orders using (true)", "drop policy everyone on orders"),
    ("policy", "create policy mine on orders to tenant_1 using (total > 5)", "drop policy mine on orders"),
    ("rls-off", "alter table lines disable row level security", "alter table lines enable row level security"),
    ("bypass", "alter role tenant_1 bypassrls", "alter role tenant_1 nobypassrls"),
    ("superuser", "alter role app_tenant superuser", "alter role app_tenant nosuperuser"),
    ("createrole", "alter role tenant_2 createrole", "alter role tenant_2 nocreaterole"),
    ("member", "grant legacy to tenant_1", "revoke legacy from tenant_1"),
    ("member", "grant legacy to app_tenant", "revoke legacy from app_tenant"),
    ("member", "grant tenant_2 to tenant_1", "revoke tenant_2 from tenant_1"),
    ("member", "grant pg_read_all_stats to tenant_1", "revoke pg_read_all_stats from tenant_1"),
    ("admin", "grant app_tenant to tenant_1 with admin option", "revoke admin option for app_tenant from tenant_1"),
    ("no-member", "revoke app_tenant from tenant_3", "grant app_tenant to tenant_3"),
    ("no-tenant", "create role guest in role app_tenant", "drop role guest"),
    ("no-role", "insert into tenancy.roles values ('gone', 1)", "delete from tenancy.roles where role = 'gone'"),
    ("owner", "alter view open_orders owner to tenant_1", "alter view open_orders owner to legacy"),
    ("own-right", "grant select on users to tenant_1", "revoke select on users from tenant_1"),
    ("hidden", "grant select (email) on users to app_tenant", "revoke select (email) on users from app_tenant"),
    ("shared-writes", "grant update on plans to public", "revoke update on plans from public"),
    ("beyond-rows", "grant truncate on orders to app_tenant", "revoke truncate on orders from app_tenant"),
    ("hidden", "create table memos (t text); grant select on memos to public", "drop table memos"),
    (
        "no-kind",
        "create schema far create table t (); grant usage on schema far to public; grant insert on far.t to public",
        "drop schema far cascade",
    ),
    ("mapping-writes", "grant update on tenancy.roles to public", "revoke update on tenancy.roles from public"),
    ("policy", "create policy all_of_it on tenancy.roles using (true)", "drop policy all_of_it on tenancy.roles"),
    ("partition", "grant select on events_old to app_tenant", "revoke select on events_old from app_tenant"),
    ("view-as-owner", "grant select on open_orders to app_tenant", "revoke select on open_orders from app_tenant"),
    (
        "matview",
        "create materialized view totals as select * from orders; grant select on totals to public",
        "drop materialized view totals",
    ),
    (
        "definer-open",
        "create function all_of_it() returns bigint language sql security definer as 'select count(*) from orders'",
        "drop function all_of_it()",
    ),
    (
        "trigger",
        AUDIT,
        "drop function audit() cascade",
    ),
    ("rule", "create rule r as on update to customers do also update users set email = ''", "drop rule r on customers"),
    ("creates", "grant create on schema public to app_tenant", "revoke create on schema public from app_tenant"),
    (
        "later",
        "alter default privileges for role legacy grant select on tables to app_tenant",
        "alter default privileges for role legacy revoke select on tables from app_tenant",
    ),
    ("member", "create role team; grant legacy to team; grant team to tenant_1", "drop role team"),
    ("no-tenant", "create role guest in role app_tenant; create role below in role guest", "drop role below, guest"),
    ("noinherit", "NOINHERIT tenant_2", ""),
    ("no-tenant", CHIEF, "drop role chief, later"),
    ("member", ANOTHERS, "drop role chief"),
    ("large-objects", "grant select on large object 4711 to public", "revoke select on large object 4711 from public"),
)
"""Everything that a proof must see, each planted alone; cured by what is printed, where that is SQL."""


@contextmanager
def looking(walk: Walk) -> Iterator[Callable[[], tuple[set[str], str, list[str]]]]:
    """What the catalog says: keys of breaches and of ways around, the digest, and the statements that are printed."""
    config = parse(walk.config.read_text())
    with open_session(walk.database.dsn) as session:

        def look() -> tuple[set[str], str, list[str]]:
            survey = known(session, config)
            tenants = read_tenants(session.driver, survey)
            facts = read_facts(session.driver, survey.tenants.group, tenants, ("public", "tenancy"))
            found = breaches(facts, survey)
            keys = {one.key for one in found} | {one.key for one in holes(facts, survey) if one.opens}
            return keys, facts.digest, [one.fix for one in found if one.fix.split()[0].isupper()]

        yield look


@pytest.mark.majors("two")
def test_every_planted_hole_is_named_and_closed_by_what_is_printed(walk: Walk) -> None:
    walk.database.execute("select lo_create(4711)")
    modern = walk.database.cluster.major >= 16
    with looking(walk) as look:
        clean = look()
        assert clean[0] == set()
        for key, plant, cure in PLANTED:
            if plant.startswith("NOINHERIT"):
                role = plant.split()[1]
                plant = f"grant app_tenant to {role} with inherit false" if modern else f"alter role {role} noinherit"
            walk.database.execute(plant)
            found, digest, printed = look()
            assert key in found, (key, plant, found)
            assert digest != clean[1], plant
            for fix in printed:
                walk.database.execute(fix)
            if printed:
                assert look()[0] == set(), (plant, printed, look()[2])
            if cure.startswith("RESTORE"):
                _, table, name = cure.split()
                how = " as restrictive" if name == "tenant_only" else ""
                cure = f"create policy {name} on {table}{how} to app_tenant using ({tenancy.SHOP_CONDITIONS[table]})"
            if cure and (not printed or re.match("drop (?!policy)", cure)):
                walk.database.execute(cure)
        assert look()[0] == set()


@pytest.mark.majors("two")
def test_every_right_beyond_rows_is_named(walk: Walk) -> None:
    """Whatever this major knows as a right on a table, MAINTAIN included."""
    known_here = walk.database.admin.execute("select privilege_type from aclexplode(acldefault('r', 10))").fetchall()
    with looking(walk) as look:
        for right in {name for (name,) in known_here} - {"SELECT", "INSERT", "UPDATE", "DELETE"}:
            walk.database.execute(f"grant {right} on orders to app_tenant")
            found, _, printed = look()
            assert found == {"beyond-rows"}, right
            walk.database.execute("; ".join(printed))
            assert look()[0] == set(), right


@pytest.mark.majors("two")
def test_views_are_named_where_tenants_see_more_by_them(walk: Walk) -> None:
    """Whatever views lie on one another: with the owner's rights, the caller's (15 and later), or filled before."""
    database = walk.database
    makes = {"p": "create view", "m": "create materialized view"}
    if database.cluster.major >= 15:
        makes["i"] = "create view"
    stacks = ["".join(kinds) for length in (1, 2, 3) for kinds in product(makes, repeat=length)]
    for stack in stacks:  # those that lie on others come later
        options = " with (security_invoker = 'TRUE')" if stack[-1] == "i" else ""
        below = f"v_{stack[:-1]}" if stack[:-1] else "orders"
        database.execute(
            f"set role legacy; {makes[stack[-1]]} v_{stack}{options} as select * from {below}; "
            f"grant select on v_{stack} to app_tenant"
        )
    with database.connect() as tenant:
        tenant.execute("set role tenant_1")
        mine = tenant.execute("select count(*) from orders").fetchone()

        def more(stack: str) -> bool:
            try:
                return tenant.execute(f"select count(*) from v_{stack}".encode()).fetchone() != mine
            except psycopg.errors.InsufficientPrivilege:
                return False

        said = walk("tenants", "--prove", "--json").json["holes"]
        named = {one["subject"].rpartition("v_")[2]: one["fix"] for one in said if "view" in one["key"]}
        assert [stack for stack in named if not more(stack)] == []
        database.execute("".join(fix.partition(" or, from ")[0] for fix in named.values()))
        assert [stack for stack in stacks if more(stack)] == [], "what lies on one that is named is closed with it"


LET_IN = (
    ("public", ""),
    ("app_tenant", ""),
    ("tenant_2", ""),
    ("team", "grant team to tenant_2"),
    ("team", "grant team to app_tenant"),
    ("team", "create role circle; grant team to circle; grant circle to tenant_3"),
    ("team", ""),
)
"""Whom another database lets in, and how a tenant comes to be among them."""


@pytest.mark.majors("two")
def test_other_databases_are_named_where_a_tenant_may_connect(walk: Walk, make_database: MakeDatabase) -> None:
    other = make_database()
    other.execute(f"revoke connect on database {other.name} from public; create role team")
    may = "select bool_or(has_database_privilege(role, %s, 'CONNECT')) from tenancy.roles"
    for whom, join in LET_IN:
        other.execute(f"grant connect on database {other.name} to {whom}; {join}")
        proof = walk("tenants", "--prove", "--sample", "1", "--json").json
        said = {one["subject"]: one["fix"] for one in proof["holes"] if one["key"] == "other-database"}
        (let_in,) = walk.database.admin.execute(may, [other.name]).fetchone() or (None,)
        assert (f"database {other.name}" in said) == let_in, (whom, join)
        other.execute(said.get(f"database {other.name}", "").rpartition("first: ")[2])
        assert walk.database.admin.execute(may, [other.name]).fetchone() == (False,)
        other.execute(f"revoke connect on database {other.name} from {whom}; drop role if exists circle")
        other.execute("revoke team from tenant_2, app_tenant")


LINES = f"({tenancy.SHOP_CONDITIONS['lines']})"


@pytest.mark.majors("two")
def test_acts_see_what_the_catalog_would_not(walk: Walk) -> None:
    """What opens a table comes out in the acts too, so that one of the two may err."""
    for plant, cure, act in (
        (
            "alter table orders disable row level security",
            "alter table orders enable row level security",
            {"see own rows", "lock foreign rows", "insert for another tenant", "move a row to another tenant"},
        ),
        ("alter role tenant_1 bypassrls", "alter role tenant_1 nobypassrls", {"see own rows"}),
        (
            "drop policy tenant_only on lines; create policy more on lines for insert to app_tenant with check (true)",
            f"drop policy more on lines; create policy tenant_only on lines as restrictive to app_tenant using {LINES}",
            {"insert for another tenant"},
        ),
        ("grant delete on users to app_tenant", "revoke delete on users from app_tenant", set()),
        ("drop policy tenant on drafts", "RESTORE", {"see own rows", "insert"}),
    ):
        walk.database.execute(plant)
        proof = walk("tenants", "--prove", "--all", "--json").check(4).json
        assert act <= {one["act"] for one in proof["failures"]}, (plant, proof["failures"])
        if cure == "RESTORE":
            cure = f"create policy tenant on drafts to app_tenant using ({tenancy.SHOP_CONDITIONS['drafts']})"
        walk.database.execute(cure)
    walk("tenants", "--prove", "--all").check(0)


@pytest.mark.majors("two")
def test_the_applications_code_never_runs_as_the_operator(walk: Walk) -> None:
    walk.database.execute(f"set role legacy; {HOSTILE}; grant select on spied to app_tenant; reset role")
    proof = walk("tenants", "--prove", "--all", "--rows", "--json").check(4).json
    assert proof["isolated"], proof
    assert [one["key"] for one in proof["holes"] if one["opens"]] == ["view-as-owner"]
    untried = {one["table"]: set(one["untried"]) for one in proof["tables"] if one["untried"]}
    assert untried == {
        "public.customers": {"move a row to another tenant: a trigger would run"},
        "public.orders": {
            "insert for another tenant: a trigger would run",
            "insert: a trigger would run",
            "move a row to another tenant: a trigger would run",
        },
    }
    with pytest.raises(psycopg.Error, match="ran as"):
        walk.database.admin.execute("select count(*) from orders")


@pytest.mark.slow
def test_a_policy_for_everybody_is_narrowed_by_what_is_printed(walk: Walk) -> None:
    walk.database.execute("create policy mine on orders using (id > 0); grant select (id) on orders to pg_monitor")
    (said,) = walk("tenants", "--prove", "--json").check(4).json["breaches"]
    assert said["fix"] == 'ALTER POLICY "mine" ON "public"."orders" TO "pg_monitor";'
    walk.database.execute(said["fix"])
    walk("tenants", "--prove", "--json").check(0)
