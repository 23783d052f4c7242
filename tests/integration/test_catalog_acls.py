"""Privileges come over in one canonical form, whoever granted them and however the catalog writes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from flatsplit.catalog import read_state, unknown_dependencies
from flatsplit.model import OWNER, PUBLIC, Acl, AclItem, DefaultRef, ObjectRef
from tests.fixtures.databases import Database, MakeDatabase

TABLE = ObjectRef("table", "public", "t")
FUNCTION = ObjectRef("function", "public", "f", "integer")


def _owner(major: int, privileges: str) -> AclItem:
    return AclItem(OWNER, OWNER, "".join(sorted(privileges + ("m" if major >= 17 and "D" in privileges else ""))))


def _items(acl: Acl) -> set[AclItem]:
    assert list(acl) == sorted(acl)
    return set(acl)


@pytest.fixture
def people(make_database: MakeDatabase) -> Database:
    """A database with a table, a function and three roles; legacy may do everything."""
    database = make_database(legacy='"leg=a/cy*')
    database.execute('CREATE ROLE alice; CREATE ROLE "bob,{}=r*/x"; CREATE ROLE "carol""\\"')
    database.execute("GRANT ALL ON SCHEMA public TO PUBLIC")
    database.execute(
        "CREATE TABLE t (a int, b int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'select 1'", database.legacy
    )
    return database


def _run(database: Database, statements: Iterable[str], user: str | None = None) -> None:
    for statement in statements:
        database.execute(statement, user)


@pytest.mark.majors("all")
def test_null_is_written_out(people: Database, major: int) -> None:
    state = read_state(people.admin)
    assert state.objects[TABLE].acl == (_owner(major, "Dadrtwx"),)
    assert state.objects[FUNCTION].acl == (AclItem(PUBLIC, OWNER, "X"), AclItem(OWNER, OWNER, "X"))
    assert state.objects[ObjectRef("database", "", people.name)].acl == (
        AclItem(PUBLIC, OWNER, "Tc"),
        AclItem(OWNER, OWNER, "CTc"),
    )
    assert state.columns == {}


@pytest.mark.majors("all")
def test_a_grant_and_its_revoke_leave_nothing(people: Database, major: int) -> None:
    before = read_state(people.admin)
    _run(people, ["GRANT SELECT ON t TO alice", "REVOKE SELECT ON t FROM alice"], people.legacy)
    _run(people, ["GRANT EXECUTE ON FUNCTION f(int) TO alice", "REVOKE EXECUTE ON FUNCTION f(int) FROM alice"])
    after = read_state(people.admin)
    assert after.objects == before.objects
    # The same facts are one value in memory
    assert after.objects[TABLE].acl is before.objects[TABLE].acl


@pytest.mark.majors("all")
def test_public_revoked(people: Database) -> None:
    people.execute("REVOKE ALL ON FUNCTION f(int) FROM PUBLIC", people.legacy)
    people.execute("REVOKE ALL ON FUNCTION f(int) FROM CURRENT_USER", people.legacy)
    assert read_state(people.admin).objects[FUNCTION].acl == ()


@pytest.mark.majors("all")
def test_chains_of_grantors(people: Database, major: int) -> None:
    bob, carol = "bob,{}=r*/x", 'carol"\\'
    people.execute("GRANT SELECT, INSERT ON t TO alice WITH GRANT OPTION; GRANT UPDATE ON t TO alice", people.legacy)
    people.execute(f'SET ROLE alice; GRANT SELECT ON t TO "{bob}" WITH GRANT OPTION; GRANT INSERT ON t TO PUBLIC')
    people.execute(f'SET ROLE "{bob}"; GRANT SELECT ON t TO "carol""\\"; RESET ROLE')
    people.execute("RESET ROLE")
    state = read_state(people.admin)
    assert _items(state.objects[TABLE].acl) == {
        _owner(major, "Dadrtwx"),
        AclItem("alice", OWNER, "arw", "ar"),
        AclItem(bob, "alice", "r", "r"),
        AclItem(PUBLIC, "alice", "a"),
        AclItem(carol, bob, "r"),
    }
    for role in ("alice", bob, carol):
        assert unknown_dependencies(people.admin, role, state) == ()


@pytest.mark.majors("all")
def test_an_acl_does_not_change_with_the_owner(people: Database) -> None:
    people.execute("GRANT SELECT ON t TO alice; GRANT SELECT (a), UPDATE (b) ON t TO alice", people.legacy)
    before = read_state(people.admin)
    people.execute('ALTER TABLE t OWNER TO "bob,{}=r*/x"')
    after = read_state(people.admin)
    assert after.objects[TABLE].owner == "bob,{}=r*/x"
    assert after.objects[TABLE].acl is before.objects[TABLE].acl
    assert after.columns == before.columns


@pytest.mark.majors("all")
def test_columns(people: Database) -> None:
    people.execute(
        'ALTER TABLE t ADD "c,""%s" int, ADD gone int;'
        'GRANT SELECT (a), INSERT (a), REFERENCES ("c,""%s"), SELECT (gone), SELECT (ctid) ON t TO alice;'
        "GRANT UPDATE (a) ON t TO PUBLIC; GRANT SELECT (b) ON t TO CURRENT_USER;"
        "ALTER TABLE t DROP gone",
        people.legacy,
    )
    people.execute("GRANT SELECT (rolname) ON pg_authid TO alice")
    state = read_state(people.admin)
    assert {ref.args: acl for ref, acl in state.columns.items() if ref.name == "t"} == {
        "a": (AclItem(PUBLIC, OWNER, "w"), AclItem("alice", OWNER, "ar")),
        "b": (AclItem(OWNER, OWNER, "r"),),
        'c,"%s': (AclItem("alice", OWNER, "x"),),
        "ctid": (AclItem("alice", OWNER, "r"),),
    }
    system = ObjectRef("column", "pg_catalog", "pg_authid", "rolname")
    assert [ref for ref in state.columns if ref.name != "t"] == [system]
    assert unknown_dependencies(people.admin, "alice", state) == ()
    for ref in state.columns:
        if any(item.grantee == "alice" for item in state.columns[ref]):
            less = {other: acl for other, acl in state.columns.items() if other != ref}
            told = unknown_dependencies(people.admin, "alice", replace(state, columns=less))
            assert told == (f"privileges for column {_said(ref)}",)


def _said(ref: ObjectRef) -> str:
    return f"{ref.args} of table {ref.name}" if ref.schema == "pg_catalog" else f"{ref.args} of table public.{ref.name}"


@pytest.mark.majors("all")
def test_system_objects_with_a_share_for_a_role(people: Database) -> None:
    people.execute("GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO alice; GRANT SELECT ON pg_authid TO alice")
    people.execute("GRANT SELECT ON information_schema.tables TO alice; GRANT USAGE ON TYPE int4 TO alice")
    people.execute("GRANT CREATE ON SCHEMA information_schema TO alice; ALTER FUNCTION pg_sleep(float8) OWNER TO alice")
    state = read_state(people.admin)
    system = {
        ref: facts
        for ref, facts in state.objects.items()
        if facts.note == "system" and (facts.owner == "alice" or any(item.grantee == "alice" for item in facts.acl))
    }
    assert set(system) == {
        ObjectRef("function", "pg_catalog", "pg_reload_conf"),
        ObjectRef("function", "pg_catalog", "pg_sleep", "double precision"),
        ObjectRef("table", "pg_catalog", "pg_authid"),
        ObjectRef("view", "information_schema", "tables"),
        ObjectRef("type", "pg_catalog", "int4"),
        ObjectRef("schema", "", "information_schema"),
    }
    assert AclItem("alice", OWNER, "X") in system[ObjectRef("function", "pg_catalog", "pg_reload_conf")].acl
    assert system[ObjectRef("function", "pg_catalog", "pg_sleep", "double precision")].owner == "alice"
    assert unknown_dependencies(people.admin, "alice", state) == ()


@pytest.mark.majors("all")
def test_privileges_of_every_kind(people: Database, major: int) -> None:
    _run(
        people,
        [
            "SELECT lo_create(4711)",
            "GRANT SELECT, UPDATE ON LARGE OBJECT 4711 TO alice",
            "CREATE FOREIGN DATA WRAPPER w",
            "CREATE SERVER s FOREIGN DATA WRAPPER w",
            "GRANT USAGE ON FOREIGN DATA WRAPPER w TO alice",
            "GRANT USAGE ON FOREIGN SERVER s TO alice",
            "CREATE DOMAIN d AS int",
            "GRANT USAGE ON DOMAIN d TO alice",
            "CREATE SEQUENCE q",
            "GRANT USAGE, UPDATE ON SEQUENCE q TO alice",
            "GRANT USAGE, CREATE ON SCHEMA public TO alice",
            f"GRANT CONNECT, TEMP, CREATE ON DATABASE {people.name} TO alice",
            "GRANT USAGE ON LANGUAGE plpgsql TO alice",
            "GRANT CREATE ON TABLESPACE pg_default TO alice",
            "CREATE PROCEDURE p() LANGUAGE sql AS 'select 1'",
            "GRANT EXECUTE ON PROCEDURE p() TO alice",
            *(["GRANT SET, ALTER SYSTEM ON PARAMETER work_mem TO alice"] if major >= 15 else []),
            *(["GRANT MAINTAIN ON t TO alice"] if major >= 17 else []),
        ],
    )
    try:
        state = read_state(people.admin)
        held = {
            (ref.kind, ref.name): item.privileges
            for ref, facts in state.objects.items()
            for item in facts.acl
            if item.grantee == "alice"
        }
        expected = {
            ("large_object", "4711"): "rw",
            ("foreign_data_wrapper", "w"): "U",
            ("server", "s"): "U",
            ("domain", "d"): "U",
            ("sequence", "q"): "Uw",
            ("schema", "public"): "CU",
            ("database", people.name): "CTc",
            ("language", "plpgsql"): "U",
            ("tablespace", "pg_default"): "C",
            ("procedure", "p"): "X",
        }
        if major >= 15:
            expected["parameter", "work_mem"] = "As"
        if major >= 17:
            expected["table", "t"] = "m"
        assert held == expected
        assert unknown_dependencies(people.admin, "alice", state) == ()
        assert state.objects[ObjectRef("schema", "", "public")].note == ""
    finally:
        people.execute("REVOKE CREATE ON TABLESPACE pg_default FROM alice")


@pytest.mark.majors("all")
def test_default_privileges(people: Database, major: int) -> None:
    _run(
        people,
        [
            "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO alice WITH GRANT OPTION",
            "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO alice, PUBLIC",
            "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO alice",
            "ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC",
            *(["ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO alice"] if major >= 18 else []),
        ],
        people.legacy,
    )
    state = read_state(people.admin)
    expected = {
        DefaultRef(people.legacy, "", "r"): {_owner(major, "Dadrtwx"), AclItem("alice", OWNER, "r", "r")},
        DefaultRef(people.legacy, "", "f"): {AclItem(OWNER, OWNER, "X")},
        DefaultRef(people.legacy, "public", "S"): {AclItem("alice", OWNER, "U"), AclItem(PUBLIC, OWNER, "U")},
        DefaultRef(people.legacy, "", "n"): {AclItem(OWNER, OWNER, "CU"), AclItem("alice", OWNER, "U")},
        DefaultRef(people.legacy, "", "T"): {AclItem(OWNER, OWNER, "U")},
    }
    if major >= 18:
        expected[DefaultRef(people.legacy, "", "L")] = {AclItem(OWNER, OWNER, "rw"), AclItem("alice", OWNER, "r")}
    assert {ref: _items(acl) for ref, acl in state.defaults.items()} == expected
    for role in ("alice", people.legacy):
        assert unknown_dependencies(people.admin, role, state) == ()
        assert unknown_dependencies(people.admin, role, replace(state, defaults={})) != ()


@pytest.mark.majors("all")
def test_an_acl_entry_of_a_role_that_is_gone(people: Database) -> None:
    """Such entries are left by hand-edited catalogs; they must not keep flatsplit from reading the rest."""
    people.execute("SET allow_system_table_mods = on")
    people.execute("GRANT SELECT ON t TO alice", people.legacy)
    (oid,) = people.admin.execute("SELECT 'alice'::regrole::oid").fetchall()[0]
    people.execute(
        "DELETE FROM pg_shdepend WHERE refobjid = 'alice'::regrole; DELETE FROM pg_authid WHERE rolname = 'alice'"
    )
    people.execute("RESET allow_system_table_mods")
    state = read_state(people.admin)
    assert {item.grantee for item in state.objects[TABLE].acl} == {OWNER}
    people.execute(f"UPDATE pg_class SET relacl = NULL, relowner = {oid} WHERE relname = 't'")
    assert read_state(people.admin).objects[TABLE].owner == str(oid)
