"""Special roles declared before the split ride along with it, there and back; beneath them it goes on and back."""

from __future__ import annotations

from typing import Any

import pytest

from flatsplit.walks import role, split
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database, MakeDatabase
from tests.support import journal
from tests.support.killing import Call, killed
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.special import AUDIT, SCHEMAS, declare, flat, may
from tests.support.walk import Walk, assert_same, configure, write_passwords

HOSTILE = 'Night: "job" %s 🐘'
LIKE = {"role": {"like": "app_user", "new_tables": "write", "learn": "0s"}}
SPLIT = ("--walk", "split")


def begun(walk: Walk) -> dict[str, tuple[int, str | None]]:
    """How far each walk is, and what is next."""
    return {one["walk"]: (one["done"], one["next"]) for one in walk("status", "--json").json["walks"]}


def let_in(walk: Walk) -> Any:
    """Take enable-login; what came along."""
    found = walk("next", "--yes", "--json", "--password-file", str(walk.password_file), *SPLIT).check().json
    assert [one["key"] for one in found["steps"]] == ["enable-login"]
    return {one["walk"]: [step["key"] for step in one["steps"]] for one in found["rode"]}


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("superuser", [False, True], ids=["by-createrole", "superuser"])
def test_there_and_back_with_the_split(superuser: bool, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """Of a legacy that is a superuser, and by an operator who is none."""
    database = make_database(legacy_options="SUPERUSER" if superuser else "")
    flat(database)
    if not superuser:
        make_operator(database, SHAPES["createrole"])
    walk = (Walk if superuser else OperatorsWalk)(invoke_cli, database).init(schemas=list(SCHEMAS))
    first = walk.snapshot()
    declare(walk, "app_audit", AUDIT)
    declare(walk, HOSTILE, LIKE)
    walk.forward("transfer-ownership")
    shut = walk.snapshot()
    assert list(begun(walk)) == ["split"]

    refused = walk("begin", "role", HOSTILE, "--yes").check(5).stderr
    assert "take it that far first: flatsplit next --walk split --through enable-login" in refused
    passwords = walk.passwords
    write_passwords(walk.password_file, {name: word for name, word in passwords.items() if name != HOSTILE})
    assert f"no password for {HOSTILE}" in walk.next(exit_code=2).stderr
    assert_same(shut, walk.snapshot(), "a password is missed before anything is done")
    write_passwords(walk.password_file, passwords)

    assert let_in(walk) == {
        "role:app_audit": ["create-role", "grant", "open", "verify"],
        f"role:{HOSTILE}": ["create-role", "bridge", "open"],
    }
    there = {
        "split": (5, "switch-connections"),
        "role:app_audit": (4, None),
        f"role:{HOSTILE}": (3, "switch-connections"),
    }
    assert begun(walk) == there
    database.execute("delete from flatsplit.event where kind = 'rode'")  # as if killed just before the last word
    walk.next(*SPLIT, exit_code=3)
    assert begun(walk) == there, "nobody takes that for a walk that nobody wanted"
    with walk.connect("app_audit") as session:
        assert may(session, "select id, amount from payments")
        assert not may(session, "select * from secrets")
    with walk.connect(HOSTILE) as session:
        assert may(session, "select * from secrets"), "over the bridge"
    walk.wait_until_gone("app_audit", HOSTILE)

    # The split goes on beneath them, and what it takes back does not take them back
    with walk.switched():
        walk.next(*SPLIT)
    looks = []
    for _ in ("verify", "lock-legacy", "revoke-legacy"):
        looks.append(walk.snapshot())
        walk.next(*SPLIT)
    assert walk("verify", "--json").check().json["ok"]
    for key in ("revoke-legacy", "lock-legacy", "verify"):
        walk.rollback(*SPLIT)
        assert_same(looks.pop(), walk.snapshot(), f"rolled back {key} beneath them")
    assert begun(walk) == there | {"split": (6, "verify")}

    # Who is connected is told before anything of them is gone, be it as one of theirs or as one of the split's
    for login in (HOSTILE, "app_audit", "app_user"):
        with walk.connect(login):
            refused = walk("rollback", "--yes", "--through", "enable-login", *SPLIT).check(5).stderr
        assert f"{login} is still connected" in refused
        walk.wait_until_gone(login)
        assert begun(walk).keys() == there.keys()

    # What they stand on takes them along
    found = walk("rollback", "--yes", "--json", "--through", "enable-login", *SPLIT).check().json
    assert [one["walk"] for one in found["rode"]] == [f"role:{HOSTILE}", "role:app_audit"]
    assert_same(shut, walk.snapshot(), "rolled back enable-login")
    assert let_in(walk).keys() == {"role:app_audit", f"role:{HOSTILE}"}, "and again"
    walk.rollback("--all", *SPLIT)
    assert_same(first, walk.snapshot(), "rolled back all")
    assert not journal.problems(database.admin)


@pytest.mark.slow
def test_what_speaks_against_one_holds_up_nobody(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    flat(database)
    database.execute("create role taken")
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS), retry_for="200ms", lock_timeout="50ms")
    declare(walk, "app_typo", {"role": {}, "grants": {"select": ["public.job"]}})
    declare(walk, "taken", AUDIT)
    declare(walk, "app_audit", AUDIT)
    walk.forward("transfer-ownership")

    # Who reads the plan knows who comes along with it, who does not, and what to do about those
    plan = walk("plan", "--json").check().json
    notes = {note["id"]: note["objects"] for note in plan["notes"]}
    assert notes["rides-along"] == ["role app_audit rides along: it is made once enable-login is done"]
    typo, taken = notes["stays-behind"]
    assert typo.startswith("role app_typo does not ride along: [grants.app_typo] select: ")
    assert typo.endswith("then flatsplit begin role app_typo")
    assert taken == (
        "role taken does not ride along: there is a role taken already; give the special role another name in "
        'flatsplit.toml: [role.taken]; or drop the one that is there: DROP ROLE "taken", '
        "then flatsplit begin role taken"
    )
    assert "role app_audit rides along" in walk("next", "--dry-run").check().stdout
    walk("runbook", "--out", "book").check()
    (page,) = (walk.run.cwd / "book").glob("*enable-login.md")
    assert "role app_audit rides along" in page.read_text()
    assert "role taken does not ride along" in page.read_text()

    # What was approved is what runs
    said = walk.next("--approved", plan["digest"]).stderr
    behind = "role app_audit does not ride along"
    assert f"{behind}: what was approved is what runs; flatsplit begin role app_audit" in said
    assert begun(walk) == {"split": (5, "switch-connections")}
    walk.rollback()
    configure(walk.config, require_approval=True)
    assert f"{behind}: each of its plans wants an approval of its own" in walk("plan").check().stdout
    configure(walk.config, require_approval=False)

    # Whom a lock holds up on its way, the next call takes along
    holder = database.connect(autocommit=False)
    holder.execute("alter table public.audit_log add held int")
    walk.next(exit_code=3)
    assert begun(walk)["role:app_audit"] == (1, "grant")
    assert "came along" not in walk("history").check().stdout
    holder.rollback()
    with walk.switched():
        found = walk.next("--json", *SPLIT).json
    assert [one["walk"] for one in found["rode"]] == ["role:app_audit"]
    assert begun(walk) == {"split": (6, "verify"), "role:app_audit": (4, None)}
    assert "role app_audit came along" in walk("history", *SPLIT).check().stdout

    # What is taken out of its list stays, and is told with the statement that takes it away
    configured = walk.config.read_text()
    walk.config.write_text(configured.replace('"public.audit_log", ', ""))
    said = walk("verify").check(4).stdout
    revoke = 'REVOKE SELECT ON TABLE "public"."audit_log" FROM "app_audit";'
    assert revoke in said
    assert revoke in walk("status").check(4).stdout
    database.execute(revoke)
    walk("status").check()
    assert walk("verify", "--json").check(0).json["surplus"] == []
    walk.config.write_text(configured)

    # Begun by hand, it is taken back by hand; and what turns out later speaks against it as well
    walk.rollback("--all", "--walk", "role:app_audit")
    walk("begin", "role", "app_audit", "--yes").check()
    walk.next("--walk", "role:app_audit", "--through", "open")
    walk.rollback("--through", "enable-login", *SPLIT)
    assert begun(walk)["role:app_audit"] == (3, "verify")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_killed_with_those_that_ride_along(
    database: Database, run_cli: Process, invoke_cli: InProcess, kills: int
) -> None:
    flat(database)
    walk = Walk(run_cli, database, aside=invoke_cli).init(schemas=list(SCHEMAS))
    declare(walk, "app_audit", AUDIT)
    declare(walk, HOSTILE, LIKE)
    walk.forward("transfer-ownership")
    last = {("app_audit", role.VERIFY), (HOSTILE, role.OPEN)}
    query = """select c.subject, s.key from flatsplit.step s join flatsplit.cutover c on c.id = s.cutover_id
               where c.kind = 'role' and c.state = 'active' and s.state = 'done'"""

    def done() -> set[tuple[Any, ...]]:
        return set(database.admin.execute(query).fetchall())

    calls = (
        Call(
            ("next", "--yes", *SPLIT, "--through", split.ENABLE_LOGIN, "--password-file", str(walk.password_file)),
            split.ENABLE_LOGIN,
            "done",
            more=lambda: last <= done(),
        ),
        Call(
            ("rollback", "--yes", *SPLIT, "--through", split.ENABLE_LOGIN),
            split.ENABLE_LOGIN,
            "rolled_back",
            more=lambda: not done(),
        ),
    )
    killed(walk, run_cli, "split", calls, seed=20240409, kills=kills // 3)
