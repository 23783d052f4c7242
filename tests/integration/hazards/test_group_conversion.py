"""Hazards of a role that becomes a group: planted, seen to bite without flatsplit, silent beside, and cured."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from flatsplit.config import Group
from flatsplit.model import Finding
from flatsplit.walks.group import context as group_context
from tests.fixtures.databases import Database
from tests.support.hazards import CRON, SHOP, extension, look

A, B = 'Web "a" %', "web\nb"
TWINS = f"""create role app_user login; create role "Web ""a"" %" login in role app_user;
create role "{B}" login in role app_user;"""


def doctor(database: Database, id_: str, *, as_group: bool = True, declared: bool = True) -> Finding | None:
    """What doctor says of one hazard, with [group.app_user] or without."""
    groups = (Group("app_user", (A, B), as_group),) if declared else ()
    config = replace(SHOP, legacy_role=database.legacy, groups=groups)
    return look(database.admin, config, id_, groups_by_walk=True).get(id_)


@pytest.fixture
def twins(database: Database) -> Database:
    database.execute(TWINS)
    return database


def begins_as_group(database: Database) -> None:
    for name in ('"Web ""a"" %"', f'"{B}"'):
        database.execute(f"alter role {name} in database {database.name} set role = app_user")


@pytest.mark.majors("two")
def test_a_release_that_ignores_the_setting(twins: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such server is here: the list of them gets this one's release."""
    assert doctor(twins, "role-setting-ignored") is None
    monkeypatch.setattr(group_context, "IGNORING", {twins.admin.info.server_version})
    found = doctor(twins, "role-setting-ignored")
    assert found is not None
    assert (found.severity, found.objects) == ("blocker", ("app_user",))
    assert doctor(twins, "role-setting-ignored", as_group=False) is None
    assert doctor(twins, "role-setting-ignored", declared=False) is None
    twins.execute("alter role app_user nologin")  # a group as it was before: nothing is going to be set
    assert doctor(twins, "role-setting-ignored") is None


@pytest.mark.majors("two")
def test_jobs_as_the_group(twins: Database) -> None:
    twins.execute(f"{CRON}; {extension('pg_cron', 'cron.job')}")
    assert doctor(twins, "cron-as-group") is None
    twins.execute("update cron.job set username = 'app_user' where jobid in (1, 3)")
    assert doctor(twins, "cron-as-group", declared=False) is None
    found = doctor(twins, "cron-as-group")
    assert found is not None
    assert (found.severity, found.objects[0]) == ("blocker", "job 1 nightly: 0 3 * * * in shop")
    # In the raw: what the job's own connection would meet
    twins.execute("alter role app_user nologin")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        twins.connect("app_user")
    assert found.fix.endswith(found.sql[0])
    twins.execute(found.sql[0])
    assert doctor(twins, "cron-as-group") is None
    twins.connect(A).close()


@pytest.mark.majors("two")
def test_a_subscription_of_the_group(twins: Database) -> None:
    twins.execute(
        "create subscription s connection 'dbname=nowhere' publication p with (connect = false, slot_name = none);"
        "alter role app_user superuser; alter subscription s owner to app_user; alter role app_user nosuperuser"
    )
    assert doctor(twins, "group-owns-subscription", declared=False) is None
    found = doctor(twins, "group-owns-subscription")
    assert found is not None
    assert (found.severity, found.objects) == ("blocker", ("s",))
    twins.execute(*found.sql)
    assert doctor(twins, "group-owns-subscription") is None
    twins.execute("drop subscription s")


@pytest.mark.majors("two")
def test_prepared_by_one_and_ended_by_another(twins: Database) -> None:
    """The servers of the tests allow prepared transactions: without them nothing would be seen."""
    assert twins.admin.execute("show max_prepared_transactions").fetchone() != ("0",)
    with twins.connect(A) as one, twins.connect(B) as other:
        one.execute("begin; create temporary table t (a int); drop table t")
        one.execute("rollback; begin; select 1; prepare transaction 'payment 17'")
        found = doctor(twins, "prepared-open", as_group=False)
        assert found is not None
        assert found.objects == (f"payment 17 of {A}",)
        assert doctor(twins, "prepared-open") is None
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("commit prepared 'payment 17'")
        one.execute("commit prepared 'payment 17'")
    assert doctor(twins, "prepared-open", as_group=False) is None


@pytest.mark.majors("two")
def test_a_large_object_of_a_twin(twins: Database) -> None:
    assert doctor(twins, "large-objects-twins", as_group=False) is None
    with twins.connect(A) as one, twins.connect(B) as other:
        one.execute("select lo_from_bytea(4343, 'x')")
        found = doctor(twins, "large-objects-twins", as_group=False)
        assert found is not None
        assert found.objects == ("4343",)
        assert found.toml == ("[group.app_user] as_group = true",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("select lo_get(4343)")
        one.execute("select lo_unlink(4343)")
    assert doctor(twins, "large-objects-twins") is None
    begins_as_group(twins)
    with twins.connect(A) as one, twins.connect(B) as other:
        one.execute("select lo_from_bytea(4344, 'x')")
        assert other.execute("select lo_get(4344)").fetchone() == (b"x",)
        one.execute("select lo_unlink(4344)")


@pytest.mark.majors("two")
def test_who_looks_at_his_own_sessions(twins: Database) -> None:
    twins.execute("""create function shop_stuck() returns bigint language sql as
        'select count(*) from pg_stat_activity where usename = session_user'""")
    assert doctor(twins, "sees-own-sessions", as_group=False) is None
    found = doctor(twins, "sees-own-sessions")
    assert found is not None
    assert found.objects == ("public.shop_stuck()",)
    sees = "select query from pg_stat_activity where pid = pg_backend_pid()"
    with twins.connect(A) as session:
        assert session.execute(sees).fetchone() == (sees,)
    begins_as_group(twins)
    with twins.connect(A) as session:
        assert session.execute(sees).fetchone() == ("<insufficient privilege>",)
        twins.execute("grant pg_read_all_stats, pg_signal_backend to app_user")
        assert session.execute(sees).fetchone() == (sees,)
    twins.execute("drop function shop_stuck()")
    assert doctor(twins, "sees-own-sessions") is None
