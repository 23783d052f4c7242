"""The scripts as a person runs them: with psql, on a real server."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from flatsplit import ddl
from flatsplit.config import RoleNames
from flatsplit.model import ObjectRef, Statement, Target
from flatsplit.render.script import Header, batches, stream_sql
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import tool
from tests.golden.bundles import HOSTILE, create, grant, login, take_over

# Names have at most 63 bytes, and each has to be a role, a schema and a table
NAMES = tuple(name.replace("\0", "") for name in HOSTILE)
VERIFIER = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def header(database: Database, roles: RoleNames = RoleNames()) -> Header:  # noqa: B008
    version = database.cluster.major * 10_000
    target = Target("1", database.name, 1, version, database.operator, True, "postgres")
    return Header(target, "flatsplit", timedelta(milliseconds=200), database.legacy, roles, purpose="\n".join(HOSTILE))


def psql(database: Database, *files: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run files as the operator would, in a folder in which nothing else is."""
    return subprocess.run(
        [tool("psql"), "-X", *(f"-v{key}={value}" for key, value in variables.items())]
        + [part for file in files for part in ("-f", str(file))]
        + [database.conninfo()],
        capture_output=True,
        text=True,
        cwd=files[0].parent,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGCLIENTENCODING": "LATIN1"},
    )


def write(path: Path, key: str, statements: Sequence[Statement], head: Header, **more: object) -> Path:
    pieces = stream_sql(key, statements, header=head, **more)  # type: ignore[arg-type]
    path.write_bytes("".join(pieces).encode())
    return path


def owners(database: Database) -> dict[str, str]:
    rows = database.admin.execute("SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relkind = 'r'")
    return {name: owner for name, owner in rows if not name.startswith(("pg_", "sql_"))}


def make_tables(database: Database, names: Sequence[str], schema: str = "public") -> None:
    database.execute("CREATE ROLE app_migrator; CREATE ROLE shop")
    if schema != "public":
        database.admin.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    for name in names:
        table = sql.Identifier(schema, name)
        database.admin.execute(sql.SQL("CREATE TABLE {} ()").format(table))
        database.admin.execute(sql.SQL("ALTER TABLE {} OWNER TO shop").format(table))


@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", NAMES)
def test_hostile_names_run_and_nothing_else_does(make_database: MakeDatabase, tmp_path: Path, schema: str) -> None:
    """Roles, schema, tables and the database bear the name; forward and back."""
    database = make_database(name=schema if schema != "plain" else None)
    make_tables(database, NAMES, schema)
    role = f"{schema}2"
    head = header(database, RoleNames(role, "app_migrator"))
    do = f"DO {ddl.dollar_quote(f'BEGIN PERFORM {ddl.literal(schema)}; END')};"
    statements = [
        create(role),
        grant(NAMES, role, "arwd", schema),
        *(take_over(name, "app_migrator", schema) for name in NAMES),
        replace(login(role), alone=True),
        Statement(schema, do, "", "", (ObjectRef("schema", schema, ""),)),
    ]
    variable = ddl.verifier_variable(role)
    verifiers = tmp_path / "verifiers.psql"
    verifiers.write_text(f"\\set {variable} '{VERIFIER}'\n")
    script = write(tmp_path / "x.sql", "transfer-ownership", statements, head)
    done = psql(database, verifiers, script)
    assert done.returncode == 0, done.stderr
    assert owners(database) == dict.fromkeys(NAMES, "app_migrator")
    query = "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = %s"
    assert database.admin.execute(query, [role]).fetchone() == (True, VERIFIER)
    assert VERIFIER not in done.stdout + done.stderr

    undo = [Statement(one.description, one.undo, "", "") for one in reversed(statements) if one.undo]
    back = write(tmp_path / "y.sql", "transfer-ownership", undo, head, direction="rollback")
    done = psql(database, back)
    assert done.returncode == 0, done.stderr
    assert owners(database) == dict.fromkeys(NAMES, "shop")
    assert database.admin.execute(query, [role]).fetchone() is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["verifiers.psql", "x.sql", "y.sql"]


