"""Special roles ride along with every kind of old role: nobody sees other rows over the bridge, and back exactly."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.integration.test_kinds_of_legacy import GUARDED, KINDS, OPTIONS, UNLIMITED, Application
from tests.support import journal
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator
from tests.support.special import declare
from tests.support.walk import Walk, assert_same

pytestmark = pytest.mark.usefixtures("partial_looks")

WORKER, READER, MAKER = 'Night: "job" %s', "app_reader", "app_maker"


def count(walk: Walk, login: str, table: str = "guarded.rows") -> int:
    """Rows that it sees."""
    with walk.connect(login) as session:
        (found,) = session.execute(f"select count(*) from {table}".encode()).fetchone() or (None,)
    assert isinstance(found, int)
    return found


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=() if kind == "bypassrls" else pytest.mark.whole) for kind in KINDS]
)
def test_they_ride_along_with_every_kind(kind: str, major: int, request: pytest.FixtureRequest) -> None:
    """A worker that begins like app_user, a reader, and one that makes tables and reads all columns of one."""
    app = Application.of(kind, None, request)
    walk = app.walk
    untouched = walk.snapshot()
    app.init()
    rows = app.seen(app.login)
    declare(walk, READER, {"role": {"schemas": ["guarded"], "new_tables": "read"}})
    declare(walk, WORKER, {"role": {"like": "app_user", "learn": "0s", "new_tables": "write"}})
    declare(walk, MAKER, {"role": {"create": ["guarded"]}, "grants": {"select": ["guarded.rows(id)"]}})
    walk.forward("transfer-ownership")
    shut = walk.snapshot()
    walk.next()
    walks = {one["walk"]: (one["done"], one["next"]) for one in walk.status()["walks"]}
    assert walks == {
        "split": (5, "switch-connections"),
        f"role:{READER}": (4, None),
        f"role:{WORKER}": (3, "switch-connections"),
        f"role:{MAKER}": (4, None),
    }
    assert app.seen("app_user") == app.seen(WORKER) == rows, "over the bridge the worker sees what the application does"
    assert count(walk, READER) == 2, "under the policies"
    assert count(walk, READER, "guarded.through") == dict(rows)["guarded.through"]
    walk.wait_until_gone("app_user", WORKER, READER)
    walk.rollback("--walk", "split", "--through", "enable-login")
    assert_same(shut, walk.snapshot(), "rolled back with those that ride along")

    walk.next("--through", "enable-login")
    with walk.connect(MAKER) as session:
        session.execute("create table guarded.mine (id serial primary key)")
    walk.wait_until_gone(MAKER)
    assert count(walk, READER, "guarded.mine") == count(walk, WORKER, "guarded.mine") == 0
    walk.wait_until_gone(READER, WORKER)
    with walk.switched():
        walk.next("--walk", "split", "--through", "revoke-legacy")
    assert walk("verify", "--json").check().json["ok"]
    bypasses = "select rolbypassrls from pg_roles where rolname = %s"
    for name in ("app_user", WORKER):
        assert app.database.admin.execute(bypasses, [name]).fetchone() == (kind in UNLIMITED and kind != "superuser",)
    app.database.execute("drop table guarded.mine")
    walk.rollback("--all", "--walk", "split")
    assert_same(untouched, walk.snapshot(), "rolled back all")
    assert not journal.problems(app.database.admin)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_with_what_the_operator_may_not_give(major: int, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """Before 16 BYPASSRLS is a superuser's to give, then theirs who have it: told before; what was stuck goes on."""
    database = make_database(legacy_options=OPTIONS["bypassrls"])
    database.execute(GUARDED, database.legacy)
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init()
    declare(walk, WORKER, {"role": {"like": "app_user", "learn": "0s"}})
    declare(walk, READER, {"role": {"schemas": ["guarded"]}})
    untouched = walk.snapshot()

    def superuser(role: str, word: str = "BYPASSRLS") -> str:
        quoted = '"' + role.replace('"', '""') + '"'
        database.execute(f"alter role {quoted} {word}")
        return f"ALTER ROLE {quoted} {word};"

    if major >= 16:
        superuser(OPERATOR)
        walk.next("--through", "transfer-ownership")
    else:
        walk.next("--through", "transfer-ownership", exit_code=1)
        superuser("app_migrator")
        walk.next("--through", "transfer-ownership")
    (note,) = (one for one in walk("plan", "--json").check().json["notes"] if one["id"] == "rides-along")
    stops = [line for line in note["objects"] if " stops at " in line]
    if major < 16:
        walk.next("--through", "enable-login", exit_code=1)
        superuser("app_user")
    walk.next("--through", "enable-login")
    if major < 16:
        ran = [superuser(WORKER, "NOBYPASSRLS"), superuser(WORKER)]
        assert all(one in line for one, line in zip(ran, reversed(stops), strict=True))
        walk.next("--walk", f"role:{WORKER}", "--through", "open")
    else:
        assert stops == []
    walks = {one["walk"]: (one["done"], one["next"]) for one in walk.status()["walks"]}
    assert walks == {
        "split": (5, "switch-connections"),
        f"role:{READER}": (4, None),
        f"role:{WORKER}": (3, "switch-connections"),
    }
    assert count(walk, READER) == 2
    assert count(walk, WORKER) == count(walk, "app_user") == 5
    walk.wait_until_gone(READER, WORKER, "app_user")
    if major < 16:
        walk.rollback("--all", "--walk", "split", exit_code=1)
        superuser(WORKER, "NOBYPASSRLS")
        superuser("app_user", "NOBYPASSRLS")
        superuser("app_migrator", "NOBYPASSRLS")
    walk.rollback("--all", "--walk", "split")
    if major >= 16:
        superuser(OPERATOR, "NOBYPASSRLS")
    assert_same(untouched, walk.snapshot(), "rolled back all")
