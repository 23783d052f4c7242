"""What belongs to the cluster: roles, memberships, settings, other databases, the target itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from flatsplit.catalog import owned_elsewhere, read_state, remaining_dependencies, unknown_dependencies
from flatsplit.model import PUBLIC, Member, MemberOptions, ObjectRef, RoleFacts, SettingKey
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.patience import until

ROLE = 'ro"le: %s, {x}\\ü'


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)


@pytest.mark.majors("all")
def test_attributes(database: Database) -> None:
    database.execute(
        f"CREATE ROLE {_quoted(ROLE)} SUPERUSER CREATEDB CREATEROLE NOINHERIT LOGIN REPLICATION BYPASSRLS"
        " CONNECTION LIMIT 7 PASSWORD 'x' VALID UNTIL '2001-02-03 04:05:06.5+02';"
        "CREATE ROLE plain; CREATE ROLE future VALID UNTIL '2999-01-01 00:00:00+00';"
        "CREATE ROLE forever LOGIN VALID UNTIL 'infinity'"
    )
    conn = database.connect(options="-c timezone=Asia/Tokyo -c datestyle=german")
    roles = read_state(conn).roles
    assert roles[ROLE] == RoleFacts(
        True, True, True, False, True, True, True, 7, "2001-02-03 02:05:06.5+00", True, True, ()
    )
    assert roles["plain"] == RoleFacts()
    assert roles["future"] == RoleFacts(valid_until="2999-01-01 00:00:00+00")
    assert roles["forever"] == RoleFacts(login=True)  # no statement takes infinity back to NULL
    assert roles["legacy"].password
    assert "pg_monitor" in roles


@pytest.mark.majors("all")
def test_members(database: Database, major: int) -> None:
    database.execute("CREATE ROLE a; CREATE ROLE b; CREATE ROLE c; GRANT a TO b WITH ADMIN OPTION")
    if major < 16:
        database.execute("GRANT a TO c; SET ROLE b; RESET ROLE")
        expected = {
            Member("a", "b", "postgres"): MemberOptions(admin=True),
            Member("a", "c", "postgres"): MemberOptions(),
        }
    else:
        database.execute(
            "GRANT a TO c WITH INHERIT FALSE, SET TRUE; SET ROLE b; GRANT a TO c WITH SET FALSE; RESET ROLE"
        )
        expected = {
            Member("a", "b", "postgres"): MemberOptions(admin=True, inherit=True, set=True),
            Member("a", "c", "postgres"): MemberOptions(inherit=False, set=True),
            Member("a", "c", "b"): MemberOptions(inherit=True, set=False),
        }
    state = read_state(database.admin)
    assert {key: options for key, options in state.members.items() if key.role == "a"} == expected
    assert unknown_dependencies(database.admin, "b", state) == ()
    if major >= 16:
        granted = "privileges for membership of role c in role a"
        assert remaining_dependencies(database.admin, "b") == (granted,)
        assert unknown_dependencies(database.admin, "b", replace(state, members={})) == (granted,)


@pytest.mark.majors("all")
def test_settings(make_database: MakeDatabase) -> None:
    database = make_database(name='set"%s')
    other = make_database(name="other")
    name, role = _quoted(database.name), _quoted(ROLE)
    database.execute(f"CREATE ROLE {role}")
    database.execute(f'ALTER ROLE {role} SET search_path = "$user", "a,b", \'c=d\'')
    database.execute(f"ALTER ROLE {role} IN DATABASE {name} SET work_mem = '7MB'")
    database.execute(f"ALTER ROLE {role} IN DATABASE {name} SET application_name = 'it''s = 100% %s'")
    database.execute(f"ALTER DATABASE {name} SET search_path = x, public")
    database.execute(f"ALTER DATABASE {_quoted(other.name)} SET search_path = nothing")
    database.execute("ALTER ROLE ALL SET lock_timeout = '1s'; ALTER ROLE ALL SET search_path = z")
    try:
        state = read_state(database.admin)
        assert state.settings == {
            SettingKey(ROLE, ""): (("search_path", '"$user", "a,b", "c=d"'),),
            SettingKey(ROLE, database.name): (("application_name", "it's = 100% %s"), ("work_mem", "7MB")),
            SettingKey("", database.name): (("search_path", "x, public"),),
            SettingKey("", ""): (("lock_timeout", "1s"), ("search_path", "z")),
        }
        assert state.target.default_search_path == "x, public"
        database.execute(f"ALTER DATABASE {name} RESET ALL")
        assert read_state(database.admin).target.default_search_path == "z"
        assert read_state(database.admin).roles[ROLE].elsewhere == ()
        database.execute(f"ALTER ROLE {role} IN DATABASE {_quoted(other.name)} SET work_mem = '8MB'")
        assert read_state(database.admin).roles[ROLE].elsewhere == ()  # a setting alone is no right
    finally:
        database.execute("ALTER ROLE ALL RESET ALL")


@pytest.mark.majors("two")
def test_default_search_path(fresh_cluster: FreshCluster) -> None:
    """It is what a new role would get, whatever the operator or the session has set."""
    cluster = fresh_cluster()

    def ask(user: str = "postgres", *before: str, **more: str) -> str:
        with psycopg.connect(cluster.conninfo(user=user), autocommit=True, **more) as conn:  # type: ignore[arg-type]
            for statement in before:
                conn.execute(statement.encode())
            return read_state(conn).target.default_search_path

    builtin = '"$user", public'
    with psycopg.connect(cluster.conninfo(), autocommit=True) as conn:
        conn.execute("CREATE ROLE helper LOGIN CREATEROLE")
        conn.execute("CREATE ROLE own LOGIN CREATEROLE; ALTER ROLE own SET search_path = mine")
        assert ask() == ask("own") == ask("helper") == builtin
        assert ask("helper", "SET search_path = pg_catalog, pg_temp") == builtin
        assert ask(options="-c search_path=pg_catalog,pg_temp") == builtin
        conn.execute("ALTER SYSTEM SET search_path = 'file'")
        conn.execute("SELECT pg_reload_conf()")
        until(lambda: ask() == "file", "the new setting")
        for statements in [(), ("SET search_path = pg_catalog, pg_temp",)]:
            assert ask("postgres", *statements) == "file"
            assert ask("helper", *statements) == "file"
        assert ask(options="-c search_path=pg_catalog,pg_temp") == "file"
        conn.execute("ALTER ROLE postgres SET search_path = mine")
        assert ask() == "file"


@pytest.mark.majors("all")
def test_elsewhere(make_database: MakeDatabase) -> None:
    here, objects, owned, acl, subscribed = (make_database(name=f'else"{n}') for n in range(5))
    here.execute("CREATE ROLE r; CREATE ROLE bystander")
    assert read_state(here.admin).roles["r"] == RoleFacts()
    objects.execute("CREATE TABLE t (); ALTER TABLE t OWNER TO r")
    assert read_state(here.admin).roles["r"].elsewhere == (objects.name,)
    here.execute(f"ALTER DATABASE {_quoted(owned.name)} OWNER TO r; GRANT CONNECT ON DATABASE {_quoted(acl.name)} TO r")
    subscribed.execute(
        "CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = none);"
    )
    subscribed.execute("ALTER ROLE r SUPERUSER; ALTER SUBSCRIPTION s OWNER TO r; ALTER ROLE r NOSUPERUSER")
    state = read_state(here.admin)
    everywhere = (objects.name, owned.name, acl.name, subscribed.name)
    assert state.roles["r"].elsewhere == everywhere == owned_elsewhere(here.admin, "r")
    assert state.databases["r"] == (owned.name,)
    assert owned_elsewhere(here.admin, "bystander") == owned_elsewhere(here.admin, "nobody at all") == ()
    assert unknown_dependencies(here.admin, "r", state) == remaining_dependencies(here.admin, "r") == ()
    assert not [ref for ref in state.objects if ref.kind == "subscription"]
    assert ObjectRef("subscription", "", "s") in read_state(subscribed.admin).objects


@pytest.fixture
def operator(database: Database) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection of a role that may create roles and is no superuser."""
    database.execute("CREATE ROLE op LOGIN CREATEROLE CREATEDB")
    with psycopg.connect(database.conninfo("op"), autocommit=True) as conn:
        yield conn


