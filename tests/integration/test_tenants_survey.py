"""``tenants --survey``: by keys and foreign keys of a real database, and by rows without the operator's rights."""

from __future__ import annotations

import pytest

from flatsplit import ddl
from flatsplit.config import parse
from flatsplit.tenants import Condition, Link
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk

HOSTILE = """
create function spy() returns boolean language plpgsql immutable as $$
begin
    insert into public.seen select current_user::text; return true;
exception when others then return true; end $$;
create table seen (who text);
create index on customers (id) where spy();
"""


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role; analyze")
    return Walk(invoke_cli, database).init()


@pytest.mark.majors("two")
def test_kinds_by_keys_and_foreign_keys(walk: Walk) -> None:
    found = walk("tenants", "--survey", "--json").check().json
    assert {one["table"]: one["kind"] for one in found["tables"]} == {
        "public.accounts": "root",
        "public.categories": "own",
        "public.customers": "own",
        "public.drafts": "own",
        "public.events": "own",
        "public.lines": "through",
        "public.notes": "through",
        "public.orders": "own",
        "public.plans": "hidden",
        "public.users": "hidden",
    }
    assert (found["root"], found["key_type"], found["complete"]) == ("public.accounts", "bigint", True)
    shown = walk("tenants", "--survey").check().stdout
    assert "own: a column of its own says whose a row is (5)" in shown
    walk.config.write_text(walk.config.read_text() + "\n" + found["toml"])
    assert parse(walk.config.read_text()).tenants is not None
    assert walk("tenants", "--survey", "--json").check().json["tables"] == found["tables"]

    walk.database.execute("create table memos (id int primary key, order_id bigint)", user="legacy")
    asked = walk("tenants", "--survey").check(4).stdout
    assert 'through = { "public.memos" = "order_id -> public.orders(id)" }' in asked


UNROOTED = """
create table sp_tenant (id bigint primary key, tenant text not null unique);
create table sp_set (id bigint primary key, tenant text not null);
create table sp_target (id bigint primary key, tenant text not null, set_id bigint not null references sp_set);
create table sp_attribute (id bigint primary key, target_id bigint not null references sp_target);
create table sp_action (id bigint primary key, tenant text not null, set_id bigint not null references sp_set);
"""


def test_without_a_table_of_tenants_it_is_made_as_if_a_migration_had_made_one(
    database: Database, invoke_cli: InProcess
) -> None:
    """Most tables refer to sp_set, and say whose they are beside it."""
    database.execute(UNROOTED, user="legacy")
    walk = Walk(invoke_cli, database).init()
    found = walk("tenants", "--survey", "--rows", "--json").check(4).json
    assert (found["root"], found["missing"], found["unrooted"][0]["column"]) == ("public.tenants", True, "tenant")
    kinds = {one["table"]: one["kind"] for one in found["tables"]}
    own = dict.fromkeys(("public.sp_tenant", "public.sp_set", "public.sp_target", "public.sp_action"), "own")
    assert kinds == {"public.tenants": "root", "public.sp_attribute": "through", **own}
    assert "as if public.tenants were there" in walk("tenants", "--survey").check(4).stdout
    create = found["unrooted"][0]["fix"].partition("have a migration make their table: ")[2].partition(";")[0]
    database.execute(create, user="legacy")
    walk.config.write_text(walk.config.read_text() + "\n" + found["toml"])
    assert walk("tenants", "--survey", "--json").check().json["tables"] == found["tables"]


@pytest.mark.majors("two")
def test_rows_are_counted_as_the_owner(walk: Walk) -> None:
    walk.database.execute(f"set role legacy; {HOSTILE}")
    walk.database.execute(
        "insert into orders (account_id, customer_id) select 1, id from customers where account_id = 2 limit 1"
    )
    found = {
        one["table"]: one["rows"] for one in walk("tenants", "--survey", "--rows", "--json").check().json["tables"]
    }
    drafts = {"total": 8, "nobodys": 2, "strangers": 0, "crossing": 0, "largest": 2, "tenants": 3}
    assert found["public.drafts"] == drafts
    assert found["public.notes"]["nobodys"] == 1
    assert found["public.orders"]["crossing"] == 1
    assert found["public.plans"]["total"] == 2
    assert walk.database.admin.execute("select * from seen where who <> 'legacy'").fetchall() == []
    assert "spy" in str(
        walk.database.admin.execute("select indexdef from pg_indexes where indexdef like '%spy%'").fetchall()
    )


@pytest.mark.majors("all")
def test_conditions_come_back_as_they_were_written(database: Database) -> None:
    """What the server prints of a policy is recognised, on every major, with any name and type of key."""
    database.execute("create schema tenancy; create table tenancy.roles (role name primary key, tenant text)")
    for number, (table, key, type_) in enumerate(
        [
            ("r", "account_id", "text"),
            ('A "b"\n%', "select", "varchar(40)"),
            ("p1", "x:y", "text"),
            ("t" * 63, "k", "text"),
        ]
    ):
        far = f"far{number}"
        names = {"t": ddl.ident("public", table), "k": ddl.ident(key), "far": ddl.ident(far)}
        database.execute(
            "create table {far} (id int, no int, {k} {type}, primary key (id, no));"
            "create table {t} ({k} {type}, far_id int, far_no int)".format(type=type_, **names)
        )
        conditions = [
            Condition("tenancy", key),
            Condition("tenancy", key, or_null=True),
            Condition("tenancy", key, (Link("public", far, ("far_id", "far_no"), ("id", "no")),)),
        ]
        for place, condition in enumerate(conditions):
            text = ddl.condition(condition, table)
            database.execute(f"create policy p{place} on {names['t']} using ({text})")
        printed = database.admin.execute(
            "select set_config('quote_all_identifiers', 'on', false),"
            " set_config('search_path', 'pg_catalog', false),"
            " array(select pg_get_expr(polqual, polrelid) from pg_policy where polrelid = %s::regclass"
            " order by polname)",
            [names["t"]],
        ).fetchone()
        assert printed is not None
        assert [ddl.recognise(each, table) for each in printed[2]] == conditions, printed[2]
        database.admin.execute("reset all")


DOMAINS = """
create domain number as bigint check (value > 0); create domain "Account No" as number;
create table "Select" (id "Account No" primary key); insert into "Select" select generate_series(1, 1000);
create table orders (id int primary key, account_id number not null references "Select");
insert into orders select n, n from generate_series(1, 1000) as n; create index on orders (account_id);
"""


@pytest.mark.majors("two")
def test_a_domain_over_a_domain_is_the_type_below(database: Database, invoke_cli: InProcess) -> None:
    database.execute(f"set role legacy; {DOMAINS} reset role")
    walk = Walk(invoke_cli, database).init()
    section = "\n[tenants]\nroot = 'public.\"Select\"'\nkey = ['account_id']\n"
    walk.config.write_text(walk.config.read_text() + section)
    said = walk("tenants", "--survey", "--json").check().json
    assert (said["complete"], said["key_type"], said["undecided"], said["wrong"]) == (True, "bigint", [], [])
    assert {one["table"]: one["kind"] for one in said["tables"]} == {'public."Select"': "root", "public.orders": "own"}
