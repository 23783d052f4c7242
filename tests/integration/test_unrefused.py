"""The old role is not locked while the application is refused what it asks for, where the server's log says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from flatsplit.config import load
from flatsplit.connection import open_session
from flatsplit.gates.unrefused import gate, with_old_role
from flatsplit.model import GateResult
from flatsplit.trail.logins import FailedLogin, FailedLogins
from flatsplit.trail.refused import Lately, Refusal, lately
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.patience import until
from tests.support.walk import Walk, write_passwords

LOGGING = {"logging_collector": "on", "log_destination": "csvlog", "log_directory": "log"}
TABLE = 'public."Re""port %: x"'


def refused(walk: Walk, statement: str) -> None:
    with walk.connect("app_user") as user, pytest.raises(psycopg.errors.InsufficientPrivilege):
        user.execute(statement.encode())


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_is_refused_keeps_legacy_from_being_locked(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> None:
    database = make_database(cluster=fresh_cluster(settings=LOGGING))
    database.execute("CREATE TABLE t (i int)", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("verify")
    with open_session(database.dsn) as session:
        later = datetime.now(UTC) + timedelta(hours=1)
        silent = lately(session, load(walk.config), later)
    assert (silent.why, silent.blind, silent.refusals) == ("", "", ()), "nothing was logged since, and that is known"
    cluster = database.cluster
    with psycopg.connect(cluster.conninfo(), autocommit=True) as elsewhere:
        elsewhere.execute("CREATE TABLE IF NOT EXISTS another ()")
    with (
        psycopg.connect(cluster.conninfo("postgres", "app_user", walk.passwords["app_user"])) as other,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        other.execute("SELECT FROM another")  # in another database: no concern of this one's
    database.execute(f"CREATE TABLE {TABLE} (i int, secret text)")
    refused(walk, f"SELECT * FROM {TABLE} WHERE secret = 'geheim'")
    refused(walk, "DROP TABLE t")
    former = database.admin.execute("SELECT pg_current_logfile('csvlog')").fetchone()
    turn = "SELECT pg_rotate_logfile(), pg_current_logfile('csvlog')"
    until(
        lambda: database.admin.execute(turn).fetchone() != (True, *(former or ()))
    )  # what was refused is a file behind
    waiting = walk.next(exit_code=3)
    assert "unrefused" in waiting.stdout + waiting.stderr
    said = waiting.stdout + waiting.stderr
    assert "app_user is refused what it asks for: SELECT" in said
    wanted = r'select = ["public.\"Re\"\"port %: x\""]'
    assert f"put [grants.app_user] {wanted} into flatsplit.toml" in said
    assert "and 1 suspicious attempt" in said
    assert "geheim" not in said
    told = next(one for one in walk.status()["refused"] if one["act"] == "SELECT")
    assert told["remedy"] == f"put [grants.app_user] {wanted} into flatsplit.toml, then `flatsplit repair`"
    walk.config.write_text(f"{walk.config.read_text()}\n[grants.app_user]\n{wanted}\n")
    walk("repair").check()
    assert [one["mended"] for one in walk.status()["refused"] if one["act"] == "SELECT"] == [True]
    _own_trials(walk)
    walk.next()  # an attack closes nothing
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database.conninfo("legacy"))
    known = write_passwords(walk.run.cwd / "known.toml", {**walk.passwords, "legacy": "of before"})
    assert "log in to" in walk("verify", "--json", "--password-file", str(known)).check().stdout
    assert "turned away as legacy" in walk("history").check().stdout
    told = next(gate for gate in walk.status()["steps"][-1]["gates"] if gate["key"] == "unrefused")
    assert "somebody still asks for legacy: local (1 ×, last " in told["reason"], "told, and it closes nothing"
    assert (told["open"], told["notice"]) == (True, True)
    walk.next()


def _own_trials(walk: Walk) -> None:
    """What verify tries is known as its own by process and time; who merely calls himself flatsplit is not."""
    alone = walk("verify", "--password-file", str(write_passwords(walk.run.cwd / "known.toml", walk.passwords)))
    assert alone.exit_code == 0, alone.stderr
    conninfo = walk.database.conninfo("app_user", walk.passwords["app_user"])
    with (
        psycopg.connect(conninfo, application_name="flatsplit") as attacker,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        attacker.execute("CREATE ROLE intruder")
    acts = json.loads(walk("who", "--refused", "--json").stdout)["acts"]
    told = [(each["act"], each["judgement"], each["why"]) for each in acts if each["application"] == "flatsplit"]
    assert {judgement for _, judgement, why in told if "own trial" in why} == {"legitimate"}
    assert [act for act, judgement, _ in told if judgement == "suspicious"] == ["CREATE ROLE"]


def refusal(act: str, judgement: str, *, mended: bool = False) -> Refusal:
    return Refusal("app_user", "local", act, "t", judgement, 2, "", act, "GRANT", mended)


def test_who_asks_for_the_old_role_is_told_and_closes_nothing() -> None:
    quiet, closed = GateResult("unrefused", True, "nothing"), GateResult("unrefused", False, "refused", "GRANT")
    heard = FailedLogins("legacy", clients={"10.0.0.5": FailedLogin("10.0.0.5", 3)})
    told = with_old_role(quiet, heard)
    assert (told.open, told.notice) == (True, True)
    assert told.reason == "nothing; and somebody still asks for legacy: 10.0.0.5 (3 ×)"
    assert (with_old_role(closed, heard).open, with_old_role(closed, heard).fix) == (False, "GRANT")
    assert with_old_role(quiet, None) == with_old_role(quiet, FailedLogins("legacy", begins="10:00")) == quiet
    assert "legacy is not known: no log" in with_old_role(quiet, FailedLogins("legacy", blind="no log")).reason


def test_what_closes_it() -> None:
    def judged(found: Lately) -> GateResult:
        return gate(found, "app_user", "next --log FILE")

    unknown = judged(Lately(why="no log"))
    assert (unknown.open, unknown.notice, unknown.reason, unknown.fix) == (
        True,
        True,
        "not known: no log",
        "next --log FILE",
    )
    late = judged(Lately(begins="10:00", blind="the log begins 10:00"))
    assert (late.open, late.notice, late.fix) == (True, True, "next --log FILE")
    assert "since 10:00; not known: the log begins" in late.reason
    quiet = judged(Lately(begins="10:00"))
    assert (quiet.open, quiet.notice, quiet.fix) == (True, False, "")
    assert judged(Lately((refusal("DROP TABLE", "suspicious"),))).open
    assert judged(Lately((refusal("SELECT", "look", mended=True),))).open
    closed = judged(Lately(tuple(refusal(f"ACT {n}", "look") for n in range(5))))
    assert not closed.open
    assert closed.waivable
    assert "ACT 0 t (2 ×), ACT 1 t (2 ×), ACT 2 t (2 ×) and 2 more" in closed.reason
