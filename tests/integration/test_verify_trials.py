"""What a trial says, held against what really happens: granted it passes, with one thing missing it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors

from flatsplit import blueprint
from flatsplit.evidence import trial
from flatsplit.model import Kind, ObjectRef
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk

ROLE = "trial_reader"

# What calls a routine with the rights of whoever reads or writes, and which acts call it
SHUT = """
create function shut(int default 1) returns int language plpgsql as 'begin return 1; end';
create function folded(int default 1) returns int language plpgsql immutable as 'begin return 1; end';
create function shut_eq(int, int) returns bool language plpgsql as 'begin return $1 = $2; end';
create operator ~== (leftarg = int, rightarg = int, function = shut_eq);
create domain checked as int check (shut(value) = 1);
create table plain (a int default 1, b int);
create table policied (a int, b int); create policy p on policied using (shut(a) = 1);
create table constant (a int, b int); create policy p on constant using (folded() = 1);
create table queried (a int, b int); create policy p on queried using (a in (select shut(x.a) from plain x));
create table compared (a int, b int); create policy p on compared using (a ~== 1);
create table written (a int, b int); create policy p on written using (true) with check (shut(a) = 1);
create table emptied (a int, b int); create policy p on emptied for select using (true);
create policy q on emptied for delete using (shut(a) = 1);
create table parent (a int, b int); create policy p on parent using (shut(a) = 1);
create table child () inherits (parent);
create table parted (a int, b int) partition by range (a); create policy p on parted using (shut(a) = 1);
create table part partition of parted for values from (0) to (10);
create table defaulted (a int default shut(), b int);
create table domained (a int default 1, b checked);
create table ruled (a int default 1, b int);
create rule also as on delete to ruled do also select shut(1);
create view picked as select a, shut(b) as b from plain;
create view filtered as select a, b from plain where shut(a) = 1;
create view joined as select x.a, y.b from plain x left join (select distinct a, shut(b) as b from plain) y using (a);
create view counted as select count(*) as a, max(shut(b)) as b from plain;
create view cased as select a, case when a = 5 then shut(b) end as b from plain;
create view beneath as select a, b from picked where a = 1;
create view plainly as select a, b from plain;
"""
TABLES = (
    *("plain", "policied", "constant", "queried", "compared", "written", "emptied", "parent", "defaulted", "domained"),
    "ruled",
)
VIEWS = ("picked", "filtered", "joined", "counted", "cased", "beneath", "plainly")
REALLY = {
    "read": "select * from {}",
    "insert into": "insert into {} default values",
    "update rows of": "update {} set a = a",
    "delete rows of": "delete from {}",
}
POLICIED = ("policied", "constant", "queried", "compared", "written", "emptied", "parent", "parted")


@pytest.fixture
def shut(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A role that may read and write it all; the routines are open."""
    with psycopg.connect(database.dsn) as conn:
        conn.execute(SHUT.encode())
        for name in POLICIED:
            conn.execute(f"alter table {name} enable row level security".encode())
        conn.execute(f"create role {ROLE}; grant usage on schema public to {ROLE}".encode())
        conn.execute(f"grant select, insert, update, delete on all tables in schema public to {ROLE}".encode())
        yield conn
        conn.rollback()


def _relations() -> list[ObjectRef]:
    kinds: list[tuple[Kind, str]] = [("table", name) for name in TABLES]
    kinds += [("partitioned_table", "parted"), *(("view", name) for name in VIEWS)]
    return [ObjectRef(kind, "public", name) for kind, name in kinds]


def _tried(conn: psycopg.Connection[Any], refs: list[ObjectRef]) -> dict[tuple[str, str], str]:
    acts = trial.acts_of(blueprint.APPLICATION, relations=trial.columns_of(conn, refs))
    acts = [act for act in trial.cautious(conn, ROLE, refs, acts) if act.expected]
    found = trial.try_as_function(conn, ROLE, acts)
    assert found.how == "as the role", found.reason
    return {(one.act, one.target.rpartition(".")[2]): one.outcome for one in found.trials}


