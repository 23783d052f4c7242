"""Whatever a table is made of, and by whatever statement it is reached: a tenant sees and changes its own rows."""

from __future__ import annotations

import subprocess
from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.fixtures.servers import tool
from tests.support.walk import Walk, assert_same

MADE = """
create schema other authorization legacy;
set role legacy;
create table accounts (id bigint generated always as identity primary key, name text);
create table things (id bigint generated always as identity primary key, account_id bigint not null references accounts,
    code text not null unique, body text);
create table computed (id int primary key, data jsonb not null,
    account_id bigint generated always as ((data ->> 'a')::bigint) stored not null);
create table docs (id int primary key, account_id bigint not null, body text);
create table docs_special (extra text) inherits (docs);
create table stamped (stamp int);
create table stamps (id int primary key, account_id bigint not null) inherits (stamped);
create table stamps_late () inherits (stamps);
create table other.things (id int primary key, account_id bigint not null references public.accounts, body text);
create table parts (id int primary key, account_id bigint not null,
    thing bigint references things on delete cascade, up int references parts on delete set null);
create table tags (id int primary key, label text);
create index on things (account_id); create index on computed (account_id); create index on docs (account_id);
create index on stamps (account_id); create index on other.things (account_id); create index on parts (account_id);
create view whole as select * from things;
create view checked as select * from docs where body <> 'x' with check option;
create materialized view kept as select * from things;
create function every() returns bigint language sql security definer as 'select count(*) from public.things';
create function shown() returns trigger language plpgsql security definer as 'begin return new; end';
create trigger shown before update on parts for each row execute function shown();
insert into accounts (name) select 'a' || k from generate_series(1, 3) as k;
insert into things (account_id, code, body) select 1 + n % 3, 'c' || n, 'b' from generate_series(1, 12) as n;
insert into computed select n, json_build_object('a', 1 + n % 3)::jsonb from generate_series(1, 12) as n;
insert into docs select n, 1 + n % 3, 'd' from generate_series(1, 12) as n;
insert into docs_special select n, 1 + n % 3, 'd', 'e' from generate_series(21, 32) as n;
insert into stamps select 1, n, 1 + n % 3 from generate_series(21, 32) as n;
insert into stamps_late select 1, n, 1 + n % 3 from generate_series(41, 52) as n;
insert into other.things select n, 1 + n % 3, 'd' from generate_series(1, 12) as n;
insert into parts select n, 1 + n % 3, n from generate_series(1, 12) as n;
insert into tags values (1, 'x');
refresh materialized view kept;
reset role;
"""
CONFIG = '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n[tenants.tables]\nshared = ["public.tags"{}]\n'
OWN = {"things": 4, "other.things": 4, "computed": 4, "docs": 8, "stamps": 8, "parts": 4}

REFUSED = psycopg.errors.InsufficientPrivilege
CONFLICT = "insert into things (account_id, code) values (1, 'c1') on conflict (code) do"
MERGE = "merge into things using (values ('c1'), ('c3')) as v (c) on"
ACTS: tuple[tuple[str, Any], ...] = (
    ("select from docs_special", REFUSED),  # a child is reached by its parent alone
    ("select from stamped", REFUSED),  # which holds rows of everybody's by its children
    ("select from stamps_late", REFUSED),
    *((f"select from {view}", REFUSED) for view in ("whole", "checked", "kept")),
    ("update checked set account_id = 2", REFUSED),
    ("insert into computed values (100, '{\"a\": 2}')", REFUSED),
    ("update computed set data = '{\"a\": 2}'", REFUSED),
    ("insert into computed values (100, '{\"a\": 1}')", 1),
    ("insert into stamps values (1, 100, 2)", REFUSED),
    ("update stamps set account_id = 2", REFUSED),
    ("update docs set body = 'mine'", 8),
    ("update only docs set body = 'mine'", 4),
    ("update docs set account_id = 2", REFUSED),
    (f"{CONFLICT} nothing", 0),  # that another has it, is told: the proof names the index
    (f"{CONFLICT} update set body = 'mine'", REFUSED),
    (f"{CONFLICT} update set account_id = 1", REFUSED),
    ("copy things (account_id, code) from stdin", psycopg.errors.FeatureNotSupported),
    ("truncate docs", REFUSED),
    ("insert into things overriding system value values (1, 2, 'new', 'x')", REFUSED),
    ("update parts set thing = 1 where id = 3", 1),  # c1 is another's: the proof names the foreign key
    ("delete from things where code = 'c3'", 1),
    ("delete from things where code = 'c1'", 0),
    ("select from pg_largeobject", REFUSED),
    ("select last_value from things_id_seq", REFUSED),
    ("select setval('things_id_seq', 1)", REFUSED),
    ("select nextval('things_id_seq')", 1),
    ("select from pg_stats where tablename in ('things', 'docs')", 0),
    ("select from every() as n where n = 12", 1),  # a definer's: the proof names it
)
MERGES: tuple[tuple[str, Any], ...] = (
    (f"{MERGE} code = c when matched then update set body = 'mine'", 1),
    (f"{MERGE} code = c when matched then delete", 1),
    (f"{MERGE} code = c when matched then update set account_id = 2", REFUSED),
    (f"{MERGE} c = 'c1' and code = 'zz' when not matched then insert (account_id, code) values (2, c || 'n')", REFUSED),
    ("select from invoked", REFUSED),
)
HOLES = {"definer-open", "trigger", "foreign-key", "unique", "primary-key", "other-database"}


