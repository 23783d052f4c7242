"""What others do during the weeks that a walk takes: it is taken along, and nothing of theirs is lost.

Legacy goes on creating, the migration tool begins to, third roles grant what is theirs. Going back then means: legacy
owns all of it as if it had been there from the start, and the third roles' grants stand.
"""

import psycopg
import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_schemas
from tests.support import rights
from tests.support.rights import Trial
from tests.support.separation import Possessions, assert_separated
from tests.support.snapshot import Fact, Snapshot, owned_by
from tests.support.walk import Walk, assert_same
from tests.support.world import acting_as, run_application, trap_world

BEFORE_LOCK = STEP_KEYS[: STEP_KEYS.index("lock-legacy")]
WITH_MIGRATOR = STEP_KEYS[STEP_KEYS.index("transfer-ownership") :]


def create(conn: psycopg.Connection, role: str, schema: str, name: str) -> None:
    """One of several kinds, as this role would."""
    with acting_as(conn, role):
        conn.execute(
            f"""
            create table {schema}.{name} (id serial primary key, n int generated always as identity, v text);
            create view {schema}.{name}_view as select * from {schema}.{name};
            create materialized view {schema}.{name}_matview as select * from {schema}.{name};
            create sequence {schema}.{name}_seq;
            create function {schema}.{name}_call() returns bigint language sql as
                'select count(*) from {schema}.{name}';
            create type {schema}.{name}_type as (a int);
            create table {schema}.{name}_parts (at date) partition by range (at);
            create table {schema}.{name}_part partition of {schema}.{name}_parts default;
            """
        )


def named(taken: Snapshot, name: str, replacement: str) -> dict[str, set[Fact]]:
    """The facts about objects of this name, told as if it were another."""
    return {
        what: {
            tuple(part.replace(name, replacement) for part in fact) for fact in facts if any(name in p for p in fact)
        }
        for what, facts in taken.items()
    }


def unnamed(taken: Snapshot, *names: str) -> Snapshot:
    """The facts about everything but objects of these names."""
    return {
        what: frozenset(fact for fact in facts if not any(name in part for name in names for part in fact))
        for what, facts in taken.items()
    }


@pytest.fixture
def world(database: Database, invoke_cli: InProcess) -> Walk:
    trap_world(database.admin, database.legacy)
    return Walk(invoke_cli, database).init()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_objects_made_meanwhile_are_taken_along_and_back(world: Walk) -> None:
    conn, legacy = world.database.admin, world.database.legacy
    untouched = world.snapshot()
    made = []
    for key in STEP_KEYS:
        world.step(key)
        # lock-legacy ends legacy's logins; what it owns by then is swept by revoke-legacy
        if key in BEFORE_LOCK:
            made.append(f"born_{key.replace('-', '_')}_legacy")
            create(conn, legacy, "shop", made[-1])
        if key in WITH_MIGRATOR and key != "revoke-legacy":
            made.append(f"born_{key.replace('-', '_')}_migrator")
            create(conn, world.app_migrator, "shop", made[-1])

    assert not owned_by(conn, legacy)
    everything = set(owned_by(conn, world.app_migrator))
    assert {f"table shop.{name}" for name in made} <= everything
    relations = [each for each in rights.relations_of(conn, world.app_migrator) if each.name.startswith("born_")]
    with world.connect(world.app_user) as session:
        trial = Trial(session)
        rights.try_reading(trial, relations)
        rights.try_writing(trial, relations)
        rights.try_structure(trial, relations)
        assert not trial.wrong
    world.wait_until_gone(world.app_user)

    world.rollback("--all")

    found = world.snapshot()
    assert_same(untouched, unnamed(found, "born_"), "something else than the new objects changed")
    # As if they had been there: like one that legacy makes now, which nobody ever touched
    create(conn, legacy, "shop", "twin")
    twin = named(world.snapshot(), "twin", "NAME")
    for name in made:
        mine = named(found, name, "NAME")
        assert mine == twin, f"{name} is not what legacy would have made"


@pytest.mark.slow
@pytest.mark.majors("two")
def test_each_step_back_keeps_what_was_made_meanwhile(world: Walk) -> None:
    conn = world.database.admin
    expected = [world.snapshot(), *world.looking().values()]
    keys = list(STEP_KEYS)
    while keys:
        key = keys.pop()
        if key in WITH_MIGRATOR:
            create(conn, world.app_migrator, "shop", f"born_{key.replace('-', '_')}_new")
        world.rollback()
        assert_same(expected[len(keys)], unnamed(world.snapshot(), "born_"), f"rolled back {key}")
    tables = [name for name in owned_by(conn, world.database.legacy) if name.startswith("table shop.born_")]
    assert len(tables) == 3 * len(WITH_MIGRATOR)


