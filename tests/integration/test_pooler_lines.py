"""The lines and commands that status prints for PgBouncer are taken by one, whatever the login is called."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from flatsplit.config import Config, Group
from flatsplit.cutover.poolers import of_twins
from flatsplit.model import RoleFacts, State
from flatsplit.server.pooler import Pooler, look
from flatsplit.walks.rotate.context import Context
from tests.support.pooler import starts
from tests.support.tracked import TARGET

A, B = "web_a", "We\"b 'x' %s"
VERIFIER = "SCRAM-SHA-256$4096:c2FsdA==$" + ":".join(["YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="] * 2)
NAME = "1my.db-x"
FORCED = Pooler("pool", NAME, forced=A, listed=frozenset({A}))
TWINS = Context(
    Config("shop", "legacy", ("public",), groups=(Group("app_user", (A, B)),)),
    State(TARGET, roles={A: RoleFacts(login=True), B: RoleFacts()}),
    "app_user",
    (A, B),
)


@contextmanager
def bouncer(line: str, users: str) -> Iterator[str]:
    """A PgBouncer with this line in [databases] and these in auth_file; how its console is reached."""
    folder = Path(tempfile.mkdtemp(prefix="fsb"))
    settings = folder / "pgbouncer.ini"
    command = starts(settings)
    folder.chmod(0o777)  # PgBouncer runs as another user
    (folder / "users.txt").write_text(f'"admin" "of the console"\n{users}\n')
    settings.write_text(
        f"[databases]\n{line}\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {folder}\nlisten_port = 6432\n"
        f"auth_type = plain\nauth_file = {folder / 'users.txt'}\nadmin_users = admin\n"
    )
    for file in folder.iterdir():
        file.chmod(0o644)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not (folder / ".s.PGSQL.6432").exists():
            assert process.poll() is None, "PgBouncer did not start"
            time.sleep(0.02)
        yield f"host={folder} port=6432 dbname=pgbouncer user=admin password='of the console'"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def todo(pooler: Pooler) -> str:
    (told,) = of_twins([pooler], TWINS)
    return told.todo


def test_a_pgbouncer_takes_what_is_printed() -> None:
    found = re.match(
        r"write (user=.*) and its password= into the line (.*) of \[databases\], then (.*;) on", todo(FORCED)
    )
    assert found is not None
    user, name, commands = found.groups()
    listed = re.match(r"add (.*) and its verifier", todo(replace(FORCED, forced="")))
    assert listed is not None
    reconnect = todo(replace(FORCED, forced=B, servers={A: 1, B: 1})).partition(" on its")[0]
    line = f"{name} = host=/nowhere dbname=shop {user} password=geheim"
    with bouncer(line, f'{listed[1]} "{VERIFIER}"') as console:
        (seen,) = look(console, "shop")
        assert (seen.why, seen.name, seen.forced) == ("", NAME, B)
        assert B in seen.listed
        with psycopg.connect(console, autocommit=True) as admin:
            for command in [*commands.split("; "), reconnect]:
                admin.execute(command.encode())


def test_a_name_that_old_releases_refuse() -> None:
    """PgBouncer 1.18 does not start with it; the line * serves it in all of them."""
    told = todo(replace(FORCED, name="Foo Bar"))
    assert 'into the line "Foo Bar" (or *, where PgBouncer is too old for a name in quotes) of [databases]' in told
