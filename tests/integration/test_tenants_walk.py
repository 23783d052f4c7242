"""A role per tenant: there and back, and nobody else loses a row at any stop."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from flatsplit.walks.tenants import STEP_KEYS
from tests.fixtures.databases import Database
from tests.support.snapshot import difference
from tests.support.tenanted import (
    CONFIG,
    TABLES,
    WAIVED,
    begun,
    counts,
    dumped,
    everybody,
    split_done,
    step,
    truth,
    unproved,
)
from tests.support.walk import Walk, assert_same, configure, write_passwords

walk = pytest.fixture(split_done)
DUMPING = ("app_migrator", "app_readonly", "archivist")
"""Row-level security is for none of them."""


@pytest.mark.majors("two")
def test_there_and_back_and_nobody_loses_a_row(walk: Walk) -> None:
    database = walk.database
    database.execute("create role archivist bypassrls; grant select on all tables in schema public to archivist")
    database.execute("grant select on all sequences in schema public to archivist; alter role app_readonly bypassrls")
    walk("status").check()
    before, seen = walk.snapshot(), everybody(database)
    (rows,) = set(dumped(database, DUMPING[:2]).values())
    walk("begin", "tenants", "--yes").check()
    stops = [walk.snapshot()]
    for key in STEP_KEYS[:6]:
        if key == "tenant-proof":
            unproved(walk)
        step(walk)
        assert everybody(database) == seen, key
        assert dumped(database, DUMPING) == dict.fromkeys(DUMPING, rows), key
        walk("verify", "--walk", "tenants").check()
        stops.append(walk.snapshot())
    for number in (1, 2, 3):
        as_tenant = counts(database, f"tenant_{number}")
        assert as_tenant == truth(database, number)
    assert counts(database, "app_tenant", ("orders", "lines")) == {"orders": 0, "lines": 0}
    while stops[1:]:
        stops.pop()
        walk("rollback", "--yes", "--walk", "tenants").check()
        assert everybody(database) == seen, len(stops)
        assert_same(stops[-1], walk.snapshot(), f"back at stop {len(stops) - 1}")
    assert not difference(before, walk.snapshot())


@pytest.mark.majors("two")
def test_new_tenants_and_new_tables_are_caught_up_with(walk: Walk) -> None:
    database = walk.database
    begun(walk, "tenant-proof")
    done = walk.snapshot()
    database.execute("insert into accounts values (4, 'new')")
    database.execute(
        "create table bills (id int primary key, account_id bigint not null references accounts);"
        "create index on bills (account_id); insert into bills values (1, 4), (2, 1)",
        user="app_migrator",
    )
    assert counts(database, "tenant_1", ("bills",)) == {"bills": "refused"}, "closed until its policies are there"
    drifted = walk("status", "--walk", "tenants", "--json").check(4).json
    assert "role tenant_4 is tenant 4" in str(drifted["catch_up"])
    new = {"what": "1 tenant has no role yet: tenant_4", "fix": "flatsplit tenants --sync"}
    assert new in drifted["broken"], "nobody dropped it"
    database.execute("create table memos (id int primary key, order_id bigint)", user="app_migrator")
    for verb in ("status", "verify"):
        assert "of 1 table nothing says what they are to a tenant: public.memos" in str(
            walk(verb, "--json").check(4).json
        )
    said = walk("tenants", "--sync", "--yes").check(4)
    assert "public.memos: a guess by name" in said.stderr
    assert counts(database, "tenant_4", ("bills", "accounts")) == {"bills": 1, "accounts": 1}
    assert counts(database, "app_user", ("bills",)) == {"bills": 2}
    walk.config.write_text(
        walk.config.read_text().replace("[tenants.tables]", '[tenants.tables]\nhidden = ["public.memos"]')
    )
    walk("tenants", "--sync", "--yes").check()
    assert "Nothing new" in walk("tenants", "--sync", "--yes").check().stdout

    # By hand, and gone again: the row first
    walk("tenants", "--add", "77", "--add", "78", "--yes").check()
    assert "has a role already" in walk("tenants", "--add", "77", "--yes").check(2).stderr
    assert counts(database, "tenant_77", ("bills",)) == {"bills": 0}
    assert "the root still has a row of tenant '4'" in walk("tenants", "--drop", "4", "--yes").check(5).stderr
    walk("tenants", "--drop", "77", "--drop", "78", "--yes").check()
    database.execute("delete from bills where account_id = 4; delete from accounts where id = 4")
    assert "no row in the root: flatsplit tenants --drop 4" in walk("tenants", "--sync", "--yes").check().stderr
    walk("tenants", "--drop", "4", "--yes").check()
    database.execute("drop table bills, memos")
    assert_same(done, walk.snapshot(), "as if nobody had come")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_they_log_in_and_nobody_takes_it_back_under_them(walk: Walk) -> None:
    database = walk.database
    begun(walk, "tenant-proof")
    passwords = write_passwords(walk.run.cwd / "tenants.toml", {f"tenant_{n}": f"secret-of-{n}" for n in (1, 2, 3)})
    database.execute("alter role tenant_3 connection limit 5000")
    closed = walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "waiting for connections: 3 tenants may have 5,010 connections" in closed
    walk("next", "--yes", "--tenant", "1", "--password-file", str(passwords)).check()
    with database.connect("tenant_1", "secret-of-1"), pytest.raises(psycopg.OperationalError):
        database.connect("tenant_2", "secret-of-2")
    database.execute("alter role tenant_3 connection limit 5")
    step(walk, "--password-file", str(passwords))
    rings = walk("status", "--walk", "tenants", "--json").check().json["rings"]
    assert [(ring["ring"], ring["tenants"], ring["held"]) for ring in rings] == [(1, 1, 0), (2, 1, 0), (3, 1, 0)]
    today = walk("blast-radius", "--json").check().json["today"]
    assert {"app_tenant", "tenant_1"} <= today.keys() <= today.keys() - {"tenant_2", "tenant_3"}, "one stands for all"
    assert today["tenant_1"]["abilities"]["read"]["count"] < today["app_user"]["abilities"]["read"]["count"]
    assert "tenant_1 stands for all tenants" in walk("blast-radius").check().stdout
    waits = walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "ring 1 of 3: none of its 1 tenants has been seen" in waits
    configure(walk.config, soak="1h")
    with database.connect("tenant_2", "secret-of-2") as connection:
        assert connection.execute("select count(*), min(account_id), max(account_id) from orders").fetchone() == (
            10,
            2,
            2,
        )
        assert connection.execute("select role, tenant from tenancy.roles").fetchall() == [("tenant_2", 2)]
        for act in ("truncate orders", "set role tenant_1", "set role app_user", "delete from tenancy.roles"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(act.encode())
        assert "ring 1 of 3" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
        alone = walk("rollback", "--yes", "--tenant", "2").check(5).stderr
        assert "tenant_2 is still connected" in alone
        assert "move its connections back to app_user first" in alone
        with database.connect("tenant_1", "secret-of-1"), database.connect("tenant_3", "secret-of-3"):
            waits = walk("next", "--yes", "--walk", "tenants").check(3).stdout
        assert "waiting for soaked: ring 1 of 3 first seen" in waits
        assert "tenants-seen" not in waits
        assert "unrefused" not in waits
        file = refusal(database, walk.run.cwd / "refused.csv")
        log = ("--log", str(file))
        waits = walk("next", "--yes", "--walk", "tenants", *log).check(3).stdout
        assert "waiting for unrefused: tenant_2 is refused what it asks for: SELECT" in waits, waits
        file.write_text("no log")
        assert "is no log of a PostgreSQL server" in walk("next", "--yes", "--walk", "tenants", *log).check(2).stderr
        refused = walk("rollback", "--yes", "--walk", "tenants", "--all").check(5)
        assert "tenant_2 is still connected" in refused.stderr
    alone_and_back(walk)
    configure(walk.config, soak="0s")
    walk("next", "--yes", "--walk", "tenants").check()
    walk("rollback", "--yes", "--walk", "tenants", "--all").check()
    assert "[tenants] was never begun: `flatsplit begin tenants`" in walk("status").check().stdout


def refusal(database: Database, file: Path) -> Path:
    """A line of a csvlog: tenant_2 was just refused something."""
    said = "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS.MS \"UTC\"')"
    ((now,),) = database.admin.execute(said).fetchall()
    head = f'{now},"tenant_2","{database.name}",7,"[local]",a.7,1,"SELECT",{now},3/4,0,ERROR,42501,'
    file.write_text(
        head + '"permission denied for table users",,,,,,"select email from users",,,"shop","client backend"\n'
    )
    return file


def alone_and_back(walk: Walk) -> None:
    """One tenant of ring 2 breaks: it goes back alone, nothing is drift meanwhile, and it is let in again."""
    database, before = walk.database, walk.snapshot()
    walk("rollback", "--yes", "--tenant", "2").check()
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        database.connect("tenant_2", "secret-of-2")
    with database.connect("tenant_1", "secret-of-1"):
        pass
    assert walk("status", "--walk", "tenants", "--json").check().json["catch_up"] == []
    assert "Nothing new" in walk("tenants", "--sync", "--yes").check().stdout
    waits = walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "ring 3 of 3" not in waits, "passed over, and the others have come"
    assert "has no role" in walk("rollback", "--yes", "--tenant", "9").check(2).stderr
    assert "--tenant is for some tenants" in walk("next", "--yes", "--tenant", "2", "--dry-run").check(2).stderr
    walk("rollback", "--yes", "--walk", "tenants").check()  # the switch: the one that is held back stays so
    with pytest.raises(psycopg.OperationalError):
        database.connect("tenant_2", "secret-of-2")
    walk("next", "--yes", "--tenant", "2").check()
    with database.connect("tenant_2", "secret-of-2"):
        walk("observe").check()
    assert_same(before, walk.snapshot(), "alone, and back")


@pytest.mark.majors("two")
def test_what_speaks_against_beginning(walk: Walk) -> None:
    text = walk.config.read_text()
    walk.config.write_text(text.replace(CONFIG, ""))
    assert "no section [tenants]" in walk("begin", "tenants", "--yes").check(2).stderr
    walk.config.write_text(text.replace("public.accounts", "public.firms"))
    assert "there is no such table" in walk("begin", "tenants", "--yes").check(2).stderr
    walk.config.write_text(text.replace('root = "public.accounts"', 'root = "public.categories"'))
    refused = walk("begin", "tenants", "--yes").check(2).stderr
    assert "public.categories: its primary key has 2 columns (account_id, id), and a tenant's key is one" in refused
    walk.config.write_text(text.replace("[tenants]\n", '[tenants]\nconnect = "setting"\n'))
    assert "is not built: whoever runs SQL may set a setting" in walk("begin", "tenants", "--yes").check(1).stderr
    walk.config.write_text(text)
    walk.database.execute(
        "create foreign data wrapper far; create server far foreign data wrapper far;"
        "create foreign table events_far partition of events for values from ('2040-01-01') to ('2050-01-01') "
        "server far"
    )
    refused = walk("begin", "tenants", "--yes").check(2).stderr
    assert "table public.events has partitions that are foreign tables" in refused
    assert 'hidden = ["public.events"]' in refused
    walk.database.execute("drop foreign table events_far; drop foreign data wrapper far cascade")
    walk.database.execute("create policy tenant on orders using (true)")
    refused = walk("begin", "tenants", "--yes").check(2).stderr
    assert "policy tenant on public.orders is there already" in refused
    (rename,) = [line for line in refused.splitlines() if "RENAME" in line]
    walk.database.execute(rename.partition("rename it: ")[2])
    walk("begin", "tenants", "--yes").check()
    begun_with = walk.config.read_text()
    walk.config.write_text(begun_with.replace(CONFIG, ""))
    assert "no section [tenants] any more" in walk("status").check(1).stderr
    walk.config.write_text(begun_with.replace("[tenants]\n", '[tenants]\ngroup = "others"\n'))
    assert "was 'app_tenant' when the walk began" in walk("status").check(1).stderr
    walk.config.write_text(begun_with)
    walk.database.execute("grant select on lines to public")
    walk.database.execute("create policy shut on notes as restrictive using (false)")
    step(walk)
    closed = walk("next", "--yes", "--walk", "tenants", *WAIVED).check(3).stdout
    assert "everybody holds SELECT on table public.lines" in closed
    walk.database.execute('REVOKE SELECT ON TABLE "public"."lines" FROM PUBLIC;')
    closed = walk("next", "--yes", "--walk", "tenants", *WAIVED).check(3).stdout
    assert "policy shut on public.notes is restrictive and would begin to count" in closed
    walk.database.execute("drop policy shut on notes")
    closed = walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "may be NULL" in closed or "no index" in closed
    step(walk)
    walk.database.execute(
        "create function all_of_it() returns bigint language sql security definer as 'select count(*) from orders'"
    )
    step(walk)
    closed = walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "waiting for holes: public.all_of_it() of schema public runs with the rights of" in closed
    assert "fix: close it, or take it on" in closed
    walk.database.execute("drop function all_of_it(); create view all_orders as select * from orders")
    walk.database.execute("alter view all_orders owner to app_migrator; grant select on all_orders to public")
    closed = walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "fix: REVOKE" in closed, closed


def policies(database: Database) -> set[tuple[object, ...]]:
    """All of them, as the server prints them."""
    return set(database.admin.execute("select p::text from pg_policies as p").fetchall())


@pytest.mark.slow
@pytest.mark.majors("two")
def test_policies_that_were_there_and_count_stay_as_they_are(walk: Walk) -> None:
    """Where somebody's own row-level security is on, nobody is let in who was not."""
    database = walk.database
    database.execute(
        "alter table orders enable row level security; create policy few on orders to app_user using (id <= 4);"
        "create policy more on orders as restrictive to app_readonly, auditor, readers using (id <= 2);"
        "alter table customers enable row level security; create policy every on customers to app_user using (true);"
        "create policy by_name on customers as restrictive to app_user, readers using "
        "(account_id = (select a.id from accounts as a where a.name = current_user))"
    )
    before, seen, theirs = walk.snapshot(), everybody(database), policies(database)
    assert seen["app_user"]["orders"] == 4
    said = {one["id"]: one["objects"] for one in walk("doctor", "--json").json["findings"]}
    assert said["rls-fails-open"] == ["table public.customers"]
    begun(walk, "tenant-proof")
    assert everybody(database) == seen
    assert theirs <= policies(database)
    assert counts(database, "tenant_1", ("orders",)) == truth(database, 1, ("orders",))
    walk("rollback", "--yes", "--walk", "tenants", "--all").check()
    assert everybody(database) == seen
    assert_same(before, walk.snapshot(), "back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_at_last_app_user_sees_no_tenants_row(walk: Walk) -> None:
    """Asked for when the walk is under way; there and back."""
    database, apart = walk.database, dict.fromkeys(TABLES, 0)
    begun(walk, "tenant-proof")
    logins = {f"tenant_{n}": f"secret-of-{n}" for n in (1, 2, 3)}
    passwords = write_passwords(walk.run.cwd / "tenants.toml", logins)
    entered = ("--through", "tenant-switch", "--waive", "tenants-seen", "--password-file", str(passwords))
    step(walk, *entered)
    seen, before, text = everybody(database), walk.snapshot(), walk.config.read_text()
    assert walk("status", "--walk", "tenants", "--json").check().json["next"] is None
    asking = text.replace(CONFIG, CONFIG.replace("[tenants]\n", "[tenants]\nclose = true\n"))
    walk.config.write_text(asking)
    assert walk("status", "--walk", "tenants", "--json").check().json["next"] == "tenant-close"
    walk.config.write_text(text)
    assert walk("status", "--walk", "tenants", "--json").check().json["next"] is None
    walk.config.write_text(asking)

    database.execute("create role nightshift login in role app_user; grant auditor to app_user")
    closed = walk("next", "--yes", "--walk", "tenants").check(3).stdout
    assert "app_user is a member of auditor, who sees all rows of partitioned table public.events" in closed
    database.execute(re.findall(r"fix: (.*;)", closed)[0])
    named = f"{database.conninfo('nightshift')} application_name=signin"
    with psycopg.connect(named):
        closed = walk("next", "--yes", "--walk", "tenants").check(3).stdout
        assert "1 session of nightshift, a member of app_user: signin from" in closed
        assert "flatsplit begin role NAME; or, where it needs no tenant's row, name it" in closed
        assert '[tenants] stays = ["signin"]' in closed
        walk.config.write_text(asking.replace("close = true", 'close = true\nstays = ["signin"]'))
        configure(walk.config, drain="1h")
        walk("observe").check()
        assert "tenant-close begun" in walk("next", "--yes", "--walk", "tenants").check(3).stdout
        other = f"{database.conninfo('nightshift')} application_name=other"
        with psycopg.connect(other):
            walk("observe").check()
        of_another = walk("next", "--yes", "--walk", "tenants").check(3).stdout
        assert re.search(r"app_user last seen \d+s ago", of_another)
        configure(walk.config, drain="0s")
        walk("next", "--yes", "--walk", "tenants").check()
    told = walk("status", "--walk", "tenants").check(4).stdout
    assert "Next" not in told
    assert 'REVOKE "app_user" FROM "nightshift"' in told, "nobody asked for that membership"
    database.execute("drop role nightshift")
    assert counts(database, "app_user") == apart
    assert counts(database, "app_user", ("plans", "users")) == {"plans": 2, "users": 5}
    assert {**everybody(database), "app_user": seen["app_user"]} == seen
    assert counts(database, "tenant_2") == truth(database, 2)
    database.execute(
        "create table bills (id int primary key, account_id bigint not null references accounts);"
        "create index on bills (account_id); insert into bills values (1, 2)",
        user="app_migrator",
    )
    walk("tenants", "--sync", "--yes").check()
    bills = {role: counts(database, role, ("bills",))["bills"] for role in ("app_user", "app_readonly", "tenant_2")}
    assert bills == {"app_user": 0, "app_readonly": 1, "tenant_2": 1}, "closed to it from the beginning"
    database.execute("drop table bills")
    walk("verify", "--walk", "tenants").check()
    walk("rollback", "--yes", "--walk", "tenants").check()
    assert everybody(database) == seen
    assert_same(before, walk.snapshot(), "back")
