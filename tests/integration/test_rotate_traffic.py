"""The application's traffic while its password is rotated, directly and through PgBouncer in its three ways."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.pooler import program, starts
from tests.support.rotating import Stored, twins
from tests.support.walk import Walk, toml

A, B = "web_a", "web_b"
FIRST = "password of 0"
NAME = "rotate:app_user"
WAYS = ("direct", "auth_query", "forced", "userlist")
THREADS = 4


class Application:
    """Connections that end their transaction and log in anew where they are told to; every error counts."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.done = 0
        self.errors: list[str] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def wait(self, transactions: int) -> None:
        """For so many more."""
        until = self.done + transactions
        while self.done < until and not self.errors:
            time.sleep(0.005)
        assert not self.errors, self.errors[:3]

    def _work(self) -> None:
        while not self._over.is_set() and not self.errors:
            conninfo = self.conninfo
            try:
                with psycopg.connect(conninfo, application_name="puma", prepare_threshold=None) as conn:
                    while conninfo is self.conninfo and not self._over.is_set():
                        conn.execute("insert into thing values (1)")
                        conn.commit()
                        self.done += 1
            except psycopg.Error as error:
                self.errors.append(str(error))


class Bouncer:
    """PgBouncer in transaction mode, in one of its ways to log in to the server."""

    def __init__(self, database: Database, way: str, folder: Path) -> None:
        self.database, self.way, self.folder = database, way, folder
        self.users, self.settings = folder / "users.txt", folder / "pgbouncer.ini"
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, login: str, password: str, verifiers: dict[str, str]) -> None:
        server = conninfo_to_dict(self.database.dsn)
        line = f"{self.database.name} = host={server['host']} port={server['port']} dbname={self.database.name}"
        auth, users = "", {"stats": "of the console"}
        if self.way == "forced":
            line += f" user={login} password='{password}'"
            users["shop"] = "of the pool"
        elif self.way == "auth_query":
            auth = "auth_user = pgb\nauth_query = select usename, passwd from pg_shadow where usename = $1\n"
            users["pgb"] = "of pgb"
        else:
            users |= verifiers
        self.users.write_text("".join(f'"{name}" "{secret}"\n' for name, secret in users.items()))
        self.settings.write_text(
            f"[databases]\n{line}\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {self.folder}\nlisten_port = 6432\n"
            f"auth_type = scram-sha-256\nauth_file = {self.users}\n{auth}pool_mode = transaction\n"
            "server_lifetime = 1\nadmin_users = stats\n"
        )
        for file in (self.users, self.settings):
            file.chmod(0o644)

    def start(self) -> None:
        self.process = subprocess.Popen(starts(self.settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (self.folder / ".s.PGSQL.6432").exists():
            assert self.process.poll() is None, "PgBouncer did not start"
            time.sleep(0.02)

    def reload(self) -> None:
        """With a pause: a login to the server that is under way while its password changes counts as failed."""
        place = f"host={self.folder} port=6432 dbname=pgbouncer user=stats password='of the console'"
        with psycopg.connect(place, autocommit=True) as console:
            for command in (b"PAUSE", b"RELOAD", b"RESUME"):
                console.execute(command)

    def conninfo(self, login: str, password: str) -> str:
        user, secret = ("shop", "of the pool") if self.way == "forced" else (login, password)
        place = {"host": str(self.folder), "port": "6432", "dbname": self.database.name}
        return make_conninfo("", **place, user=user, password=secret)


@contextmanager
def bouncing(database: Database, way: str, password: str) -> Iterator[Bouncer]:
    program()  # before anything is made that it would need
    folder = Path(tempfile.mkdtemp(prefix="fsb"))
    folder.chmod(0o777)  # PgBouncer runs as another user
    database.admin.execute("create role pgb login superuser password 'of pgb'")
    bouncer = Bouncer(database, way, folder)
    try:
        bouncer.write(A, password, verifiers(database))
        bouncer.start()
        yield bouncer
    finally:
        if bouncer.process is not None:
            bouncer.process.terminate()
            bouncer.process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def verifiers(database: Database) -> dict[str, str]:
    rows = "select rolname::text, rolpassword from pg_authid where rolpassword is not null and rolname like 'web%'"
    return dict(database.admin.execute(rows).fetchall())


def nothing() -> None:
    """Where no pooler is to be looked at."""


def rotated(
    walk: Walk,
    store: Stored,
    deploy: Callable[[str], None],
    work: Application,
    each: int,
    before: Callable[[], None] = nothing,
    after: Callable[[], None] = nothing,
) -> None:
    """The whole walk, with so many transactions between its steps."""
    walk("begin", "rotate", "app_user", "--yes").check()

    def take(exit_code: int = 0) -> None:
        walk("next", "--yes", "--walk", NAME).check(exit_code)
        work.wait(each)

    take()
    take()
    take(3)
    password = store.password("app_user")
    assert password is not None
    before()
    deploy(password)
    walk.wait_until_gone(A)
    after()
    take()
    take()
    take()


def under_traffic(walk: Walk, store: Stored, way: str, each: int) -> Application:
    database = walk.database
    if way == "direct":
        with Application(database.conninfo(A, FIRST)) as work:
            work.wait(each)

            def move(password: str) -> None:
                work.conninfo = database.conninfo(B, password)

            rotated(walk, store, move, work, each)
        return work
    with bouncing(database, way, FIRST) as bouncer, Application(bouncer.conninfo(A, FIRST)) as work:
        work.wait(each)
        passes = bouncer.folder / "pgpass"
        passes.touch(0o600)
        passes.write_text("*:6432:pgbouncer:stats:of the console\n")
        console = f"host={bouncer.folder} port=6432 dbname=pgbouncer user=stats passfile={passes}"
        walk.config.write_text(f"{walk.config.read_text()}pooler = [{toml(console)}]\n")

        def deploy(password: str) -> None:
            if way != "auth_query":
                bouncer.write(B, password, verifiers(database))
                bouncer.reload()
            if way != "forced":
                work.conninfo = bouncer.conninfo(B, password)
            work.wait(each)

        rotated(walk, store, deploy, work, each, lambda: before(walk, way), lambda: after(walk, way))
    return work


BEFORE = {
    "auth_query": "let clients come as web_b",
    "forced": "user=web_b and its password= into the line",
    "userlist": 'add "web_b" and its verifier',
}


def seen(walk: Walk) -> Any:
    """What status says of the pooler."""
    (found,) = walk("status", "--walk", NAME, "--json").check().json["poolers"]
    return found


def before(walk: Walk, way: str) -> None:
    found = seen(walk)
    assert (found["way"], found["works"]) == (way, False)
    assert BEFORE[way] in found["todo"]
    assert "as web_a" in found["seen"]


def after(walk: Walk, way: str) -> None:
    found = seen(walk)
    assert (found["way"], found["works"], found["todo"]) == (way, True, ""), found
    assert (
        f"({'user=' if way == 'forced' else way.replace('userlist', 'auth_file')}"
        in walk("status", "--walk", NAME).stdout
    )


@pytest.fixture
def walk(
    make_database: MakeDatabase,
    fresh_cluster: FreshCluster,
    invoke_cli: InProcess,
) -> Walk:
    return twins(Walk(invoke_cli, make_database(cluster=fresh_cluster(auth="scram"))), (A, B))


@pytest.mark.slow
def test_no_transaction_fails(walk: Walk, tmp_path: Path) -> None:
    work = under_traffic(walk, Stored(walk, tmp_path), "auth_query", 20)
    assert not work.errors


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_none_of_many_fails(way: str, walk: Walk, tmp_path: Path) -> None:
    """A quarter of a hundred thousand in each way."""
    work = under_traffic(walk, Stored(walk, tmp_path), way, 3200)
    assert not work.errors
    assert work.done >= 25_000 or way == "direct"
