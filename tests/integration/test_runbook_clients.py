"""The snippets of clients.md, taken from it as people take them, in the programs that are there to try them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import pool

from flatsplit.render.bundle import write_bundle
from flatsplit.render.text import visible
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster, tool
from tests.golden import bundles
from tests.support.clients import ROLES, blocks, walk_to_login
from tests.support.patience import until
from tests.support.pooler import program, starts
from tests.support.walk import Walk


@pytest.fixture
def walked(make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess) -> Walk:
    """A database on a server that wants passwords over TCP, with its new roles able to log in; one with a space."""
    database = make_database(cluster=fresh_cluster(auth="scram", loopback=True))
    database.execute("create table orders (id int); insert into orders values (7)", "legacy")
    return walk_to_login(invoke_cli, database)


@pytest.mark.slow
def test_psql_and_sqlalchemy_get_in_as_what_they_are_to_be(walked: Walk, tmp_path: Path) -> None:
    psql_finds_its_service_and_its_password(walked, tmp_path)
    sqlalchemy_and_alembic_have_an_engine_each(walked)


def psql_finds_its_service_and_its_password(walked: Walk, tmp_path: Path) -> None:
    text = blocks(walked.run.cwd / "book")["psql, libpq: service file and .pgpass"]
    services, passwords = text.split("# ~/.pgpass")
    (tmp_path / "services").write_text(services)
    lines = [line for line in passwords.splitlines() if line.endswith(":…")]
    for role in ROLES[:3]:
        escaped = walked.passwords[role].replace("\\", "\\\\").replace(":", "\\:")
        lines = [line.replace(f":{role}:…", f":{role}:{escaped}") for line in lines]
    (tmp_path / "pgpass").write_text("\n".join(lines) + "\n")
    (tmp_path / "pgpass").chmod(0o600)
    env = {"PATH": "/usr/bin:/bin", "PGSERVICEFILE": str(tmp_path / "services"), "PGPASSFILE": str(tmp_path / "pgpass")}
    names = re.findall(r"^\[(.*)\]$", services, re.MULTILINE)
    said = [
        subprocess.run(
            [tool("psql"), "-XAtc", "select current_user", f"service={name}"], env=env, capture_output=True, text=True
        )
        for name in names
    ]
    assert [one.stdout.strip() for one in said] == list(ROLES[:3]), [one.stderr for one in said]


def sqlalchemy_and_alembic_have_an_engine_each(walked: Walk) -> None:
    beforehand = "from sqlalchemy import pool, text\n"  # as the beginning of an env.py has it
    code = blocks(walked.run.cwd / "book")["SQLAlchemy and Alembic"] + (
        "\nfor one in (engine, connectable):\n"
        "    with one.connect() as connection:\n"
        "        print(connection.execute(text('select current_user, (select id from orders)')).one())\n"
    )
    passwords = {"APP_PASSWORD": walked.passwords["web one"], "MIGRATOR_PASSWORD": walked.passwords["deploy"]}
    done = subprocess.run(
        [sys.executable, "-c", beforehand + code], env=os.environ | passwords, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["('web one', 7)", "('deploy', 7)"], done.stderr


@pytest.fixture
def bouncer(walked: Walk) -> Iterator[str]:
    """A PgBouncer with the snippet's configuration and the server's own verifiers."""
    program()  # before anything is made that it would need
    text = blocks(walked.run.cwd / "book")["PgBouncer"]
    folder = Path(tempfile.mkdtemp(prefix="fsb"))
    folder.chmod(0o777)
    rows = walked.database.admin.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL")
    users = "".join(f'"{name}" "{verifier}"\n' for name, verifier in rows)
    (folder / "userlist.txt").write_text(users)
    own = f"auth_file = {folder}/userlist.txt\nlisten_addr =\nunix_socket_dir = {folder}\nlisten_port = 6432\n"
    (folder / "b.ini").write_text(re.sub(r"^auth_file = .*$", own, text, flags=re.MULTILINE))
    for file in folder.iterdir():
        file.chmod(0o644)
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(starts(folder / "b.ini"), stdout=out, stderr=out)
    try:
        yield str(folder)
    finally:
        process.terminate()
        process.wait(10)
        print(log.read_text()[-3000:])
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_pgbouncer_keeps_a_pool_for_each_role(walked: Walk, bouncer: str) -> None:
    for role in ROLES[:3]:
        dsn = make_conninfo(
            "",
            host=bouncer,
            port="6432",
            user=role,
            password=walked.passwords[role],
            dbname=walked.database.name,
        )

        def lets_in(role: str = role, dsn: str = dsn) -> bool:
            try:
                with psycopg.connect(dsn) as connection:
                    assert connection.execute("select current_user, id from orders").fetchone() == (role, 7)
            except psycopg.OperationalError:
                return False
            return True

        until(lets_in, f"a connection of {role}")


def test_hostile_names_end_no_line_and_no_string(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has a parser here is parsed, and gives the names back."""
    write_bundle(bundles.hostile(), tmp_path / "book")
    found = blocks(tmp_path / "book")
    assert len(found) == 12
    roles, database = bundles.hostile().config.roles, bundles.hostile().target.database
    parsed = tomllib.loads(found["Flyway"])
    assert parsed["environments"]["default"]["user"] == roles.app_migrator
    scope: dict[str, Any] = {"pool": pool}
    for name in ("APP_PASSWORD", "DB_PASSWORD", "MIGRATOR_PASSWORD"):
        monkeypatch.setenv(name, "x")
    exec(found["Django"], scope)
    exec(found["SQLAlchemy and Alembic"], scope)
    settings = scope["DATABASES"]["default"]
    assert (settings["USER"], settings["NAME"]) == (roles.app_user, database)
    deploy = re.search(r"^#   (DB_USER=.*) DB_PASSWORD=… python manage.py migrate$", found["Django"], re.MULTILINE)
    assert deploy is not None
    assert shlex.split(deploy[1]) == [f"DB_USER={visible(roles.app_migrator)}"]
    for url, role in ((scope["url"], roles.app_user), (scope["migration_url"], roles.app_migrator)):
        assert (url.username, url.database) == (role, database)
    urls = re.findall(r"^\w+_URL=(.*)$", found["Node: node-pg, Prisma, Knex"], re.MULTILINE)
    assert [conninfo_to_dict(url)["user"] for url in urls] == [roles.app_user, roles.app_migrator]
    assert conninfo_to_dict(urls[0])["dbname"] == database
    # Each line of these begins as one of ours does
    known = r"(\[|;|#|$|host|local|auth_|default_pool_size|port=|dbname=|user=|\"|HOST:)"
    for name in ("PgBouncer", "pg_hba.conf", "psql, libpq: service file and .pgpass"):
        strange = [line for line in found[name].split("\n") if not re.match(known, line)]
        assert strange == [], name