@pytest.mark.majors("all")
def test_an_ordinary_operator_reads_the_same(
    database: Database, operator: psycopg.Connection[tuple[object, ...]]
) -> None:
    database.execute(
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR legacy SERVER s OPTIONS (password 'hush');"
        "CREATE USER MAPPING FOR PUBLIC SERVER s; SELECT lo_create(42); ALTER LARGE OBJECT 42 OWNER TO legacy;"
        "CREATE TABLE t (a int); ALTER TABLE t OWNER TO legacy; CREATE POLICY p ON t TO legacy, PUBLIC;"
        'CREATE POLICY "q%s" ON t TO legacy; CREATE ROLE no_login_no_password; CREATE ROLE silent LOGIN'
    )
    database.execute(
        "CREATE SUBSCRIPTION s CONNECTION 'password=hush' PUBLICATION p WITH (connect=false, slot_name=none)"
    )
    database.execute("ALTER ROLE legacy SUPERUSER; ALTER SUBSCRIPTION s OWNER TO legacy; ALTER ROLE legacy NOSUPERUSER")
    ours, theirs = read_state(database.admin), read_state(operator)
    assert theirs.objects == ours.objects
    assert theirs.members == ours.members
    assert theirs.mappings == ours.mappings
    assert theirs.mappings == {
        ObjectRef("user_mapping", "", "s", "legacy"),
        ObjectRef("user_mapping", "", "s", PUBLIC),
    }
    assert theirs.policies == ours.policies
    assert theirs.policies == {
        ObjectRef("policy", "public", "t", "p"): frozenset({PUBLIC}),
        ObjectRef("policy", "public", "t", "q%s"): frozenset({"legacy"}),
    }
    assert ObjectRef("subscription", "", "s") in theirs.objects
    assert (theirs.target.operator, theirs.target.operator_superuser, theirs.target.bootstrap) == (
        "op",
        False,
        "postgres",
    )
    assert (ours.target.operator, ours.target.operator_superuser) == ("postgres", True)
    assert ours.target.system_identifier.isdigit()
    assert theirs.target.system_identifier == ours.target.system_identifier
    assert (ours.target.database, ours.target.version) == (database.name, database.admin.info.server_version)
    # Passwords cannot be seen: a role that may log in is taken to have one
    assert theirs.roles["silent"].password
    assert not ours.roles["silent"].password
    assert not theirs.roles["no_login_no_password"].password
    for role in ("legacy", "op", "postgres"):
        for conn in (database.admin, operator):
            assert unknown_dependencies(conn, role, theirs) == ()
    assert remaining_dependencies(operator, "legacy") == remaining_dependencies(database.admin, "legacy")


@pytest.mark.majors("one")
def test_a_service_that_hides_its_identity(
    database: Database, operator: psycopg.Connection[tuple[object, ...]]
) -> None:
    database.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    assert read_state(operator).target.system_identifier == ""


@pytest.mark.majors("all")
def test_policies_and_mappings_are_part_of_the_proof(database: Database) -> None:
    database.execute(
        "CREATE ROLE r; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
        "CREATE USER MAPPING FOR r SERVER s; CREATE TABLE t (a int); CREATE POLICY p ON t TO r"
    )
    state = read_state(database.admin)
    assert unknown_dependencies(database.admin, "r", state) == ()
    assert remaining_dependencies(database.admin, "r") == (
        "owner of user mapping for r on server s",
        "target of policy p on table public.t",
    )
    assert unknown_dependencies(database.admin, "r", replace(state, policies={}, mappings=frozenset())) == (
        remaining_dependencies(database.admin, "r")
    )
