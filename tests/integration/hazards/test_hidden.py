"""What an operator without a superuser's rights cannot see is found in another way or reported as unknown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit import hazards
from flatsplit.catalog import read_state
from flatsplit.config import Group
from flatsplit.gates.rotate import no_blockers
from flatsplit.hazards.lookups import Looking
from flatsplit.model import HIDDEN_ADDRESS, GateResult, ObjectRef
from flatsplit.server.holders import read_holders
from flatsplit.server.locks import holders as who_holds
from flatsplit.server.sessions import read_sessions
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.remembered import reduce
from tests.fixtures.databases import Database
from tests.support.hazards import CRON, SHOP, extension, look, pinned
from tests.support.operators import OPERATOR, SHAPES, make_operator

ROOT = Path(hazards.__file__).parents[1]
A, B = 'Web "a" %', "web\nb"
OTHERWISE = {"iterations", "operator_surroundings", "as_reader"}
"""Questions about who asks."""
ENOUGH = {("replication-as-legacy", "walsenders")}
"""What is hidden decides nothing there."""


@pytest.fixture
def twins(database: Database) -> Iterator[Database]:
    """Sessions of a login, one of which sends WAL, while an operator looks who is no superuser."""
    make_operator(database, SHAPES["createrole"])
    for name, options in ((A, "login replication"), (B, "nologin")):
        database.admin.execute(sql.SQL("create role {} {}").format(sql.Identifier(name), sql.SQL(options)))
    with ExitStack() as stack:
        for application in ("puma", "postgres_fdw"):
            stack.enter_context(database.connect(A, application_name=application))
        sender = f"{database.conninfo(A)} replication=database application_name=sub"
        stack.enter_context(psycopg.connect(sender, autocommit=True))
        yield database


def plant(database: Database) -> None:
    """A mapping and jobs as which others come, with the row security that pg_cron has."""
    port = database.admin.info.port
    database.execute(
        f"create extension postgres_fdw; create server self foreign data wrapper postgres_fdw options (port '{port}')"
    )
    mapping = sql.SQL("create user mapping for public server self options (user {}, password 'secret')")
    database.admin.execute(mapping.format(sql.Literal(A)))
    database.execute(f"{CRON}; {extension('pg_cron', 'cron.job')}")
    database.admin.execute("update cron.job set username = %s where jobid = 1", [A])
    database.execute(
        "grant usage on schema cron to public; grant select on cron.job to public; "
        "alter table cron.job enable row level security; create policy own on cron.job using (username = current_user)"
    )


@pytest.mark.slow
@pytest.mark.majors("two")
def test_every_check_sees_the_same_or_says_that_it_cannot(twins: Database) -> None:
    plant(twins)
    config = replace(SHOP, legacy_role=twins.legacy, groups=(Group("app_user", (A, B)),))
    with twins.connect(OPERATOR) as operator, pinned(operator), pinned(twins.admin):
        state = read_state(operator)
        context = Context(config, reduce(state, config))
        mine, all_of_it = Looking(operator, state, context), Looking(twins.admin, state, context)
        looked = [one for one in hazards.REGISTRY.values() if mine.applies(one) and not mine.hidden(one)]
        wrong = {}
        for hazard in looked:
            for question in set(hazard.questions) - OTHERWISE:
                found, there = (sorted(map(repr, who.answers([hazard])[question])) for who in (mine, all_of_it))
                if found != there and (hazard.id, question) not in ENOUGH:
                    wrong[hazard.id, question] = (found, there)
        assert not wrong
    for name in ("cron-jobs", "cron-commands", "cron-as-group"):
        found = look_as_operator(twins, name)["not-seen"]
        assert name in found.objects
        assert found.fix.startswith("Run doctor once as a superuser")
    held = look_as_operator(twins, "password-holders")["password-holders"]
    assert "could not be looked at" in held.title or held.objects


def look_as_operator(database: Database, only: str) -> Any:
    config = replace(SHOP, legacy_role=database.legacy, groups=(Group("app_user", (A, B)),))
    with database.connect(OPERATOR) as conn:
        return look(conn, config, only)


@pytest.mark.majors("two")
def test_who_comes_by_himself_is_named_or_said_to_be_unknown(twins: Database) -> None:
    with twins.connect(OPERATOR) as operator:
        held = read_holders(operator, [A])
        assert [str(one) for one in held.holders] == [
            f"foreign tables: postgres_fdw from {HIDDEN_ADDRESS}",
            f"replication: sub from {HIDDEN_ADDRESS}",
        ]
        assert [one.pid for one in read_sessions(operator, {A: (A,)}, "")] == [
            one.pid for one in read_sessions(twins.admin, {A: (A,)}, "")
        ], "a session that sends WAL is no client, whoever looks"
        assert held.unseen == ()
        plant(twins)
        unseen = read_holders(operator, [A]).unseen
        assert [one.what for one in unseen] == ["jobs of pg_cron", "user mappings of server self"]
        for one in unseen:
            question = one.look.partition(": ")[2]
            assert len(twins.admin.execute(question.encode()).fetchall()) == 1, question
        gates = {}
        for who in (operator, twins.admin):
            twins_context = SimpleNamespace(twins=(B, A), former=B, coming=A, role="app_user")
            asked: Any = SimpleNamespace(context=twins_context, session=SimpleNamespace(driver=who))
            gates[who is operator] = no_blockers.judge(asked)
        assert gates[False] == GateResult("no-blockers", True, gates[False].reason)
        assert gates[True].open
        assert gates[True].notice
        assert "jobs of pg_cron, user mappings of server self could not be looked at" in gates[True].reason
        assert all(one.look.partition(": ")[2][:40] in gates[True].fix for one in unseen)


def test_who_is_in_the_way_is_not_at_home_because_he_is_hidden(twins: Database) -> None:
    twins.execute("create table t (i int)", twins.legacy)
    with twins.connect(OPERATOR) as operator, twins.connect(twins.legacy) as client:
        client.autocommit = False
        client.execute("select from t")
        (holder,) = who_holds(operator, [ObjectRef("table", "public", "t")])
        assert (holder.client, holder.age) == (HIDDEN_ADDRESS, "an unknown time")
        (holder,) = who_holds(twins.admin, [ObjectRef("table", "public", "t")])
        assert holder.client == "local"
        client.rollback()
        twins.execute("create schema apart; create table apart.t (i int)")
        with twins.admin.transaction():
            twins.admin.execute("lock apart.t")
            (holder,) = who_holds(operator, [ObjectRef("table", "apart", "t")])
            assert holder.pid == twins.admin.info.backend_pid, "in a schema that the operator may not use, too"


@pytest.mark.majors("two")
def test_a_setting_that_is_hidden_is_no_error(twins: Database) -> None:
    """To ask for one is an error, also with missing_ok. pg_cron, which cannot be had here, has one like that."""
    names = "select name from pg_settings"
    with twins.connect(OPERATOR) as operator:
        seen = {name for (name,) in operator.execute(names)}
        hidden = {name for (name,) in twins.admin.execute(names)} - seen | {"cron.database_name"}
        asked = [path for path in ROOT.rglob("*.sql") if any(f"'{name}'" in path.read_text() for name in hidden)]
        assert {path.stem for path in asked} >= {"jobs_place", "cron_database", "mappings_here"}
        for path in asked:
            text = path.read_text().replace("cron.database_name", "unix_socket_directories")
            parameters = {"roles": [A], "since": None}
            operator.execute(text.encode(), parameters if "%(" in text else None)
