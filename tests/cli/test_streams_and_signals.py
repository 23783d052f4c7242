"""Streams that are closed or full, and SIGTERM: two lines or silence, the right exit code, a terminal as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.cli.terminal import type_at
from tests.fixtures.cli import InProcess, environment
from tests.fixtures.databases import Database
from tests.support.patience import PATIENCE, sleeping, until

FULL = Path("/dev/full")


@pytest.fixture
def begun(database: Database, invoke_cli: InProcess) -> Database:
    database.execute("CREATE TABLE t (id int PRIMARY KEY)", "legacy")
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check()
    return database


def shell(redirections: str, *arguments: str, dsn: Database, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = f'exec "$@" {redirections}'
    return subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "flatsplit", *arguments],
        env=environment(dsn, None),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("redirections", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams(begun: Database, tmp_path: Path, redirections: str) -> None:
    """As daemons and careless cron lines start a program."""
    done = shell(redirections, "status", dsn=begun, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("0 of 9 steps done" in done.stdout) == (">&-" not in redirections.replace("2>&-", ""))
    done = shell(redirections, "nonsense", dsn=begun, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("status",), ("--help",), ("history", "--json")])
def test_a_full_disk_behind_stdout(begun: Database, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = shell(">/dev/full", *arguments, dsn=begun, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "error: cannot write: No space left on device\n  fix: make room, then run the same command again\n"
    )


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for the process in /proc")
def test_sigterm_at_a_password_leaves_the_terminal_as_it_was(begun: Database, tmp_path: Path) -> None:
    """type_at looks at the terminal's settings: what was typed stayed invisible afterwards."""
    shell("", "next", "--yes", "--through", "transfer-ownership", dsn=begun, cwd=tmp_path)
    before = set(children(os.getpid()))

    def terminate() -> None:
        (ours,) = set(children(os.getpid())) - before
        until(partial(sleeping, ours), "a prompt that waits")
        os.kill(ours, signal.SIGTERM)

    result = type_at(
        tmp_path, "next", dsn=begun, answers=[(r"\[y/N\]", "y\n"), ("password of app_migrator", terminate)]
    )
    assert result.exit_code == 1, result.stdout
    assert "stopped" in result.stdout
    assert "nothing is half done" in result.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_while_it_waits_for_a_lock(begun: Database, tmp_path: Path, number: signal.Signals) -> None:
    shell("", "next", "--yes", "--through", "default-privileges", dsn=begun, cwd=tmp_path)
    with begun.connect(autocommit=False) as holder:
        holder.execute("LOCK TABLE t IN ACCESS SHARE MODE")
        process = subprocess.Popen(
            [sys.executable, "-m", "flatsplit", "next", "--yes"],
            env=environment(begun, None),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        said = ""
        while "waiting for a lock" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(number)
        _, rest = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert rest.splitlines()[-2] == "stopped"
    assert "nothing is half done" in rest.splitlines()[-1]
    after = shell("", "next", "--yes", dsn=begun, cwd=tmp_path)
    assert after.returncode == 0, after.stderr


INTERRUPTED = """
import sys
from flatsplit.cli.app import App
from flatsplit.cli.runtime import run, stop_on_signals

def command(**_):
    exec("import os, signal; os.kill(os.getpid(), signal.SIGINT); [0 for _ in range(1000)]")

stop_on_signals()
sys.exit(run(command, App(), []))
"""


def test_ctrl_c_has_one_exit_code_whatever_is_interrupted(tmp_path: Path) -> None:
    """Python ends by SIGINT all the same where its exec() was interrupted, as by modules that make dataclasses."""
    (tmp_path / "interrupted.py").write_text(INTERRUPTED)
    env = environment(None, {"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"})
    program = [sys.executable, "-m", "interrupted"]
    done = subprocess.run(program, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (1, "stopped\n")


def test_ctrl_c_while_it_starts_leaves_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    env = environment(None, {"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"})
    done = subprocess.run(
        [sys.executable, "-m", "flatsplit"], env=env, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
