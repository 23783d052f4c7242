"""What flatsplit.toml said and does not say any more is told before it does harm, with what helps."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.grouping import declare as declare_group
from tests.support.special import AUDIT, SCHEMAS, declare, flat
from tests.support.walk import Walk, assert_same

LINES = """
[grants.app_user]
truncate = ["public.jobs"]
trigger = ["public.jobs"]
member = ["pg_read_all_settings"]
"""
JOBS = {"role": {"like": "app_user", "learn": "0s"}, "grants": {"select": ["public.jobs"]}}
W = ("--walk", "role:app_jobs")


@pytest.mark.majors("two")
def test_lines_that_were_removed_are_told_until_they_are_revoked(database: Database, invoke_cli: InProcess) -> None:
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    text = walk.config.read_text()
    walk.config.write_text(text + LINES)
    walk.forward("enable-login")
    walk("status").check()

    walk.config.write_text(text)
    told = [one["sql"] for one in walk("status", "--json").check(4).json["surplus"]]
    revokes = ('REVOKE TRUNCATE, TRIGGER ON TABLE "public"."jobs" FROM "app_user";', 'REVOKE "pg_read_all_settings"')
    assert all(any(revoke in one for one in told) for revoke in revokes), told
    assert [one["sql"] for one in walk("verify", "--json").check(4).json["surplus"]] == told
    assert "roles hold what flatsplit.toml does not say" in walk("plan").check().stdout

    # The next step ends with the file as it is now, and what it said before is not forgotten by that
    with walk.switched():
        walk.next()
    assert "[grants.app_user] truncate: public.jobs" in walk("history").check().stdout
    assert [one["sql"] for one in walk("status", "--json").check(4).json["surplus"]] == told

    walk.config.write_text(text + LINES)
    assert walk("status", "--json").check().json["surplus"] == []
    walk.config.write_text(text)
    for statement in told:
        database.execute(statement)
    walk("status").check()
    walk("verify").check()

    walk.config.write_text(text + LINES)
    done_already = walk("next", "--yes", "--through", "enable-login").check().stdout
    assert "of finished steps are wanted again, or since: `flatsplit repair` runs them." in done_already


@pytest.mark.majors("one")
def test_another_like_in_the_middle_is_told_and_has_no_effect(database: Database, invoke_cli: InProcess) -> None:
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("enable-login")
    before = walk.snapshot()
    text = walk.config.read_text()
    declare(walk, "app_jobs", JOBS)
    walk("begin", "role", "app_jobs", "--yes").check()
    walk.next(*W, "--through", "open")
    declared = walk.config.read_text()
    for changed in (
        declared.replace('like = "app_user"', 'like = "app_readonly"'),
        declared.replace('like = "app_user"', ""),
    ):
        walk.config.write_text(changed)
        there = walk.snapshot()
        for command in ("status", "verify"):
            assert 'this walk began with like = "app_user"' in walk(command).check().stdout
        for arguments in (("plan", *W), ("next", *W, "--yes")):
            assert 'write like = "app_user" again' in walk(*arguments).check(1).stderr
        walk("repair", "--yes").check()
        assert walk.snapshot() == there
    walk.rollback("--all", *W)
    walk.config.write_text(text)
    assert walk.snapshot() == before


def test_a_schema_that_was_renamed(database: Database, invoke_cli: InProcess) -> None:
    """What sections and lists say of it means nothing then: that is told, nobody is cut off by what is printed, nothing
    else is kept from going on, and the new name mends it all.
    """
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("enable-login")
    declare(walk, "app_reader", {"role": {"schemas": ["billing"], "new_tables": "read"}})
    declare(walk, "app_plug", {"role": {"create": ["billing"]}, "grants": {"select": ["public.payments(id, amount)"]}})
    declare(
        walk,
        "app_audit",
        {"role": {}, "grants": {"select": ["billing.invoices", "public.audit_log"], "insert": ["billing.invoices"]}},
    )
    password = ("--password-file", str(walk.password_file))
    for name in ("app_reader", "app_plug", "app_audit"):
        walk("begin", "role", name, "--through", "verify", "--yes", *password).check()
    before = walk.snapshot()
    database.execute("alter schema billing rename to bills; alter table payments rename amount to value")
    status = walk("status", "--json").check(4).json
    assert status["surplus"] == []
    named = {one["title"].removesuffix(" what is not here"): one["objects"] for one in status["misnamed"]}
    assert named == {
        "`schemas` in flatsplit.toml names": ["schema billing"],
        "[role.app_reader] names": ["schema billing"],
        "[role.app_plug] and [grants.app_plug] name": ["schema billing", "public.payments(amount)"],
        "[grants.app_audit] names": ["billing.invoices"],
    }
    broken = {one["what"]: one["fix"] for one in status["broken"]}
    assert len(broken) == 3, "a line for each role, however many lines of its list are about it"
    about = {
        role: fix for role in ("app_reader", "app_plug", "app_audit") for what, fix in broken.items() if role in what
    }
    assert "same rights on schema bills, perhaps" in about["app_reader"]
    assert "same rights on column public.payments.value, schema bills, perhaps" in about["app_plug"]
    assert "same rights on table bills.invoices, perhaps" in about["app_audit"]
    assert not any(" can read anything" in what or " can create " in what for what in broken)
    assert "correct the name" in walk("verify").check(4).stdout
    walk("repair", "--yes").check()
    text = walk.config.read_text().replace('"billing', '"bills').replace("(id, amount)", "(id, value)")
    walk.config.write_text(text)
    walk("repair", "--yes").check()
    status = walk("status", "--json").check().json
    assert (status["misnamed"], status["broken"], status["surplus"]) == ([], [], [])
    database.execute("alter schema bills rename to billing; alter table payments rename value to amount")
    assert_same(before, walk.snapshot(), "the very same rights")


def test_roles_that_somebody_has_dropped_are_not_made_again_to_be_taken_back(
    database: Database, invoke_cli: InProcess
) -> None:
    """A rollback has no passwords; what a step that is still done wants of such a role is drift, and told."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward()
    declare(walk, "app_audit", AUDIT)
    declare_group(walk, "app_user", ("web a", "web b"))
    before = walk.snapshot()
    password = ("--yes", "--password-file", str(walk.password_file))
    walk("begin", "role", "app_audit", "--through", "verify", *password).check()
    walk("begin", "group", "app_user", "--through", "open-logins", *password).check()
    database.execute('drop owned by app_audit; drop role app_audit; drop owned by "web a"; drop role "web a"')
    dropped = {one["what"].partition(":")[0] for one in walk("status", "--json").check(4).json["broken"]}
    assert {"role app_audit was dropped", "role web a was dropped"} <= dropped
    walk.rollback("--walk", "role:app_audit")
    assert "role app_audit was dropped" in walk("status", "--walk", "role:app_audit").check(4).stdout
    walk.rollback("--walk", "role:app_audit", "--all")
    walk.rollback("--walk", "group:app_user", "--all")
    assert_same(before, walk.snapshot(), "back")