# By whom, and what
PASSED_ON = (
    ("vendor", "grant select on vendor.rate to newcomer"),
    ("vendor", "grant insert on vendor.price to reporting"),
    ("reporting", "grant select on shop.cheap to newcomer"),
    (None, "grant references on public.note to vendor"),
    (None, "grant select (body) on public.note to vendor"),
    (None, "grant execute on function shop.who() to vendor"),
    (None, "grant usage on schema legacy to reporting"),
    (None, "grant reporting to newcomer"),
    ("vendor", "alter default privileges for role vendor grant select on tables to newcomer"),
)


def pass_on(conn: psycopg.Connection, *, back: bool = False) -> None:
    for who, statement in PASSED_ON:
        with acting_as(conn, who):
            conn.execute(statement.replace("grant ", "revoke ").replace(" to ", " from ") if back else statement)


@pytest.mark.parametrize(
    "after",
    [
        key if key == "default-privileges" else pytest.param(key, marks=pytest.mark.slow)
        for key in (None, *STEP_KEYS[:-1])
    ],
)
def test_third_roles_grants_survive(world: Walk, after: str | None) -> None:
    """Made after any step, they stand at the end and after the way back; and they are all that differs."""
    conn = world.database.admin
    without = world.snapshot()
    pass_on(conn)
    expected = world.snapshot()
    pass_on(conn, back=True)
    assert_same(without, world.snapshot(), "the test does not undo its own grants")

    if after:
        world.forward(after)
    pass_on(conn)
    world.forward()

    asked = """
        select has_table_privilege('newcomer', 'shop.cheap', 'select'),
               has_table_privilege('vendor', 'public.note', 'references'),
               has_column_privilege('vendor', 'public.note', 'body', 'select'),
               has_function_privilege('vendor', 'shop.who()', 'execute')
        """
    assert conn.execute(asked).fetchone() == (True, True, True, True)
    world.rollback("--all")
    assert_same(expected, world.snapshot(), f"third roles' grants, made after {after}")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_dropped_meanwhile(world: Walk) -> None:
    """What disappears during the walk is not missed, neither forward nor back."""
    conn = world.database.admin
    create(conn, world.database.legacy, "shop", "dying")
    kinds: tuple[str, ...] = (
        "materialized view shop.dying_matview",
        "view shop.dying_view",
        "function shop.dying_call()",
    )
    kinds += ("table shop.dying", "sequence shop.dying_seq", "type shop.dying_type", "table shop.dying_parts")
    left = list(kinds)
    expected = unnamed(world.snapshot(), "dying")

    for key in STEP_KEYS:
        world.step(key)
        if left:
            conn.execute(f"drop {left.pop(0)}")

    world.rollback("--all")
    assert_same(expected, unnamed(world.snapshot(), "dying"), "rolled back everything")


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.parametrize("schema", shared_schemas())
def test_every_schema_goes_on_growing(schema: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """The same with real schemas: they end separated, with what came while they walked."""
    database = make_database(schema)
    walk = Walk(invoke_cli, database).init()
    conn = database.admin
    untouched = walk.snapshot()
    home = conn.execute("select quote_ident(unnest) from unnest(%s::text[]) limit 1", [walk.schemas()]).fetchone()
    assert home
    for key in STEP_KEYS:
        walk.step(key)
        if key in BEFORE_LOCK:
            create(conn, database.legacy, home[0], f"born_{key.replace('-', '_')}")
    had = Possessions.of(conn, walk.app_migrator)
    assert_separated(walk, had)
    walk.wait_until_gone(*walk.roles)

    walk.rollback("--all")

    assert_same(untouched, unnamed(walk.snapshot(), "born_"), "rolled back everything")
    assert {n for n in owned_by(conn, database.legacy) if ".born_" in n} == {n for n in had.everything if ".born_" in n}


@pytest.mark.majors("two")
def test_the_application_works_as_both_roles(world: Walk) -> None:
    """Legacy's statements work after every step up to the lock, app_user's from its login on."""
    for key in STEP_KEYS:
        world.step(key)
        if key in BEFORE_LOCK:
            with world.connect(world.database.legacy) as session:
                assert not run_application(session), f"as legacy after {key}"
        if STEP_KEYS.index(key) >= STEP_KEYS.index("enable-login"):
            with world.connect(world.app_user) as session:
                assert not run_application(session), f"as {world.app_user} after {key}"
        world.wait_until_gone(*world.roles, world.database.legacy)


@pytest.mark.majors("two")
def test_the_application_sees_the_same_rows(world: Walk) -> None:
    """Row-level security hides rows without an error, so it is counted."""
    count = "select count(*) from shop.document"
    with world.connect(world.database.legacy) as session:
        before = session.execute(count).fetchone()
    world.forward()
    with world.connect(world.app_user) as session:
        assert session.execute(count).fetchone() == before == (2,)


@pytest.mark.majors("two")
def test_what_legacy_had_through_a_group_is_not_lost(world: Walk) -> None:
    """The migrator joins the group; the application gets what the group may read and write, not the membership."""
    world.forward()
    conn = world.database.admin
    assert conn.execute("select pg_has_role('app_migrator', 'team', 'usage')").fetchone() == (True,)
    with world.connect(world.app_user) as session:
        assert session.execute("select pieces from vendor.stock where code = 'tea'").fetchone() == (12,)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_person_who_acts_as_legacy_is_not_forgotten(world: Walk) -> None:
    """Either a new role takes the person in, or the operator is told that somebody has to decide."""
    told = "".join(world("plan", key).check().stdout for key in STEP_KEYS) + world("status").check().stdout
    world.forward()
    taken_in = "select pg_has_role('person', r, 'member') from unnest(%s::text[]) r"
    answers = world.database.admin.execute(taken_in, [list(world.roles)]).fetchall()
    assert (True,) in answers or "person" in told


@pytest.mark.majors("two")
def test_role_settings_are_carried_over(world: Walk) -> None:
    world.forward()
    with world.connect(world.app_user) as session:

        def show(name: str) -> str:
            row = session.execute("select current_setting(%s)", [name]).fetchone()
            assert row
            return str(row[0])

        assert show("statement_timeout") == "55s"
        assert show("idle_in_transaction_session_timeout") == "10min"
        assert show("application_name") == "it's 100% shop"
        # The schema named after legacy was first in its path, and must be in the new one by name
        assert [part.strip().strip('"') for part in show("search_path").split(",")][-3:] == ["legacy", "public", "shop"]
    limit = "select rolconnlimit from pg_roles where rolname = %s"
    assert world.database.admin.execute(limit, [world.app_user]).fetchone() == (50,)


@pytest.mark.majors("two")
def test_nobody_may_create_in_public_unless_he_did(world: Walk) -> None:
    conn = world.database.admin
    world.forward()
    may = "select has_schema_privilege(%s, 'public', 'create')"
    answers = {
        role: conn.execute(may, [role]).fetchone()
        for role in ("vendor", "newcomer", world.app_user, world.app_migrator)
    }
    assert answers == {"vendor": (True,), "newcomer": (False,), world.app_user: (False,), world.app_migrator: (True,)}


@pytest.mark.majors("two")
def test_reporting_goes_on_receiving_its_grants(world: Walk) -> None:
    """Legacy's default privileges live on for what app_migrator makes."""
    world.forward()
    conn = world.database.admin
    create(conn, world.app_migrator, "shop", "late")
    asked = conn.execute(
        """
        select has_table_privilege('reporting', 'shop.late', 'select'),
               has_sequence_privilege('reporting', 'shop.late_seq', 'usage with grant option'),
               has_function_privilege('reporting', 'shop.late_call()', 'execute'),
               has_function_privilege('newcomer', 'shop.late_call()', 'execute'),
               has_type_privilege('newcomer', 'shop.late_type', 'usage')
        """
    ).fetchone()
    assert asked == (True, True, True, False, False)


@pytest.mark.majors("two")
def test_rights_that_legacy_passed_on_survive_it(world: Walk) -> None:
    """Newcomer has SELECT on the vendor's table from legacy, and on legacy's table from reporting."""
    world.forward()
    asked = """
        select has_table_privilege('newcomer', 'vendor.price', 'select'),
               has_table_privilege('newcomer', 'shop.product', 'select, insert, update'),
               has_table_privilege('reporting', 'shop.product', 'select with grant option'),
               has_column_privilege('newcomer', 'shop.customer', 'mood', 'update')
        """
    assert world.database.admin.execute(asked).fetchone() == (True, True, True, True)
