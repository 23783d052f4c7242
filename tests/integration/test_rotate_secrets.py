"""No secret of a rotation is written anywhere: not by the server, not by flatsplit, not where processes show it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.rotating import Stored, lets_in
from tests.support.secrecy import LOUD, journal, watching_processes
from tests.support.walk import Walk

FORMER = "f0rmer'\"%\\ secret"
NAME = "rotate:alice"


@pytest.mark.slow
@pytest.mark.majors("two")
def test_no_secret_is_written_anywhere(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, run_cli: Process, invoke_cli: InProcess, tmp_path: Path
) -> None:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("no /proc here: what processes were started with cannot be looked at, which is half of this test")
    database = make_database(cluster=fresh_cluster(auth="scram", settings=LOUD))
    run = database.admin.execute
    run("create extension if not exists pg_stat_statements")
    # What the test itself does is nobody's secret yet
    run("set log_statement = 'none'; set log_min_duration_statement = -1; set log_min_messages = 'fatal'")
    run("set log_min_error_statement = 'panic'; set debug_print_parse = off; set pg_stat_statements.track = 'none'")
    run("create role alice login")
    run(_set("alice", FORMER).encode())
    walk = Walk(run_cli, database, aside=invoke_cli).init()
    store = Stored(walk, tmp_path)
    verifiers = {_verifier(walk)}
    walk.quick("begin", "rotate", "alice", "--in-place", "--yes").check()
    said, secrets = [], {FORMER}
    with watching_processes("environ") as processes:
        # One loses it, one echoes all that it hears and fails, so that the former password comes back; one works
        loud = 'set -x; echo "$document" >&2; [ $verb != current ] || exit 1'
        for lines, code in (("exit 0", 1), (loud, 1), ("", 0)):
            store.spoil(lines)
            said.append(walk("next", "--yes", "--walk", NAME, "-v").check(code))
            secrets |= {found for found in (store.password("alice", "pending"), store.password("alice")) if found}
            verifiers.add(_verifier(walk))
        said += [walk.quick("plan", "--walk", NAME), walk.quick("status", "--json"), walk.quick("history", "--json")]
        said.append(walk.quick("runbook", "--walk", NAME, "--out", str(run_cli.cwd / "bundle")))
    assert lets_in(walk, "alice", store.password("alice"))
    assert len(secrets) >= 2
    assert len(verifiers) >= 2
    places = {
        "what it said": "\n".join(result.stdout + result.stderr for result in said),
        "the journal": journal(database),
        "the statistics": "\n".join(q for (q,) in database.admin.execute("select query from pg_stat_statements")),
        "the server's log": database.cluster.server_log.read_text(errors="replace"),
        "the process list": "\n".join(processes),
        "the runbook": "\n".join(p.read_text() for p in (run_cli.cwd / "bundle").rglob("*") if p.is_file()),
    }
    assert "logged in with its new password" in places["what it said"]
    assert "Traceback" in places["what it said"]
    assert "(a line that holds the secret is not shown)" in places["what it said"]
    for name, text in places.items():
        for secret in (*secrets, *verifiers):
            for form in {secret, secret.replace("'", "''"), secret.replace("\\", "\\\\").replace('"', '\\"')}:
                assert form not in text, f"{name} contains {form!r}"


def _set(role: str, password: str) -> str:
    return f"alter role {role} password '{password.replace(chr(39), chr(39) * 2)}'"


def _verifier(walk: Walk) -> str:
    row = walk.database.admin.execute("select rolpassword from pg_authid where rolname = 'alice'").fetchone()
    assert row is not None
    return str(row[0])
