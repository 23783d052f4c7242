"""A role per tenant where something is in the way: odd names, few rights, locks, a kill, work by hand."""

from __future__ import annotations

import random
import signal
import time

import pytest

from flatsplit.walks.tenants import STEP_KEYS
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import difference
from tests.support.tenanted import (
    CONFIG,
    UNPROVED,
    WAIVED,
    begun,
    counts,
    everybody,
    proved,
    split_done,
    step,
    truth,
)
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk, assert_same, configure, write_passwords

walk = pytest.fixture(split_done)


HOSTILE = """
create table "Mandanten ""x"" %s" (id text primary key, name text);
create table "select" ("order" text not null references "Mandanten ""x"" %s", "Wert:%" int,
    primary key ("order", "Wert:%"));
create table "zeilen\n:x" (id serial primary key, "a b" text not null, c int not null,
    foreign key ("a b", c) references "select");
create index on "zeilen\n:x" ("a b");
insert into "Mandanten ""x"" %s" values ('a'), ('B"b'), ('ü''%s'), ('c:d\n');
insert into "select" select id, n from "Mandanten ""x"" %s", generate_series(1, 3) as n;
insert into "zeilen\n:x" ("a b", c) select "order", "Wert:%" from "select";
"""
HOSTILE_CONFIG = r"""
[tenants]
root = 'public."Mandanten ""x"" %s"'
role = 'M {key} "%'
group = 'Alle "%s"'
schema = 'T:"%'
"""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_hostile_names_there_and_back(database: Database, invoke_cli: InProcess) -> None:
    database.execute(f"set role legacy; {HOSTILE} reset role")
    walk = Walk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + HOSTILE_CONFIG)
    before = walk.snapshot()
    begun(walk, "tenant-proof")
    names = ('"select"', '"zeilen\n:x"')
    for key in ("a", 'B"b', "ü'%s", "c:d\n"):
        role = f'M {key} "%'.replace('"', '""')
        assert counts(database, role, names) == dict.fromkeys(names, 3), key
    walk("verify", "--walk", "tenants").check()
    walk("rollback", "--yes", "--walk", "tenants", "--all").check()
    assert_same(before, walk.snapshot(), "back")


OPERATORS = dict(zip(range(13, 19), ("rds", "cloudsql", "azure", "small-host", "alloydb", "createrole"), strict=True))


def findings(walk: Walk) -> set[tuple[str, str]]:
    """What doctor finds, with each object."""
    found = walk("doctor", "--json").json["findings"]
    return {(one["id"], each) for one in found for each in one["objects"] or [""]}


@pytest.mark.slow
@pytest.mark.majors("two")
def test_an_operator_with_createrole(database: Database, invoke_cli: InProcess, major: int) -> None:
    """What is planned is what is taken, whoever looks; and nothing that the walk makes is a hazard."""
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role")
    make_operator(database, SHAPES[OPERATORS[major]])
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    before, known = walk.snapshot(), findings(walk)
    walk("begin", "tenants", "--yes").check()
    for key in STEP_KEYS[:5]:
        plan = walk("plan", "--walk", "tenants", "--json").check().json
        assert (plan["step"], bool(plan["actions"])) == (key, True)
        assert walk("status", "--walk", "tenants", "--json").json["pending"] == len(plan["actions"])
        step(walk, "--approved", plan["digest"])
        assert findings(walk) <= known, f"{key} is a hazard to doctor"
    proved(walk)
    for number in (1, 2, 3):
        assert counts(database, f"tenant_{number}") == truth(database, number)
    walk("verify", "--walk", "tenants").check()
    told_of_what_came(walk)
    held_and_let_in(walk)
    database.execute("alter table tenancy.roles force row level security")
    assert "NO FORCE ROW LEVEL SECURITY;" in walk("status", "--walk", "tenants").check(1).stderr
    database.execute("alter table tenancy.roles no force row level security")
    walk("status", "--walk", "tenants").check()
    # By a superuser: since 16 the operator may not act as it
    database.execute("drop role tenant_2; create role tenant_2 login")
    said = walk("tenants", "--prove", "--json").check(4).json["breaches"]
    assert [(one["key"], one["subject"]) for one in said] == [("no-member", "tenant_2")]
    theirs = walk.snapshot()
    assert "tenant_2 is another role now" in walk("tenants", "--sync", "--yes").check(4).stderr
    assert_same(theirs, walk.snapshot(), "whoever it is now gets nothing")
    walk("rollback", "--yes", "--walk", "tenants", "--all").check()
    database.execute("drop role tenant_2")
    assert not difference(before, walk.snapshot())


def held_and_let_in(walk: Walk) -> None:
    """A tenant that was held back has the password of before, which the operator cannot see; others are asked for."""
    secrets = write_passwords(walk.run.cwd / "tenants.toml", {f"tenant_{n}": f"secret-of-{n}" for n in (1, 2, 3)})
    walk("rollback", "--yes", "--tenant", "3").check()
    assert "no password for tenant_3" in walk("next", "--yes", "--tenant", "3").check(2).stderr
    walk("next", "--yes", "--tenant", "1", "--password-file", str(secrets)).check()
    walk("rollback", "--yes", "--tenant", "1").check()
    walk("next", "--yes", "--tenant", "1").check()
    with walk.database.connect("tenant_1", "secret-of-1"):
        walk("observe").check()
    walk("rollback", "--yes", "--tenant", "1").check()
    walk("next", "--yes", "--tenant", "3", "--password-file", str(secrets)).check()


