"""Every kind of walk after the split, by operators who are no superusers: it goes there and back, or says before it
begins what an administrator has to run; that is run as it is printed, and then it goes.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.administrators import Helped
from tests.support.grouping import declare as declare_group
from tests.support.operators import OPERATOR, PASSWORD, SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import Snapshot, difference
from tests.support.special import AUDIT, JOBS, NO_SECRETS, READER, SCHEMAS, declare, flat, quoted
from tests.support.walk import NEW_ROLES, Walk, assert_same, write_passwords

pytestmark = pytest.mark.usefixtures("partial_looks")

GROUPS = NEW_ROLES[:3]
ROLES: dict[str, dict[str, Any]] = {
    "jobs": JOBS,
    "audit": AUDIT,
    "reader": READER,
    "partly": NO_SECRETS,
    "alike": {"role": {"like": "app_user"}, "grants": {"select": ["public.jobs"]}},
    "creator": {"role": {"create": ["billing"]}, "grants": {"select": ["billing.invoices"]}},
    "monitor": {"role": {}, "grants": {"select": ["public.jobs"], "member": ["pg_monitor"]}},
}
WALKS = (*(f"group:{role}" for role in GROUPS), *(f"role:{name}" for name in ROLES), "trail")
NO_WAY_BACK = ("password", "parameter ACL")
"""What differs after a walk and its way back: a password that was removed; a right that an administrator gave."""
OPERATORS = ("createrole", "successor", "anybody")
"""Who made the split; a colleague who did not, with CREATEROLE; one without even that."""


def world(database: Database, invoke_cli: InProcess, operator: str) -> Walk:
    """The split is done, and many more walks are in the configuration."""
    flat(database)
    if operator in SHAPES:
        make_operator(database, SHAPES[operator])
        walk: Walk = OperatorsWalk(invoke_cli, database).init(schemas=list(SCHEMAS))
        walk.forward()
    else:
        database.execute("create role operators; grant operators to postgres")
        first = Walk(invoke_cli, database).init("--owner", "operators", schemas=list(SCHEMAS))
        first.forward()
        may = "createrole" if operator == "successor" else ""
        database.execute(
            f"create role {quoted(OPERATOR)} login {may} password '{PASSWORD}' in role operators;"
            f"grant pg_monitor to {quoted(OPERATOR)}"
        )
        database.passwords[OPERATOR] = PASSWORD
        walk = OperatorsWalk(invoke_cli, database, passwords=first.passwords)
    for role in GROUPS:
        declare_group(walk, role, [f"{role} a", f"{role} b"])
    for name, of in ROLES.items():
        declare(walk, name, of)
    people(walk, ["app_readonly", "dba"])
    walk.config.write_text(walk.config.read_text().replace("[people]", "[trail]\nlog = true\ntable = true\n\n[people]"))
    return walk


def people(walk: Walk, roles: list[str]) -> None:
    """Declare one person with these roles."""
    listed = ", ".join(f'"{role}"' for role in roles)
    text = walk.config.read_text().partition("[people]")[0]
    walk.config.write_text(f"{text}[people]\nalice = [{listed}]\n")
    walk.passwords["alice"] = "password of alice"
    write_passwords(walk.password_file, walk.passwords)


def join(walk: Walk) -> None:
    """Let alice in. Refused, it names all that an administrator has to run; what a superuser gives comes last."""
    ask = ("people", "--join", "--yes", "--password-file", str(walk.password_file))
    helped = Helped(walk, "")
    said = walk(*ask)
    if said.exit_code and "leave that out for now" not in said.stderr:
        helped.administrate(said)
        said = walk(*ask)
    if said.exit_code:
        assert "leave that out for now" in said.stderr, said.stderr
        people(walk, ["app_readonly"])
        walk(*ask).check()
        helped.administrate(said)
        people(walk, ["app_readonly", "dba"])
    walk(*ask).check()


def left_over(before: Snapshot, after: Snapshot) -> list[str]:
    """What differs and should not."""
    return [line for line in difference(before, after) if not any(word in line for word in NO_WAY_BACK)]


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("operator", OPERATORS)
def test_there_and_back_or_told(operator: str, database: Database, invoke_cli: InProcess) -> None:
    walk = world(database, invoke_cli, operator)
    for name in WALKS:
        one = Helped(walk, name)
        one.begin()
        before = walk.snapshot()
        one.forward()
        if name == "trail":
            assert walk("status", "--json", "--walk", name).json["broken"] == []
        else:
            walk("verify", "--walk", name).check()
        one.back()
        assert left_over(before, walk.snapshot()) == [], name
    join(walk)
    leaving = Helped(walk, "leave:alice")
    leaving.begin()
    leaving.forward()
    for name in ("group:app_user", "rotate:app_user"):
        one = Helped(walk, name)
        one.begin()
        one.forward()
    before = walk.snapshot()
    one = Helped(walk, "rotate:app_migrator")
    one.begin("--in-place")
    one.forward()
    assert_same(before, walk.snapshot(), "another password")
    walk("verify").check()


@pytest.mark.majors("two")
def test_all_that_a_superuser_has_to_run_is_printed_at_once(database: Database, invoke_cli: InProcess) -> None:
    """Of a way back, and of a repair: whoever has to be asked for one statement is asked once."""
    flat(database)
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward()
    logins = ("web a", "web b", "web c")
    declare_group(walk, "app_user", logins)
    before = walk.snapshot()
    walk("begin", "group", "app_user", "--yes").check()
    walk.next("--walk", "group:app_user", "--through", "open-logins")
    for command in ("repair", "rollback"):
        for login in logins:
            database.execute(f"alter role {quoted(login)} superuser")
            if command == "repair":
                database.execute(f"alter role {quoted(login)} in database {quoted(database.name)} reset role")
        everything = () if command == "repair" else ("--all",)
        said = walk(command, "--yes", "--walk", "group:app_user", *everything).check(1).stderr
        printed = said.partition("have a superuser run: ")[2]
        assert all(quoted(login) in printed for login in logins), said
        database.execute(printed)
        walk(command, "--yes", "--walk", "group:app_user", *everything).check()
    assert_same(before, walk.snapshot(), "back")
