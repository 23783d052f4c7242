"""The names of the new roles, changed after init: nobody else's role is touched, none is left behind."""

import pytest

from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same, configure


def two_lines(result: Result, code: int, what: str, fix: str) -> None:
    result.check(code)
    first, second = result.stderr.splitlines()[-2:]
    assert what in first, result.stderr
    assert fix in second, result.stderr


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    database.execute("CREATE TABLE t (id int)", "legacy")
    database.execute("CREATE ROLE reporting LOGIN PASSWORD 'theirs'; GRANT SELECT ON t TO reporting")
    return Walk(invoke_cli, database).init()


@pytest.mark.majors("two")
def test_a_role_of_somebody_else_is_not_taken_for_flatsplits_own(walk: Walk) -> None:
    """It was: granted to, locked and in the end dropped by a rollback, with all that it held."""
    before = walk.snapshot()
    configure(walk.config, app_readonly="reporting")
    for command in (("next", "--yes"), ("plan",), ("status",), ("doctor",), ("rollback", "--yes"), ("runbook",)):
        two_lines(
            walk(*command),
            1,
            '[roles] app_readonly = "reporting" is a role that exists already',
            "flatsplit init --legacy-role legacy --adopt",
        )
    assert_same(before, walk.snapshot(), "after all that was refused")


@pytest.mark.majors("two")
def test_unless_the_operator_says_so(walk: Walk) -> None:
    before = walk.snapshot()
    configure(walk.config, app_readonly="reporting")
    walk("init", "--legacy-role", "legacy", "--yes").check(1)
    walk("init", "--legacy-role", "legacy", "--adopt", "--yes").check()
    assert "reporting" in walk("history").check().stdout
    walk.roles = ("app_user", "app_migrator", "reporting", "dba")
    walk.forward("transfer-ownership")
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "there and back")


def test_init_with_a_configuration_that_names_an_existing_role(walk: Walk) -> None:
    walk("forget", "--yes").check()
    configure(walk.config, app_readonly="reporting")
    two_lines(walk("init", "--legacy-role", "legacy", "--yes"), 1, "exists already", "--adopt")
    said = walk("init", "--legacy-role", "legacy", "--yes", "--adopt").check().stderr
    assert "exists, is adopted" in said


@pytest.mark.slow
@pytest.mark.parametrize(("key", "name"), [("app_user", "web"), ("app_migrator", "mig"), ("dba", "")])
def test_another_name_in_the_middle_leaves_no_role_behind(walk: Walk, key: str, name: str) -> None:
    """The old one stayed, with everything it owned; status spoke of a role that somebody had dropped."""
    before = walk.snapshot()
    walk.forward("transfer-ownership")
    configure(walk.config, **{key: name})
    for command in (("status",), ("next", "--yes"), ("rollback", "--all", "--yes")):
        two_lines(walk(*command), 1, f'but this walk began with "{key}"', f'write {key} = "{key}" again')
    configure(walk.config, **{key: key})
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "there and back")
    configure(walk.config, **{key: name})
    roles = [name if role == key else role for role in walk.roles]
    walk.roles = (roles[0], roles[1], roles[2], roles[3])
    walk.forward("grant-existing")
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "there and back under another name")


def test_a_free_name_before_the_first_step_is_all_right_and_on_record(walk: Walk) -> None:
    configure(walk.config, app_user="web")
    walk("status").check()
    walk.next()
    walk("status").check()
    assert "the new roles are web, app_migrator, app_readonly, dba" in walk("history").check().stdout
    configure(walk.config, app_user="app_user")
    two_lines(walk("status"), 1, 'app_user = "app_user", but this walk began with "web"', 'app_user = "web" again')
