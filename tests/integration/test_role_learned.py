"""A role that begins like another one: what it needs is learned from what it runs, then the bridge is cut."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support import journal
from tests.support.special import SCHEMAS, declare, flat, may, quoted
from tests.support.statistics import remember_statements
from tests.support.walk import Walk, assert_same

HOSTILE = 'Night: "job" %s 🐘'
NAME = f"role:{HOSTILE}"
LIKE = {"role": {"like": "app_user", "learn": "0s", "settings": {"statement_timeout": "1h"}}}
WORK = (
    "insert into jobs (kind) values ('x')",
    "select kind from jobs where not done",
    "update jobs set done = true where id = 1",
    "select id from open_jobs",
    "select billing.total()",
)
"""What the program does."""
KEYS = ("create-role", "bridge", "open", "switch-connections", "learn", "grant", "narrow", "verify")


@pytest.fixture
def walk(make_database: MakeDatabase, invoke_cli: InProcess) -> Walk:
    database = make_database()
    flat(database)
    remember_statements(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward()
    declare(walk, HOSTILE, LIKE)
    return walk


def step(walk: Walk, key: str, exit_code: int = 0) -> Any:
    found = walk.next("--walk", NAME, exit_code=exit_code)
    assert (journal.states(walk.database.admin, "role")[key] == "done") is (exit_code == 0)
    return found


def listed(walk: Walk, text: str) -> None:
    """What `learn` printed, put into flatsplit.toml."""
    block = text[text.index("[grants") : text.index("Why")]
    walk.config.write_text(f"{walk.config.read_text()}\n{block}\n")
    tomllib.loads(walk.config.read_text())


@pytest.mark.slow
@pytest.mark.majors("two")
def test_learned_granted_and_cut(walk: Walk) -> None:
    database, before = walk.database, [walk.snapshot()]
    walk("begin", "role", HOSTILE, "--yes").check()
    for key in ("create-role", "bridge", "open"):
        step(walk, key)
        before.append(walk.snapshot())
    assert "has not been seen connected" in step(walk, "switch-connections", 3).stdout
    with walk.connect(HOSTILE) as session:
        step(walk, "switch-connections")
        before.append(walk.snapshot())
        assert "no statement of" in step(walk, "learn", 3).stdout
        for statement in WORK:
            session.execute(statement.encode())
        walk("observe").check()
        found = walk("learn", HOSTILE, "--json").check().json
        table, routine = "public.jobs", "billing.total()"
        assert found["grants"]["select"] == ["billing.invoices", table, "public.open_jobs"]
        assert found["grants"]["insert"] == found["grants"]["update"] == [table]
        assert found["grants"]["usage"] == ["public.jobs_id_seq"]
        assert "execute" not in found["grants"], f"{routine} is open to everybody"
        assert found["holes"] == []
        assert all(not line["listed"] and line["statements"] for line in found["lines"])
        step(walk, "learn")
        before.append(walk.snapshot())
        assert "is empty" in step(walk, "grant", 3).stdout
        proposed = walk("rehearse", "--as", HOSTILE, "--json").check(4).json["grants"][HOSTILE]
        schemas = {"usage": ["billing", "public.jobs_id_seq"]}
        learned = found["grants"]
        tables = {word: [name.partition("(")[0] for name in names] for word, names in proposed.items()}
        assert tables != proposed, "by columns, where a statement uses single ones"
        assert tables == learned | schemas, "what a rehearsal proposes is of what was learned"
        listed(walk, walk("learn", HOSTILE).check().stdout)
        step(walk, "grant")
        before.append(walk.snapshot())
        assert "nobody rehearsed" in step(walk, "narrow", 3).stdout
        walk("rehearse", "--as", HOSTILE).check()
        step(walk, "narrow")
        before.append(walk.snapshot())
        assert [one for one in WORK if not may(session, one)] == [], "what was learned is enough"
        assert not may(session, "select * from secrets")
        step(walk, "verify")
    assert walk("verify", "--json").check().json["ok"]
    walk.wait_until_gone(HOSTILE)
    # And no more: each single privilege was needed
    for line in walk("learn", HOSTILE, "--json").check().json["lines"]:
        assert line["listed"]
        taken_away(walk, line)
    for key in reversed(KEYS):
        walk.rollback("--walk", NAME)
        assert_same(before[KEYS.index(key)] if KEYS.index(key) < len(before) else before[-1], walk.snapshot(), key)
    assert database.admin.execute("select from pg_roles where rolname = %s", [HOSTILE]).rowcount == 0


def taken_away(walk: Walk, line: Any) -> None:
    """Without this privilege some of the work is refused."""
    what = f"sequence {line['name']}" if line["name"].endswith("_seq") else line["name"]
    change = f"{line['privilege']} on {what}"
    walk.database.execute(f"revoke {change} from {quoted(HOSTILE)}")
    with walk.connect(HOSTILE) as session:
        assert [one for one in WORK if not may(session, one)], f"{change} was not needed"
    walk.database.execute(f"grant {change} to {quoted(HOSTILE)}")


@pytest.mark.majors("two")
def test_what_may_be_missing_is_said(walk: Walk) -> None:
    database = walk.database
    walk("begin", "role", HOSTILE, "--yes").check()
    for key in ("create-role", "bridge", "open"):
        step(walk, key)
    with walk.connect(HOSTILE) as session:
        session.execute("select * from jobs")
        step(walk, "switch-connections")
        database.admin.execute("select pg_stat_statements_reset()")
        session.execute("delete from jobs where false")
        walk("observe").check()
        session.execute("do $$ begin execute 'select ' || 1; end $$")
        session.execute("create temp table mine (a int)")
        session.execute("select nextval('jobs_id_seq')")
        session.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nobody'")
        walk("observe").check()
    found = walk("learn", HOSTILE, "--json").check().json
    assert any("began anew" in hole or "lost" in hole for hole in found["holes"])
    assert {("delete", "public.jobs"), ("select", "public.jobs")} <= {
        (line["privilege"], line["name"]) for line in found["lines"]
    }, "what was seen before the reset is not forgotten"
    assert "temporary" not in found["grants"], "everybody may"
    # What no line of the list follows from is not passed over: here which sequence it was, and a membership
    assert "usage" not in found["grants"], "none of three sequences is the one for certain"
    for what in ("select nextval($1) (1 call)", "pg_terminate_backend() is refused"):
        assert any(what in hole for hole in found["holes"]), what
    assert "needs is not known" in step(walk, "learn", 3).stdout


@pytest.mark.majors("two")
def test_what_no_statement_tells_people_may_answer(walk: Walk) -> None:
    """Only what they say: that some sequence is in the list does not tell that no other one is used."""
    walk("begin", "role", HOSTILE, "--yes").check()
    for key in ("create-role", "bridge", "open"):
        step(walk, key)
    ran = (
        "select nextval('jobs_id_seq')",
        "select currval('jobs_id_seq')",
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nobody'",
    )
    with walk.connect(HOSTILE) as session:
        step(walk, "switch-connections")
        for statement in ran[:2]:
            session.execute(statement.encode())
        session.execute(ran[2].encode())
        walk("observe").check()
        assert "needs is not known" in step(walk, "learn", 3).stdout
        declare(walk, HOSTILE, {"grants": {"usage": ["public.jobs_id_seq"], "member": ["pg_signal_backend"]}})
        found = walk("learn", HOSTILE, "--json").check().json
        assert len(found["holes"]) == 2
        assert all("which of 3 it is the text does not say" in hole for hole in found["holes"])
        assert [text[:27] for text in found["answered"]] == ["select pg_terminate_backend"]
        assert 'sequences = "listed"' in step(walk, "learn", 3).stdout
        walk.config.write_text(walk.config.read_text().replace('learn = "0s"', 'learn = "0s"\nsequences = "listed"'))
        found = walk("learn", HOSTILE, "--json").check().json
        assert (found["holes"], len(found["answered"]), found["unneeded"]) == ([], 3, [])
        for key in ("learn", "grant"):
            step(walk, key)
        assert walk("rehearse", "--as", HOSTILE, "--json").check().json["summary"]["allowed"] >= len(ran)
        step(walk, "narrow")
        assert all(may(session, statement) for statement in ran)
        assert not may(session, "select nextval('billing.invoices_id_seq')")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_it_ran_as_another_role_is_no_evidence(walk: Walk, major: int) -> None:
    """Before 16 the bridge is one for SET ROLE too, and what is run then is counted as the other role's."""
    database = walk.database
    walk("begin", "role", HOSTILE, "--yes").check()
    for key in ("create-role", "bridge", "open"):
        step(walk, key)
    with walk.connect(HOSTILE) as session:
        session.execute(WORK[0].encode())
        if major >= 16:
            assert not may(session, "set role app_user")
        else:
            session.execute("/* a pool */ SET  SESSION\nROLE 'app_user'")
            session.execute("select * from secrets")
            session.execute("reset role")
        step(walk, "switch-connections")
        walk("observe").check()
        if major < 16:
            closed = step(walk, "learn", 3).stdout
            assert f"somebody became app_user by SET ROLE, as {HOSTILE} may before PostgreSQL 16" in closed
            (hole,) = walk("learn", HOSTILE, "--json").check().json["holes"]
            assert "counts as app_user's" in hole
            database.execute(hole.partition("then forget it: ")[2])
        assert walk("learn", HOSTILE, "--json").check().json["holes"] == []
        step(walk, "learn")