def told_of_what_came(walk: Walk) -> None:
    """A new tenant, and that nobody can tell whether there are any."""
    database = walk.database
    database.execute("insert into accounts values (4, 'new')")
    assert "1 tenant has no role yet: tenant_4" in walk("status").check(4).stdout
    with database.connect(autocommit=False) as holder:
        holder.execute("lock table accounts in access exclusive mode")
        said = walk("status", "--json").check().json["untold"]
        assert ["which tenants have no role yet" in one["what"] for one in said][-1:] == [True]
    database.execute("delete from accounts where id = 4")
    walk("status").check()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_stopped_half_way_nobody_loses_and_nobody_gains(walk: Walk) -> None:
    """A lock that does not come leaves a step in its middle, there and back."""
    database = walk.database
    configure(walk.config, retry_for="0s", lock_timeout="20ms")
    seen = everybody(database)
    begun(walk, "tenant-mapping")
    before = walk.snapshot()
    for key in ("tenant-policies", "tenant-rls"):
        with database.connect(autocommit=False) as holder:
            holder.execute("select count(*) from lines")
            assert "no lock for" in walk("next", "--yes", "--walk", "tenants", *WAIVED).check(3).stderr
            assert everybody(database) == seen, key
        step(walk)
        assert everybody(database) == seen, key
    proved(walk)
    for key in reversed(STEP_KEYS[:6]):
        with database.connect(autocommit=False) as holder:
            holder.execute("select count(*) from lines")
            code = 3 if key in ("tenant-policies", "tenant-rls") else 0
            walk("rollback", "--yes", "--walk", "tenants").check(code)
            assert everybody(database) == seen, key
            present = database.admin.execute("select from pg_roles where rolname = 'tenant_1'").rowcount
            for table, rows in counts(database, "tenant_1").items() if present else ():
                assert rows in ("refused", truth(database, 1)[table]), (key, table)
        if code:
            walk("rollback", "--yes", "--walk", "tenants").check()
        if key == "tenant-policies":
            assert_same(before, walk.snapshot(), "back to the mapping")
    assert everybody(database) == seen


@pytest.mark.slow
@pytest.mark.majors("two")
def test_killed_and_called_again(walk: Walk, run_cli: Process) -> None:
    database, chance, hit = walk.database, random.Random(7), 0
    configure(walk.config, retry_for="10s")
    seen = everybody(database)
    walk("begin", "tenants", "--yes").check()
    first = walk.snapshot()
    proved(walk)
    last = walk.snapshot()
    walk("rollback", "--yes", "--walk", "tenants", "--through", "tenant-policies").check()
    forward = ("next", "--yes", "--walk", "tenants", *WAIVED, *UNPROVED, "--through", "tenant-proof")
    back = ("rollback", "--yes", "--walk", "tenants", "--through", "tenant-policies")
    run_cli.cwd = walk.run.cwd
    for _ in range(4):
        for arguments, wanted in ((forward, last), (back, None)):
            process = run_cli.spawn(*arguments, dsn=database)
            upto = journal.marks(database.admin) + chance.randrange(12)
            while process.poll() is None:
                if journal.at_work(database.admin) and journal.marks(database.admin) >= upto:
                    process.kill()
                    hit += process.wait() == -signal.SIGKILL
                time.sleep(0.002)
            process.communicate()
            assert everybody(database) == seen
            never_foreign(database)
            walk(*arguments).check()
            if wanted is not None:
                assert_same(wanted, walk.snapshot(), "killed and called again")
            assert not journal.problems(database.admin)
    assert hit >= 2
    walk("rollback", "--yes", "--walk", "tenants", "--all").check()
    walk("begin", "tenants", "--yes").check()
    assert_same(first, walk.snapshot(), "and back")


def never_foreign(database: Database) -> None:
    """Half way, a tenant is refused, sees nothing, or sees its own."""
    for number in (1, 2, 3):
        if database.admin.execute("select from pg_roles where rolname = %s", [f"tenant_{number}"]).rowcount:
            own = truth(database, number)
            for table, rows in counts(database, f"tenant_{number}").items():
                assert rows in ("refused", 0, own[table]), (number, table)


def test_looking_waits_for_nobody(walk: Walk) -> None:
    """A migration that holds a table does not hold status up, and nothing is taken for drift meanwhile."""
    begun(walk, "tenant-rls")
    with walk.database.connect(autocommit=False) as holder:
        holder.execute("lock table orders, lines in access exclusive mode")
        shown = walk("status", "--walk", "tenants", "--json").check().json
        assert shown["next"] == "tenant-grants"
        assert shown["catch_up"] == []
    step(walk, "--through", "tenant-roles")
    walk("tenants", "--prove", "--rows").check()
    proved = walk("status", "--walk", "tenants", "--json").check().json
    assert [one["blocked_by"] for one in proved["steps"] if one["key"] == "tenant-proof"] == [[]]


@pytest.mark.slow
@pytest.mark.majors("two")
def test_the_runbook_by_hand_there_and_back(walk: Walk) -> None:
    """What the bundle holds runs in psql, and is found done; so is its way back."""
    database = walk.database
    before, seen = walk.snapshot(), everybody(database)
    walk("begin", "tenants", "--yes").check()
    folder = walk.run.cwd / "bundle"
    walk("runbook", "--walk", "tenants", "--out", str(folder)).check()
    for key in STEP_KEYS[:5]:
        (script,) = folder.glob(f"*-{key}.sql")
        database.psql(script)
        assert everybody(database) == seen, key
        assert "done by hand" in walk("next", "--yes", "--walk", "tenants", *WAIVED).check().stdout, key
    assert counts(database, "tenant_2") == truth(database, 2)
    for key in reversed(STEP_KEYS[:5]):
        (script,) = folder.glob(f"*-{key}.rollback.sql")
        database.psql(script)
        assert everybody(database) == seen, key
    walk("rollback", "--yes", "--all", "--walk", "tenants").check()
    assert_same(before, walk.snapshot(), "by hand")
