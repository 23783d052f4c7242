"""The code blocks of clients.md, and a cutover far enough along that its roles can log in with passwords over TCP."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.fixtures.databases import Database
from tests.support.walk import Run, Walk, write_passwords

ROLES = ("web one", "deploy", "read", "dba2")
"""Names for app_user, app_migrator, app_readonly and dba; the space is there to test how each program's file quotes."""


def blocks(book: Path) -> dict[str, str]:
    """The code blocks of clients.md by their headings."""
    text = (book / "clients.md").read_text()
    found = re.findall(r"^## (.*?)\n(.*?)^(`{3,})\w*\n(.*?)\n\3$", text, re.DOTALL | re.MULTILINE)
    return {heading: code for heading, _, _, code in found}


def walk_to_login(run: Run, database: Database, password: str = "@ss: w/rd #100% of \\{}") -> Walk:
    """Take a database to where the new roles log in, and write its bundle into ``book``.

    Each role's password is made of ``password``, which has characters that many file formats have to quote.
    """
    walk = Walk(run, database, roles=ROLES).init()
    walk.passwords = {role: password.format(number) for number, role in enumerate(ROLES)}
    write_passwords(walk.password_file, walk.passwords)
    walk.forward("enable-login")
    run("runbook", "--out", "book", dsn=database.conninfo(tcp=True)).check()
    return walk


def login(database: Database) -> dict[str, str]:
    """The connection parameters of the old role over TCP, by libpq's names."""
    parts = conninfo_to_dict(database.conninfo(database.legacy, tcp=True))
    return {name: str(value) for name, value in parts.items()}


def owners(database: Database) -> dict[str, str]:
    """The owner of each table in schema public."""
    rows = database.admin.execute("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
    return dict(rows.fetchall())


def said(folder: Path, *command: str | Path, env: Mapping[str, str] | None = None, exit_code: int = 0) -> str:
    """Run a program in this folder, without PG variables of our environment. Returns both output streams as one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "FLATSPLIT_", "DB_"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=kept | dict(env or {}),
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,  # a Java program on a busy machine takes its time
    )
    assert done.returncode == exit_code, f"exit code {done.returncode}, not {exit_code}: {done.stdout[-3000:]}"
    return done.stdout


def npm(folder: Path, *packages: str) -> None:
    """Install packages of Node into a folder. Where that is not possible the test is skipped; in CI it fails."""
    program = shutil.which("npm")
    if program is None:
        _missing("no npm on this machine")
        return
    command = [program, "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run([*command, *packages], capture_output=True, text=True, timeout=300)
    if done.returncode:
        _missing(f"npm cannot bring {', '.join(packages)}: {done.stderr[-500:]}")


def _missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