def _happened(conn: psycopg.Connection[Any], act: str, name: str) -> str:
    """What comes of really doing it as the role, undone."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(f"set local role {ROLE}".encode())
            conn.execute(REALLY[act].format(name).encode())
    except errors.InsufficientPrivilege as error:
        # A NULL is let through by no policy; that says nothing about rights
        return "allowed" if "violates row-level security" in str(error) else "refused"
    return "allowed"


@pytest.mark.majors("all")
def test_a_trial_says_what_would_happen(shut: psycopg.Connection[Any]) -> None:
    """With all open nothing is refused; with the routines shut just what calls them; without a right what needs it."""
    refs = _relations()
    tried = _tried(shut, refs)
    assert set(tried.values()) == {"allowed"}
    shut.execute("revoke execute on function shut(int), folded(int), shut_eq(int, int) from public")
    tried = _tried(shut, refs)
    happened = {act: _happened(shut, *act) for act in tried}
    assert tried == happened
    open_ = {name for (act, name), outcome in tried.items() if act == "read" and outcome == "allowed"}
    assert open_ == {"plain", "written", "emptied", "defaulted", "domained", "ruled", "plainly"}
    shut.execute("grant execute on function shut(int), folded(int), shut_eq(int, int) to public")
    for right, act in (("select", "read"), ("insert", "insert into"), ("delete", "delete rows of")):
        with shut.transaction(force_rollback=True):
            shut.execute(f"revoke {right} on plain from {ROLE}".encode())
            assert _tried(shut, refs)[act, "plain"] == "refused"
    with shut.transaction(force_rollback=True):
        shut.execute(f"revoke select on plain from {ROLE}; grant select (a) on plain to {ROLE}".encode())
        assert _tried(shut, refs)["read", "plain"] == "refused"
    with shut.transaction(force_rollback=True):
        shut.execute(f"revoke usage on schema public from public, {ROLE}".encode())
        assert set(_tried(shut, refs).values()) == {"refused"}


def test_a_tree_too_wide_to_lock_is_not_tried(shut: psycopg.Connection[Any]) -> None:
    for at in range(10, 111):
        shut.execute(f"create table leaf_{at} partition of parted for values from ({at}) to ({at + 1})".encode())
    shut.execute(f"create view over_it as select * from parted; grant select on over_it to {ROLE}".encode())
    refs = [ObjectRef("partitioned_table", "public", "parted"), ObjectRef("view", "public", "over_it")]
    assert _tried(shut, refs) == {
        ("read", "parted"): "untried",
        ("insert into", "parted"): "allowed",
        ("update rows of", "parted"): "untried",
        ("delete rows of", "parted"): "untried",
        ("read", "over_it"): "untried",
    }


def test_what_takes_too_long_is_no_error(shut: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Planning runs what the application calls immutable, which may take its time."""
    shut.execute(
        "create function slow() returns int language plpgsql immutable as 'begin perform pg_sleep(9); return 1; end'"
    )
    shut.execute(
        f"create view tedious as select a from plain where a = slow(); grant select on tedious to {ROLE}".encode()
    )
    monkeypatch.setattr(trial, "PATIENCE", "50ms")
    acts = trial.acts_of(blueprint.READER, relations={ObjectRef("view", "public", "tedious"): ""})
    found = trial.try_as_function(shut, ROLE, acts)
    assert (found.how, found.reason, found.trials) == ("", "it took longer than 50ms", ())


READING = """
create function secret(int) returns bool language sql as 'select true';
revoke execute on function secret from public;
create table a_guarded (a int); create policy p on a_guarded using (secret(a));
alter table a_guarded enable row level security;
create table b (a int); create table c (a int); create table d (a int); create table e (a int); create table f (a int);
create view g_shown as select secret(a) as a from b;
"""


def test_verify_names_what_cannot_be_read(database: Database, invoke_cli: InProcess) -> None:
    """Also where the sample would have missed it; given, or taken on with a reason, it holds."""
    database.execute(READING, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("grant-existing")
    found = walk("verify", "--json").check(4).json
    failed = {
        (one["role"], one["act"], one["target"])
        for proof in found["proofs"]
        for one in proof["trials"]
        if one["outcome"] == "refused" and one["expected"]
    }
    assert failed == {
        ("app_readonly", "read", "table public.a_guarded"),
        ("app_readonly", "read", "view public.g_shown"),
    }
    before = walk.config.read_text()
    walk.config.write_text(
        f'{before}\n[hazards.accept]\n"policy-rights" = "no reports on it"\n"view-routines" = "nor there"\n'
    )
    assert walk("verify", "--json").check().json["ok"]
    walk.config.write_text(before)
    database.execute("grant execute on function secret to app_readonly")
    assert walk("verify", "--json").json["proofs"][2]["trials"]


def test_what_is_somebody_elses_was_promised_to_nobody(database: Database, invoke_cli: InProcess) -> None:
    """A view that stands in the application's schema, and whose routine its owner keeps from everybody."""
    database.execute("create table t (a int)", database.legacy)
    database.execute(
        "create function kept() returns int language sql as 'select 1'; revoke execute on function kept from public;"
        "create view theirs as select kept()"
    )
    walk = Walk(invoke_cli, database).init()
    walk.forward("grant-existing")
    walk("verify").check(0)