@pytest.mark.majors("two")
def test_whatever_a_table_is_made_of(database: Database, invoke_cli: InProcess) -> None:
    modern = database.cluster.major >= 15
    database.execute(MADE)
    if modern:
        invoked = "create view invoked with (security_invoker = true) as select * from things"
        database.execute(f"set role legacy; {invoked}; reset role")
    walk = Walk(invoke_cli, database).init("--schema", "public", "--schema", "other")
    walk.forward()
    plain = walk.config.read_text()
    walk.config.write_text(plain + CONFIG.format(', "public.stamped"'))
    assert "shows the rows of its child public.stamps" in walk("tenants", "--survey").check(4).stdout
    walk.config.write_text(plain + CONFIG.format(""))
    kinds = {one["table"]: one["kind"] for one in walk("tenants", "--survey", "--json").check().json["tables"]}
    own = {table if "." in table else f"public.{table}": "own" for table in OWN}
    assert kinds == {**own, "public.accounts": "root", "public.stamped": "hidden", "public.tags": "shared"}
    before = walk.snapshot()
    walk("begin", "tenants", "--yes").check()
    waived = ("--waive", "holes", "--reason", "a test")
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *waived).check()
    proof = walk("tenants", "--prove", "--all", "--rows", "--json").check(4).json
    assert proof["isolated"]
    assert {hole["key"] for hole in proof["holes"]} == HOLES
    assert {hole["key"] for hole in proof["holes"] if hole["opens"]} == {"definer-open", "trigger"}
    assert {one["table"]: one["rows"] for one in proof["tables"] if one["kind"] == "own"} == {
        table: OWN[table.removeprefix("public.")] * 3 for table in own
    }
    for number in (1, 2, 3):
        with database.connect() as tenant:
            tenant.execute(f"set role tenant_{number}")
            for table, rows in OWN.items():
                query = f"select count(*), count(*) filter (where account_id <> {number}) from {table}"
                assert tenant.execute(query.encode()).fetchone() == (rows, 0), table
    with database.connect() as tenant:
        tenant.execute("set role tenant_1")
        for act, expected in (*ACTS, *(MERGES if modern else ())):
            with tenant.transaction(force_rollback=True):
                if isinstance(expected, int):
                    assert tenant.execute(act.encode()).rowcount == expected, act
                else:
                    with pytest.raises(expected):
                        tenant.execute(act.encode())
    dumped(walk)
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    assert_same(before, walk.snapshot(), "back")


def dumped(walk: Walk) -> None:
    """A tenant's dump stops, or holds its own rows where it is told to. One pg_dump takes servers as new as itself."""
    database = walk.database
    database.execute("alter role tenant_1 login password 'test'")

    def dump(*more: str) -> subprocess.CompletedProcess[str]:
        command = [tool("pg_dump"), "--data-only", "-t", "docs", *more, database.conninfo("tenant_1", "test")]
        return subprocess.run(command, capture_output=True, text=True)

    plain, told = dump(), dump("--enable-row-security", "--inserts")
    assert plain.returncode
    assert "affected by row-level security" in plain.stderr
    assert told.stdout.count("INSERT INTO public.docs VALUES") == 4, told.stderr
    assert told.stdout.count(", 1, 'd')") == 4
    database.execute("alter role tenant_1 nologin password null")


VIRTUAL = """
create table accounts (id bigint primary key); insert into accounts values (1), (2);
create table computed (id int primary key, data jsonb not null,
    account_id bigint generated always as ((data ->> 'a')::bigint) virtual not null);
insert into computed select n, json_build_object('a', 1 + n % 2)::jsonb from generate_series(1, 8) as n
"""


@pytest.mark.majors("one", since=18)  # virtual generated columns
def test_a_key_that_is_computed_when_it_is_read(database: Database, invoke_cli: InProcess) -> None:
    database.execute(f"set role legacy; {VIRTUAL}; reset role")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + '\n[tenants]\nroot = "public.accounts"\nkey = ["account_id"]\n')
    before = walk.snapshot()
    walk("begin", "tenants", "--yes").check()
    waived = ("--waive", "keys", "--reason", "no index can be made")
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *waived).check()
    assert walk("tenants", "--prove", "--all", "--rows", "--json").check().json["isolated"]
    with database.connect() as tenant:
        tenant.execute("set role tenant_1")
        assert tenant.execute("select count(*), max(account_id) from computed").fetchone() == (4, 1)
        for act in ("insert into computed values (9, '{\"a\": 2}')", "update computed set data = '{\"a\": 2}'"):
            with tenant.transaction(force_rollback=True), pytest.raises(REFUSED):
                tenant.execute(act.encode())
        assert tenant.execute("insert into computed values (9, '{\"a\": 1}')").rowcount == 1
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    assert_same(before, walk.snapshot(), "back")