def test_another_database_is_refused(make_database: MakeDatabase, tmp_path: Path) -> None:
    right, wrong = make_database(), make_database()
    script = write(tmp_path / "x.sql", "create-roles", [create("app_user")], header(right))
    done = psql(wrong, script)
    assert done.returncode == 3
    assert "another database" in done.stderr
    assert not wrong.admin.execute("SELECT FROM pg_roles WHERE rolname = 'app_user'").fetchone()


def test_an_operator_of_the_application_decides_nothing(database: Database, tmp_path: Path) -> None:
    """The guard must not use an = that somebody put into schema public."""
    database.execute("""
        CREATE FUNCTION public.yes(name, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / 0; END $$;
        CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.yes);
    """)
    database.admin.execute(f"ALTER DATABASE {database.name} SET search_path = public, pg_catalog")
    assert psql(database, write(tmp_path / "x.sql", "verify", [], header(database))).returncode == 0


def test_a_missing_verifier_stops_before_anything_is_done(database: Database, tmp_path: Path) -> None:
    statements = [create("app_user"), login("app_user")]
    done = psql(database, write(tmp_path / "x.sql", "enable-login", statements, header(database)))
    assert done.returncode == 3
    assert "app_user_verifier is not set" in done.stderr
    assert not database.admin.execute("SELECT FROM pg_roles WHERE rolname = 'app_user'").fetchone()


@pytest.mark.parametrize("direction", ["forward", "rollback"])
def test_an_empty_step_changes_nothing(database: Database, tmp_path: Path, direction: str) -> None:
    path = write(tmp_path / "x.sql", "switch-connections", [], header(database), direction=direction)
    done = psql(database, path)
    assert done.returncode == 0, done.stderr
    assert "connections" in done.stdout


def test_after_a_lock_the_script_goes_on_where_it_stopped(database: Database, tmp_path: Path) -> None:
    names = [f"t{number:03d}" for number in range(250)]
    make_tables(database, names)
    statements = [take_over(name, "app_migrator") for name in names]
    script = write(tmp_path / "x.sql", "transfer-ownership", statements, header(database))
    with psycopg.connect(database.dsn) as reader:
        reader.execute("SELECT FROM t150")
        done = psql(database, script)
        assert done.returncode == 3
        assert "lock timeout" in done.stderr
        assert [line for line in done.stdout.splitlines() if "batch" in line][-1] == "batch 2 of 3: 100 statements"
    assert list(owners(database).values()).count("app_migrator") == 100
    again = psql(database, script, first_batch="2")
    assert again.returncode == 0, again.stderr
    assert "batch 1 of 3" not in again.stdout
    assert set(owners(database).values()) == {"app_migrator"}


def test_settings_of_the_session_are_pinned(database: Database, tmp_path: Path) -> None:
    """Whatever the operator's role and the database say, also what would end or refuse the statements."""
    database.execute(
        f'alter database "{database.name}" set default_transaction_read_only = on;'
        f'alter database "{database.name}" set statement_timeout = 1;'
        f'alter database "{database.name}" set search_path = public'
    )
    shown = ("search_path", "lock_timeout", "client_encoding", "transaction_read_only", "statement_timeout")
    show = Statement("x", " ".join(f"SHOW {name};" for name in shown), "", "")
    done = psql(database, write(tmp_path / "x.sql", "verify", [show], header(database)))
    assert done.returncode == 0, done.stderr
    for value in ("pg_catalog, pg_temp", "200ms", "UTF8", "off", "0"):
        assert f"\n {value}" in done.stdout


def test_lone_statements_have_their_own_transaction() -> None:
    some = [create(f"r{number}") for number in range(5)]
    some[2] = replace(some[2], alone=True)
    found = batches([("first", some[:1]), ("second", some), ("empty", [])], size=3)
    assert [(batch.number, batch.heading, len(batch.statements)) for batch in found] == [
        (1, "first", 1),
        (2, "second", 2),
        (3, "", 1),
        (4, "", 2),
    ]
