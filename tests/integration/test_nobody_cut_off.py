"""Nobody is cut off: whoever is at work in the cluster meets no error and no other count, to the switch and back.

Beside the application's own traffic there are its views and refreshes, a nightly dump by a third role, a pooler that
looks users up through a definer function, somebody who acts as the old role, the application of a second database on
the same role, app_readonly's dump once it may log in, and new logins of everybody. Each has looked at least once
between two steps, so a step that breaks something is the one that is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.pooler import pooling
from tests.support.traffic import Traffic
from tests.support.walk import Walk
from tests.support.watchers import Session, Watch, Watcher, dump, login

UPTO = STEP_KEYS[: STEP_KEYS.index("switch-connections")]

SHOP = """
CREATE SCHEMA shop;
CREATE TABLE shop.item (id serial PRIMARY KEY, name text);
INSERT INTO shop.item (name) SELECT 'item ' || i FROM generate_series(1, 50) AS i;
CREATE TABLE shop.event (id bigserial PRIMARY KEY, item int REFERENCES shop.item, at timestamptz DEFAULT now());
CREATE VIEW shop.short AS SELECT * FROM shop.item WHERE id <= 20;
CREATE VIEW shop.shorter AS SELECT * FROM shop.short WHERE id <= 10;
CREATE MATERIALIZED VIEW shop.summary AS SELECT id % 5 AS part, count(*) FROM shop.item GROUP BY 1;
CREATE UNIQUE INDEX ON shop.summary (part);
CREATE FUNCTION shop.items() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'SELECT count(*) FROM shop.item';
CREATE SCHEMA pooler;
CREATE TABLE pooler.known (name text PRIMARY KEY, verifier text);
INSERT INTO pooler.known VALUES ('legacy', 'SCRAM-SHA-256$of-legacy'), ('person', 'SCRAM-SHA-256$of-person');
CREATE FUNCTION pooler.user_lookup(wanted text, OUT uname text, OUT phash text) RETURNS record LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'SELECT name, verifier FROM pooler.known WHERE name = $1';
REVOKE EXECUTE ON FUNCTION pooler.user_lookup(text) FROM PUBLIC;
"""
OTHERS = """
CREATE ROLE vendor LOGIN;
CREATE SCHEMA vendor AUTHORIZATION vendor;
CREATE TABLE vendor.price (item int PRIMARY KEY, amount numeric);
INSERT INTO vendor.price SELECT i, i FROM generate_series(1, 30) AS i;
ALTER TABLE vendor.price OWNER TO vendor;
ALTER TABLE vendor.price ENABLE ROW LEVEL SECURITY;
CREATE POLICY cheap ON vendor.price TO legacy USING (item <= 12);
GRANT USAGE ON SCHEMA vendor TO legacy;
GRANT SELECT ON vendor.price TO legacy;
CREATE ROLE nightly LOGIN BYPASSRLS;
CREATE ROLE pooler LOGIN;
GRANT USAGE ON SCHEMA pooler TO pooler;
GRANT EXECUTE ON FUNCTION pooler.user_lookup(text) TO pooler;
CREATE ROLE person LOGIN IN ROLE legacy;
"""
PRICES = """
CREATE VIEW shop.priced AS SELECT * FROM vendor.price;
CREATE MATERIALIZED VIEW shop.prices AS SELECT * FROM vendor.price;
"""
NIGHTLY = "".join(
    f"GRANT USAGE ON SCHEMA {schema} TO nightly; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO nightly; "
    f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO nightly; "
    for schema in ("shop", "pooler", "vendor")
)
COUNTS = (
    "SELECT count(*) FROM shop.item",
    "SELECT count(*) FROM shop.shorter",
    "SELECT shop.items()",
    "SELECT count(*) FROM shop.priced",
    "SELECT count(*), sum(count) FROM shop.summary",
    "SELECT count(*) FROM shop.prices",
)
REFRESH = (
    "REFRESH MATERIALIZED VIEW CONCURRENTLY shop.summary",
    "REFRESH MATERIALIZED VIEW shop.prices",
)
WORK = (
    ("INSERT INTO shop.event (item) VALUES (3)",),
    ("UPDATE shop.event SET at = now() WHERE id = (SELECT max(id) FROM shop.event)",),
    ("DELETE FROM shop.event WHERE id % 3 = 0",),
    ("TRUNCATE shop.event", "INSERT INTO shop.event (item) VALUES (4)"),
    ("CREATE TEMPORARY TABLE work ON COMMIT DROP AS SELECT * FROM shop.short", "SELECT count(*) FROM work"),
)
LOOKUP = "SELECT * FROM pooler.user_lookup('person')"


def world(make_database: MakeDatabase, options: str) -> tuple[Database, Database]:
    """The database that is walked, and another one of the same role's."""
    database, other = make_database(legacy_options=options), make_database()
    database.execute(SHOP, "legacy")
    database.execute(OTHERS)
    database.execute(PRICES, "legacy")
    database.execute(NIGHTLY)
    other.execute("CREATE TABLE ours (a int); INSERT INTO ours VALUES (1), (2); CREATE VIEW v AS TABLE ours", "legacy")
    return database, other


