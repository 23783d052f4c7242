"""Starts and stops a PostgreSQL server for the demo or for tests, and removes all of it at the end.

Only ``initdb`` and ``postgres`` are needed, so any build will do. The server listens on a Unix socket in a folder that
only its own user can enter; a TCP port on the loopback interface exists when asked for and always wants a password.
PostgreSQL refuses to run as root, so root starts it as ``nobody``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Literal, Self

from psycopg.conninfo import make_conninfo

from flatsplit.demo.binaries import Binaries, ServerNotFound, copy_programs, embedded_folder, find_binaries
from flatsplit.demo.folders import OWNER_FILE, no_link, open_to_all, private_folder, public_folder, server_user, sweep
from flatsplit.demo.processes import kill_at_once
from flatsplit.errors import FlatsplitError

__all__ = [
    "DISPOSABLE",
    "NAMED",
    "Auth",
    "Binaries",
    "Cluster",
    "ClusterConfig",
    "ServerFailed",
    "ServerNotFound",
    "embedded_folder",
    "find_binaries",
    "sweep",
]

Auth = Literal["scram", "trust"]
StopMode = Literal["smart", "fast", "immediate"]

#: Faster settings, for data that need not last: a commit survives a crash of the server, but not of the machine.
DISPOSABLE: Mapping[str, str] = MappingProxyType({"fsync": "off", "full_page_writes": "off"})

#: Log lines with user, database, client address and SQLSTATE, which PostgreSQL's default leaves out.
NAMED: Mapping[str, str] = MappingProxyType({"log_line_prefix": "%m [%p] %q%u@%d %h %a %e "})

_SIGNALS: Mapping[StopMode, signal.Signals] = MappingProxyType(
    {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
)


class ServerFailed(FlatsplitError):
    """The PostgreSQL server did not start or stop."""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """The properties of a cluster, fixed once it exists."""

    binaries: Binaries = field(default_factory=find_binaries)
    superuser: str = "postgres"  # the bootstrap superuser, oid 10
    auth: Auth = "scram"  # for the socket; TCP is always scram
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)  # of the superuser
    loopback: bool = False  # listen on 127.0.0.1 too, on a free port
    settings: Mapping[str, str] = field(default_factory=dict)  # go to postgresql.conf
    copy_of: Cluster | None = None  # one that was only created, and as this one is to be: copied instead of initdb


class Cluster:
    """A PostgreSQL cluster in a folder of its own: ``with Cluster(ClusterConfig()) as cluster: ...``.

    Entering starts it, leaving stops it and removes the folder. In between it can be stopped, killed and started again.
    """

    def __init__(self, config: ClusterConfig | None = None) -> None:
        self.config = config or ClusterConfig()
        self.port = 5432
        self._log_size = 0  # before the last start
        self._folder: Path | None = None
        self._programs: Binaries | None = None  # those of the config, or a copy of them
        self._copied: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    # -- what others need to know

    @property
    def superuser(self) -> str:
        """Name of the bootstrap superuser."""
        return self.config.superuser

    @property
    def major(self) -> int:
        """Major version of the server."""
        return self.config.binaries.major

    @property
    def folder(self) -> Path:
        """The folder that holds all of the cluster; its socket is here, so it is also libpq's ``host``."""
        if self._folder is None:
            raise ServerFailed("the cluster does not exist yet", "call start() first")
        return self._folder

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def server_log(self) -> Path:
        """What the server wrote so far, across restarts."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, or None when it is not running."""
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        """Whether the postmaster is alive."""
        return self._process is not None and self._process.poll() is None

    def conninfo(
        self,
        dbname: str = "postgres",
        user: str | None = None,
        password: str | None = None,
        *,
        tcp: bool = False,
    ) -> str:
        """A libpq connection string. The superuser's password is filled in where needed; others' are not known."""
        user = user or self.superuser
        if password is None and user == self.superuser and (tcp or self.config.auth == "scram"):
            password = self.config.password
        host = "127.0.0.1" if tcp else str(self.folder)
        return make_conninfo(host=host, port=self.port, dbname=dbname, user=user, password=password)

    # -- life and death

    def create(self) -> None:
        """Create the cluster, unless it exists."""
        if self._folder is None:
            self._create()

    def start(self, timeout: float = 60) -> None:
        """Start the server and wait until it takes connections; the first time, create the cluster."""
        if self.running:
            return
        self.create()
        deadline = time.monotonic() + timeout
        while not self._start_once(deadline):
            said = self._last_words()
            if "pre-existing shared memory block" in said:
                time.sleep(0.05)  # after a crash the last of the old processes may still be dying
            elif self.config.loopback and "could not create any TCP/IP sockets" in said:
                self._choose_port()  # another program was faster
            else:
                raise ServerFailed(f"PostgreSQL did not start: {said}", f"see {self.server_log}")

    def stop(self, mode: StopMode = "fast", timeout: float = 60) -> None:
        """Stop the server and keep the data. ``immediate`` leaves the recovery to the next start."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(_SIGNALS[mode])
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ServerFailed(
                f"PostgreSQL did not stop within {timeout:.0f} s", "end the connections that are still open"
            ) from None
        self._process = None

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop and start; the data stays."""
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """End every process of the server with SIGKILL, as a power failure would; ``start`` then recovers."""
        if self._process is None:
            return
        if self._process.poll() is None:
            kill_at_once(self._process)
        self._process.wait()
        self._process = None  # start() waits for those of them that are still dying

    def remove(self) -> None:
        """Stop the server, whatever it is doing, and remove all that it wrote."""
        try:
            self.stop(timeout=10)
        except ServerFailed:
            self.kill()
        for folder in filter(None, (self._copied, self._folder)):
            shutil.rmtree(folder, ignore_errors=True)
        self._folder = self._copied = self._programs = None

    def leave(self) -> None:
        """Let the server live on after this process; note ``pid`` and ``folder`` before, to end it later."""
        for folder in filter(None, (self._copied, self._folder)):
            (folder / OWNER_FILE).unlink(missing_ok=True)
        if self._process:
            self._process.returncode = 0  # else Popen warns at exit that its child is still running
        self._process = self._folder = self._copied = self._programs = None

    # -- how

    def _create(self) -> None:
        self._folder = private_folder({"password": self.config.password, "server.log": ""})
        self._programs = self.config.binaries
        if os.geteuid() == 0 and not open_to_all(self._programs.folder):
            self._copied = public_folder()
            self._programs = copy_programs(self._programs, self._copied)
        if self.config.copy_of:
            self._run("cp", "-R", self.config.copy_of.data, self.data)
        else:
            self._initdb()
        if self.config.loopback:
            self._choose_port()
        self._write_settings()

    def _initdb(self) -> None:
        """Create the data folder."""
        assert self._programs
        password = self.folder / "password"
        auth = "scram-sha-256" if self.config.auth == "scram" else "trust"
        self._run(
            *(self._programs.folder / "initdb", "--pgdata", self.data, "--username", self.superuser),
            *("--pwfile", password, "--auth-local", auth, "--auth-host", "scram-sha-256"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        password.unlink()

    def _run(self, *command: str | Path) -> None:
        """Run a program that makes the data folder; ServerFailed where it cannot."""
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **self._as_owner())
        if done.returncode:
            what = f"{Path(command[0]).name} failed: {_complaint(done.stdout)}"
            raise ServerFailed(what, f"look for room in {self.folder.parent}, and whether {command[0]} runs by hand")

    def _write_settings(self) -> None:
        settings = {
            "unix_socket_directories": str(self.folder),
            "unix_socket_permissions": "0700",
            "listen_addresses": "127.0.0.1" if self.config.loopback else "",
            "password_encryption": "scram-sha-256",  # 13 still has md5 as its default
            "logging_collector": "off",
        }
        if self.config.binaries.has_library("pg_stat_statements"):
            settings["shared_preload_libraries"] = "pg_stat_statements"
        settings |= self.config.settings
        lines = [f"{name} = '{_escaped(value)}'\n" for name, value in settings.items()]
        # Root does not write into a folder that another user owns: a link there could lead anywhere
        append = ["sh", "-c", 'printf %s "$1" >> "$0"', str(self.data / "postgresql.conf"), "".join(lines)]
        subprocess.run(append, check=True, **self._as_owner())

    def _choose_port(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def _start_once(self, deadline: float) -> bool:
        """Start the postmaster; True once it is ready, False if it gave up."""
        assert self._programs
        self._log_size = self.server_log.stat().st_size
        with open(self.server_log, "ab", opener=no_link) as log:
            self._process = subprocess.Popen(
                [self._programs.folder / "postgres", "-D", self.data, "-p", str(self.port)],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us, not for the server
                **self._as_owner(),
            )
        while self._process.poll() is None:
            if self._says_ready():
                return True
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailed("PostgreSQL takes too long to start", f"see {self.server_log}")
            time.sleep(0.01)
        self._process = None
        return False

    def _says_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        # The file of a killed predecessor stays until the new postmaster takes it over, so the pid has to be ours
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() in {"ready", "standby"}

    def _last_words(self) -> str:
        """Why the last start failed, from the log."""
        return _complaint(self.server_log.read_bytes()[self._log_size :])

    def _as_owner(self) -> dict[str, Any]:
        """How to start a program as the user that owns the cluster, with none of our environment's PG variables."""
        # Any: subprocess has a typed parameter for each, a ** of them has not
        how: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "cwd": self.folder,
            "env": {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
            | {"HOME": str(self.folder), "LC_ALL": "C", "TZ": "UTC"},
        }
        if owner := server_user():
            how |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        return how


def _complaint(output: bytes) -> str:
    """The line of a program's output that says why it gave up."""
    lines = output.decode(errors="replace").strip().splitlines()
    worst = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return next(iter((worst or lines)[-1:]), "it said nothing")


def _escaped(value: str) -> str:
    """A value as it stands between quotes in postgresql.conf."""
    return value.replace("\\", "\\\\").replace("'", "''")
