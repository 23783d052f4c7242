"""``begin --through`` after the split of every kind of legacy, and while somebody else acts between look and step."""

from __future__ import annotations

from typing import Any

import pytest

from flatsplit.cutover.next import advance
from flatsplit.walks import role
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_kinds_of_legacy import Application
from tests.support import journal
from tests.support.special import SCHEMAS, declare, flat
from tests.support.walk import Walk, assert_same

NIGHT = 'Night: "job" %s'
KINDS = ("superuser", "bootstrap", "bypassrls", "members")
MEANWHILE = {
    "a table": ("create table public.later (id int); alter table public.later owner to app_migrator",
                "drop table public.later"),
    "a role renamed": ("create role idle; alter role idle rename to busy", "drop role busy"),
    "the role itself": ('create role "Night: ""job"" %s"', "select"),
    "another's membership": ("create role team; grant app_user to team", "drop role team"),
    "the role liked renamed": ("alter role app_user rename to app_other", "alter role app_other rename to app_user"),
    "a table dropped": ("drop table public.secrets", ""),
}  # fmt: skip
"""What somebody does between the look and the first step, and what takes it back."""


def begin(walk: Walk, name: str, *more: str) -> Any:
    return walk("begin", "role", name, "--yes", "--password-file", str(walk.password_file), *more)


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", KINDS)
def test_after_the_split_of_every_kind(kind: str, major: int, request: pytest.FixtureRequest) -> None:
    """A reader of one schema, and one that begins like the application: what policies hide from it stays hidden."""
    application = Application.of(kind, None, request)
    application.init()
    walk = application.walk
    walk.forward()
    declare(walk, "app_reader", {"role": {"schemas": ["guarded"]}})
    declare(walk, NIGHT, {"role": {"like": "app_user"}})
    before = walk.snapshot()
    begin(walk, "app_reader", "--through", role.VERIFY).check()
    begin(walk, NIGHT, "--through", role.OPEN).check()
    for name in ("app_reader", NIGHT):
        with walk.connect(name) as session, walk.connect("app_user") as app:
            for each in ("rows", "through"):
                query = f"select count(*) from guarded.{each}"
                ((seen,),), ((theirs,),) = (one.execute(query).fetchall() for one in (session, app))
                # BYPASSRLS comes over the bridge, and with no list
                assert seen == (theirs if name == NIGHT or each == "through" else 2), (name, each)
            if name == "app_reader":
                with pytest.raises(Exception, match="permission denied"):
                    session.execute("delete from guarded.rows")
        walk.wait_until_gone(name, "app_user")
    walk("verify").check()
    for name in (NIGHT, "app_reader"):
        walk.rollback("--all", "--walk", f"role:{name}")
    assert_same(before, walk.snapshot(), "back")
    assert not journal.problems(walk.database.admin)


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("what", MEANWHILE)
def test_somebody_acts_in_between(
    what: str, database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on with what is there then, or stops with two lines; the next call finds everything."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward()
    declare(walk, NIGHT, {"role": {"like": "app_user", "new_tables": "read"},
                          "grants": {"select": ["public.jobs"]}})  # fmt: skip
    before = walk.snapshot()
    do, undo = MEANWHILE[what]

    def late(*arguments: Any, **more: Any) -> Any:
        database.execute(do)
        return advance(*arguments, **more)

    monkeypatch.setattr("flatsplit.cutover.begin_through.advance", late)
    first = begin(walk, NIGHT, "--through", role.OPEN)
    assert "Traceback" not in first.stderr
    if first.exit_code:
        assert len([line for line in first.stderr.splitlines() if line.startswith(("error", "  fix"))]) == 2
    monkeypatch.undo()
    if what == "the role liked renamed":  # whose name it was is known by its oid
        assert first.exit_code == 5
        assert undo.casefold() in first.stderr.replace('"', "").casefold()
        database.execute(undo)
    begin(walk, NIGHT, "--through", role.OPEN).check()
    walk("repair").check()
    walk("verify").check()
    walk.rollback("--all", "--walk", f"role:{NIGHT}")
    if undo and what not in ("the role itself", "the role liked renamed"):  # made by hand, it is the walk's
        database.execute(undo)
    if undo:
        assert_same(before, walk.snapshot(), "back")
    assert not journal.problems(database.admin)