def people(database: Database, other: Database) -> list[Watcher]:
    """Everybody who is there from the beginning."""
    at = {role: database.conninfo(role) for role in ("legacy", "nightly", "pooler", "person")}
    return [
        Watcher("the application's views", Session(at["legacy"], *COUNTS)),
        Watcher("its refreshes", Session(at["legacy"], *REFRESH, *COUNTS[-2:]), 0.2),
        Watcher("the nightly dump", dump(at["nightly"]), 0.5),
        Watcher("the pooler", Session(at["pooler"], LOOKUP)),
        Watcher("a member", Session(at["person"], *COUNTS[:3], "INSERT INTO shop.event (item) VALUES (5)")),
        Watcher("as the old role", login(at["person"], "SET ROLE legacy", *COUNTS[:3]), 0.5),
        Watcher("the other application", Session(other.conninfo("legacy"), "TABLE ours", "TABLE v")),
        Watcher("a login there", login(other.conninfo("legacy"), "TABLE v"), 1),
        *(Watcher(f"a login of {role}", login(where, "SELECT current_user"), 1) for role, where in at.items()),
    ]


def newcomers(walk: Walk) -> list[Watcher]:
    """Everybody who may log in once enable-login is done."""
    at = {role: walk.database.conninfo(role, walk.passwords[role]) for role in walk.roles[:3]}
    return [
        Watcher("app_user's views", Session(at["app_user"], *COUNTS)),
        Watcher("app_readonly's dump", dump(at["app_readonly"], "--exclude-schema=vendor"), 0.5),
        Watcher("app_migrator", Session(at["app_migrator"], *REFRESH, *COUNTS)),
        *(Watcher(f"a login of {role}", login(where, "SELECT current_user"), 1) for role, where in at.items()),
    ]


@contextmanager
def at_work(walk: Walk, other: Database, *more: Watcher) -> Iterator[Watch]:
    watch = Watch()
    traffic = Traffic(walk.database.conninfo("legacy"), WORK, workers=2, pause=0.05)
    with traffic, watch.of(*people(walk.database, other), *more):
        yield watch
    traffic.check()


def there_and_back(walk: Walk, other: Database, *more: Watcher) -> None:
    with at_work(walk, other, *more) as watch:
        for key in UPTO:
            walk.step(key)
            watch.round(f"after {key}")
        with watch.of(*newcomers(walk)):
            pass
        walk.wait_until_gone(*walk.roles)
        for key in reversed(UPTO):
            walk.rollback()
            watch.round(f"after {key} was taken back")


@pytest.mark.slow
def test_plain(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database, other = world(make_database, "")
    there_and_back(Walk(invoke_cli, database).init(), other)


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("options", ["BYPASSRLS", "SUPERUSER", "CREATEROLE CREATEDB"])
def test_kinds_of_old_roles(options: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database, other = world(make_database, options)
    walk = Walk(invoke_cli, database).init()
    if options == "SUPERUSER":  # what the gate asks for, since the views read what policies would hide
        walk.config.write_text(walk.config.read_text() + "\n[owner-powers]\nbypassrls = true\n")
    there_and_back(walk, other)


@pytest.mark.slow
@pytest.mark.majors("oldest")
def test_plain_on_the_oldest(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database, other = world(make_database, "")
    there_and_back(Walk(invoke_cli, database).init(), other)


@pytest.mark.slow
def test_through_a_pooler(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """PgBouncer asks the definer function whenever somebody connects to it."""
    database, other = world(make_database, "")
    password = "of-the-person"
    verifier = database.admin.pgconn.encrypt_password(password.encode(), b"person", b"scram-sha-256").decode()
    database.admin.execute("UPDATE pooler.known SET verifier = %s WHERE name = 'person'", [verifier])
    lookup = "SELECT uname, phash FROM pooler.user_lookup($1)"
    with pooling(database, "pooler", lookup, "person", password) as through:
        walk = Walk(invoke_cli, database).init()
        there_and_back(walk, other, Watcher("a login through PgBouncer", login(through, *COUNTS[:3]), 0.3))


@pytest.mark.parametrize(
    ("breakage", "who"),
    [
        ("REVOKE SELECT ON shop.item FROM nightly", "the nightly dump"),
        ("DELETE FROM shop.item WHERE id = 7", "the application's views"),
        ("REVOKE EXECUTE ON FUNCTION pooler.user_lookup(text) FROM pooler", "the pooler"),
        ("ALTER ROLE person NOLOGIN", "a login of person"),
    ],
)
def test_the_watch_sees(breakage: str, who: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """What each of them would say: the law can fail."""
    database, other = world(make_database, "")
    with pytest.raises(AssertionError, match=who):
        broken_at_work(Walk(invoke_cli, database), other, breakage)


def broken_at_work(walk: Walk, other: Database, breakage: str) -> None:
    with at_work(walk, other) as watch:
        walk.database.execute(breakage)
        watch.round("broken")
