"""Special roles ride along with every kind of old role: nobody sees other rows over the bridge, and back exactly."""

from __future__ import annotations

import pytest

from tests.integration.test_kinds_of_legacy import KINDS, UNLIMITED, Application
from tests.support import journal
from tests.support.special import declare
from tests.support.walk import assert_same

WORKER, READER, MAKER = 'Night: "job" %s', "app_reader", "app_maker"


def count(app: Application, login: str, table: str = "guarded.rows") -> int:
    with app.walk.connect(login) as session:
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
    assert count(app, READER) == 2, "under the policies"
    assert count(app, READER, "guarded.through") == dict(rows)["guarded.through"]
    walk.wait_until_gone("app_user", WORKER, READER)
    walk.rollback("--walk", "split", "--through", "enable-login")
    assert_same(shut, walk.snapshot(), "rolled back with those that ride along")

    walk.next("--through", "enable-login")
    with walk.connect(MAKER) as session:
        session.execute("create table guarded.mine (id serial primary key)")
    walk.wait_until_gone(MAKER)
    assert count(app, READER, "guarded.mine") == count(app, WORKER, "guarded.mine") == 0
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
