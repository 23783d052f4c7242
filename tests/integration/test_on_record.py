"""What ran is what was shown, in its order; and what was waived, repaired or stopped stays on record as that."""

from __future__ import annotations

import re

import pytest

from flatsplit.connection import APPLICATION_NAME, REMARK, open_session
from flatsplit.cutover.waivers import waived
from flatsplit.executor import Executor
from flatsplit.journal import Journal
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.deeds import SETTINGS
from tests.support.walk import Walk

BEFORE_LOCK = STEP_KEYS[: STEP_KEYS.index("lock-legacy")]


def actions(database: Database, after: int = 0) -> list[tuple[int, str, str]]:
    """(id, direction, statement) of each action with a greater id, in the order in which they ran."""
    query = "select id, direction, sql from flatsplit.action where id > %s order by id"
    return database.admin.execute(query, [after]).fetchall()


def test_what_ran_is_what_was_shown_in_its_order(database: Database, invoke_cli: InProcess) -> None:
    """Each step has a table to catch up with, which was created after the step before it."""
    walk = Walk(invoke_cli, database).init()
    caught_up = set[str]()
    for key in STEP_KEYS:
        if key in BEFORE_LOCK:
            database.execute(f'create table "before {key}" (id serial)', "legacy")
        shown = [one["sql"] for one in walk("plan", "--json").check().json["actions"]]
        last = max((number for number, _, _ in actions(database)), default=0)
        walk.step(key)
        ran = actions(database, last)
        assert [statement for _, _, statement in ran] == shown, key
        caught_up |= {key for _, direction, _ in ran if direction == "catch-up"}
    # The step after default-privileges finds nothing missing: that is what these are for
    assert caught_up == {key for key in BEFORE_LOCK[2:] if key != "transfer-ownership"}


_BEFORE_A_BATCH = re.compile(rf"^(?:BEGIN )?{re.escape(REMARK)}; (?:SET LOCAL \w+ = '?\w+'?; )*")
_NO_CHANGE = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET LOCAL|COPY flatsplit\.")


def logged(text: str) -> str:
    """All statements of flatsplit's in the server's log that it does not mark as questions of its own, one after the
    other.
    """
    found = []
    for entry in re.split(r"^@@", text, flags=re.MULTILINE):
        application, _, line = entry.partition("@@")
        statement = re.match(r"LOG:  (?:statement|execute [^:]*): (.*)", line, re.DOTALL)
        if application == APPLICATION_NAME and statement:
            sql = _BEFORE_A_BATCH.sub("", statement[1].replace("\n\t", "\n"))
            if REMARK not in sql and not _NO_CHANGE.match(sql):
                found.append(sql)
    return joined(found)


def joined(statements: list[str]) -> str:
    """Statements as one text, however they were sent."""
    return " ".join(f"{' '.join(one.split()).rstrip(';')};" for one in statements)


@pytest.mark.slow
def test_the_servers_log_says_what_the_journal_says(
    fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """There and back, in the same order; only what sets a password is in no log."""
    cluster = fresh_cluster(settings={**SETTINGS, "log_line_prefix": "@@%a@@"})
    database = make_database(cluster=cluster)
    database.execute("create table t (id serial); create view v as select * from t", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    database.execute("create table later (id serial)", "legacy")
    walk.forward()
    walk.rollback("--all")
    ran = [statement for _, _, statement in actions(database) if "_verifier'" not in statement]
    assert len(ran) > 50
    assert logged((cluster.data / "log" / "all.log").read_text()) == joined(ran)


def test_a_waiver_counts_for_one_call_and_for_a_closed_gate(
    database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the step was killed and goes on. After a rollback it counts no more."""
    database.execute("create table t (id int)", "legacy")
    walk = Walk(invoke_cli, database).init(soak="7d")
    walk.next("--waive", "no-blockers", "--reason", "it is open anyway")
    walk.forward("verify")

    def waivers() -> list[tuple[str, str]]:
        found = walk("history", "--json").check().json
        return [(one["details"]["gate"], one["details"]["reason"]) for one in found if one.get("kind") == "waived"]

    assert waivers() == []
    with monkeypatch.context() as patch:
        patch.setattr(Executor, "_attempt", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        for reason in ("first", "second"):
            assert walk("next", "--yes", "--waive", "soaked", "--reason", reason).exit_code == 1
            assert walk.states()["lock-legacy"] == "running"
    walk.next(exit_code=3)
    walk.next("--waive", "soaked", "--waive", "elsewhere", "--reason", "third")
    assert waivers() == [("soaked", "first"), ("soaked", "second"), ("soaked", "third")]
    with open_session(database.dsn) as session:
        journal = Journal(session)
        assert [(one.key, one.waived) for one in waived(journal, "lock-legacy")] == [("soaked", "third")]
        walk.rollback()
        assert waived(journal, "lock-legacy") == ()
        assert [one.kind for one in journal.events(step="lock-legacy")][-2:] == ["rolling_back", "rolled_back"]
    walk.next(exit_code=3)


def test_a_repair_is_on_record_as_one_and_ends_what_is_told_of_since(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create table t (id int)", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("transfer-ownership")
    database.execute("create table later (id int)", "legacy")
    assert walk.status()["away"]["items"]
    last = actions(database)[-1][0]
    walk("repair", "--yes").check()
    assert {direction for _, direction, _ in actions(database, last)} == {"repair"}
    assert walk.status()["away"]["items"] == []


def test_a_step_that_is_taken_again_counts_its_time_anew(database: Database, invoke_cli: InProcess) -> None:
    """The first time was long enough for its gate, and the old role was used again since."""
    database.execute("create table t (a int)", "legacy")
    walk = Walk(invoke_cli, database).init(drain="1h", largest_hole="10d")
    walk.forward("enable-login")
    for command in (("status",), ("next", "--dry-run"), ("status",)):  # which begin nothing, so no time runs yet
        said = walk(*command).stdout
        assert "switch-connections has not begun, and 1h are required from then on" in said
        assert "`flatsplit next` begins it" in said
    assert re.search(r"switch-connections begun \d+s ago; 1h are required", walk.next(exit_code=3).stdout)
    assert "has not begun" not in walk("status").stdout
    hours_ago = "update flatsplit.step set started_at = started_at - interval '3 h' where key = 'switch-connections'"
    database.execute(hours_ago)
    assert "drained" not in walk.next(exit_code=3).stdout
    walk.rollback()
    assert re.search(r"switch-connections begun \d+s ago; 1h are required", walk.next(exit_code=3).stdout)
