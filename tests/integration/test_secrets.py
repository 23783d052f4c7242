"""No secret leaves the operator's hands, whoever looks: the server's log, statistics, journal, runbook, process list.

Passwords of the new roles are known to nobody but the operator's file; of user mappings, whose options hold
passwords too, flatsplit never learns them.
"""

import re
from itertools import count
from pathlib import Path

import psycopg
import pytest

from flatsplit import ddl
from flatsplit.server.dry_run import NOBODYS_VERIFIER
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.secrecy import LOUD, journal, watching_processes
from tests.support.walk import Walk, write_passwords
from tests.support.world import SECRET, trap_world


@pytest.fixture
def loud(make_database: MakeDatabase, fresh_cluster: FreshCluster) -> Database:
    """A server that writes down all that it hears."""
    database = make_database(cluster=fresh_cluster(settings=LOUD))
    database.admin.execute("create extension if not exists pg_stat_statements")
    # What the test itself builds is nobody's secret yet
    database.admin.execute("set log_statement = 'none'; set log_min_duration_statement = -1")
    database.admin.execute("set log_min_messages = 'fatal'; set log_min_error_statement = 'panic'")
    database.admin.execute("set debug_print_parse = off; set pg_stat_statements.track = 'none'")
    trap_world(database.admin, database.legacy)
    return database


@pytest.mark.slow
@pytest.mark.majors("two")
def test_no_secret_is_written_anywhere(loud: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("no /proc here: what processes were started with cannot be looked at, which is half of this test")
    walk = Walk(run_cli, loud, aside=invoke_cli).init()
    said = []
    # Passwords that look like nothing else, one with characters that would have to be escaped
    walk.passwords = {role: f"p4ss'\"%\\{place} {role[::-1]}" for place, role in enumerate(walk.roles)}
    write_passwords(walk.password_file, walk.passwords)

    with watching_processes() as processes:
        for key in STEP_KEYS:
            said.append(walk.quick("plan", key, "--json"))
            if key == "switch-connections":
                with walk.switched():
                    said.append(walk.next("-v"))
            else:
                said.append(walk.next("-v", "--json"))
        said += [walk.quick("runbook", "--out", str(run_cli.cwd / "bundle")), walk.quick("status", "--json")]
        said += [walk("verify"), walk.quick("history"), walk.quick("history", "--json")]
        told = journal(loud)
        said += [walk.rollback(), walk.rollback("--all"), walk.quick("history", "--json")]

    places = {
        "what it said": "\n".join(result.stdout + result.stderr for result in said),
        "the journal": told + journal(loud),
        "the statistics": "\n".join(q for (q,) in loud.admin.execute("select query from pg_stat_statements")),
        "the server's log": loud.cluster.server_log.read_text(errors="replace"),
        "the process list": "\n".join(processes),
        "the runbook": "\n".join(p.read_text() for p in (run_cli.cwd / "bundle").rglob("*") if p.is_file()),
        "the configuration": walk.config.read_text(),
    }
    assert any("flatsplit" in line and "next" in line for line in processes), "nobody watched"
    assert "transfer" in places["what it said"]
    assert "OWNER TO" in places["the server's log"].upper()
    assert "OWNER TO" in places["the statistics"].upper()
    for name, text in places.items():
        for secret in (*walk.passwords.values(), SECRET):
            # As it is, and as SQL, JSON and TOML would write it
            for form in {secret, secret.replace("'", "''"), secret.replace("\\", "\\\\").replace('"', '\\"')}:
                assert form not in text, f"{name} contains {form!r}"
    for name, text in places.items():
        folded = re.sub(r"\s", "", text)  # the server breaks long lines of a parse tree
        assert "SCRAM-SHA-256$" not in folded.replace(NOBODYS_VERIFIER, ""), f"{name} contains a verifier"


@pytest.mark.majors("two")
def test_the_passwords_are_the_ones_of_the_file(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> None:
    """The server that wants passwords takes them: the verifier that was sent is right, odd characters included."""
    database = make_database(cluster=fresh_cluster(auth="scram", loopback=True))
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.passwords = dict(
        zip(walk.roles, ("plain", "with 'quotes\" and \\", "ünïcödé, ½ and ǆ", "x" * 200), strict=True)
    )
    write_passwords(walk.password_file, walk.passwords)
    walk.forward("enable-login")

    for role, password in walk.passwords.items():
        psycopg.connect(database.conninfo(role, password, tcp=True)).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(database.conninfo(role, password + "x", tcp=True))
    stored = database.admin.execute("select rolpassword from pg_authid where rolname = any (%s)", [list(walk.roles)])
    assert all(verifier.startswith("SCRAM-SHA-256$") for (verifier,) in stored)


def test_a_password_file_that_others_may_read_is_refused(database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("transfer-ownership")
    walk.password_file.chmod(0o644)

    refused = walk("next", "--yes", "--password-file", str(walk.password_file))

    assert refused.exit_code == 2
    assert "chmod 600" in refused.stderr
    assert walk.states()["enable-login"] != "done"


def test_generated_passwords_are_written_once(database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward("transfer-ownership")
    generated = invoke_cli.cwd / "generated.toml"

    said = walk("next", "--yes", "--generate-passwords", str(generated)).check()

    assert generated.stat().st_mode & 0o777 == 0o600
    text = generated.read_text()
    for line in text.splitlines():
        password = line.partition("=")[2].strip().strip('"')
        assert not password or password not in said.stdout + said.stderr
    walk.rollback()
    walk("next", "--yes", "--generate-passwords", str(generated)).check()
    assert generated.read_text() == text


def test_a_key_is_copied_unless_two_look_alike(database: Database) -> None:
    """Of a value four digits of a digest are known: where they fit two values, none is taken for the other."""
    one = "key of one"
    shown = ddl.withheld("app.token", one)
    other = next(text for n in count() if ddl.withheld("app.token", text := f"key {n}") == shown)
    holder, copier, third = (f"{database.name}_{part}" for part in ("holder", "copier", "third"))
    database.execute(f"create role {holder}; create role {copier}; create role {third}")
    try:
        database.execute(f"alter role {holder} set app.token = '{one}'")
        database.execute(ddl.set_setting(copier, database.name, "app.token", shown))
        read = "select setconfig from pg_db_role_setting where setrole = %s::regrole"
        assert database.admin.execute(read, [copier]).fetchone() == ([f"app.token={one}"],)
        database.execute(f"alter role {third} set app.token = '{other}'")
        with pytest.raises(psycopg.errors.CardinalityViolation, match="same digits") as refused:
            database.execute(ddl.set_setting(copier, database.name, "app.token", shown))
        assert one not in str(refused.value)
        assert other not in str(refused.value)
    finally:
        database.execute(f"drop role {holder}; drop role {copier}; drop role {third}")
