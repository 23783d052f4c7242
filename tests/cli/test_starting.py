"""Before any command runs: help, versions, what is imported, what is refused."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import flatsplit
from flatsplit.cli.app import Command
from flatsplit.cli.command_names import COMMANDS
from flatsplit.cli.group import main
from tests.fixtures.cli import InProcess, Process

HEAVY = {"alembic", "jinja2", "psycopg", "rich", "sqlalchemy", "tomllib", "dataclasses"}


def test_help_imports_nothing_but_click(run_cli: Process) -> None:
    code = (
        "import sys; from flatsplit.cli import main; main(['--help'], standalone_mode=False); "
        f"print(sorted(set(sys.modules) & {HEAVY!r}), [m for m in sys.modules if m.startswith('flatsplit.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    assert loaded.startswith("[] ")
    for package in ("config", "model", "cutover", "catalog", "cli.commands"):
        assert f"'flatsplit.{package}" not in loaded


def test_help_lists_every_command_once_and_knows_it(invoke_cli: InProcess) -> None:
    shown = invoke_cli("--help").check().stdout
    for name, short in COMMANDS.items():
        assert f"  {name} " in shown
        command = import_module(f"flatsplit.cli.commands.{name.replace('-', '_')}").command
        assert isinstance(command, Command)
        assert command.name == name
        assert command.get_short_help_str(200).startswith(short.split(".")[0].split(":")[0].rstrip(".")[:20]), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_the_global_options(invoke_cli: InProcess, name: str) -> None:
    shown = invoke_cli(name, "--help").check().stdout
    for option in ("--dsn DSN", "--config FILE", "--json", "-v, --verbose"):
        assert shown.partition("Global options:")[2].count(option) == 1
    assert invoke_cli(name, "-h").check().stdout == shown


def test_version(run_cli: Process) -> None:
    assert run_cli("--version").check().stdout == f"flatsplit {flatsplit.__version__}\n"


def test_no_command_shows_the_help(invoke_cli: InProcess) -> None:
    result = invoke_cli().check(2)
    assert result.stdout == ""
    assert "Commands:" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        (["rolback"], "no command 'rolback'", "did you mean `flatsplit rollback`?"),
        (["xyz"], "no command 'xyz'", "`flatsplit --help` lists the commands"),
        (["--frob"], "no such option '--frob'", "see `flatsplit --help`"),
        (["status", "--frob"], "no such option '--frob'", "see `flatsplit status --help`"),
        (["status", "extra"], "got unexpected extra argument (extra)", "see `flatsplit status --help`"),
        (["init"], "missing option '--legacy-role'", "see `flatsplit init --help`"),
        (["init", "--legacy-role", "x"], "`flatsplit init` asks before it changes anything", "give --yes"),
        (["next"], "`flatsplit next` asks before it changes anything", "give --yes"),
        (["rollback"], "`flatsplit rollback` asks before it changes anything", "give --yes"),
        (["rollback", "--all", "--through", "verify"], "--through and --all exclude each other", "give one"),
        (["plan", "creat"], "no step 'creat'; there are create-roles, grant-existing", "flatsplit plan --help"),
        (["next", "--through", "x"], "no step 'x'; there are create-roles", "flatsplit next --help"),
        (["next", "--waive", "x"], "no gate 'x'; there are no-blockers, ", "flatsplit next --help"),
        (["next", "--waive", "converged"], "the gate converged cannot be waived", "flatsplit next --help"),
        (["next", "--waive", "approved"], "the gate approved cannot be waived", "flatsplit next --help"),
        (["next", "--yes", "--waive", "seen"], "--waive needs a reason", 'add --reason "…"'),
        (["next", "--yes", "--waive", "seen", "--reason", "  "], "--waive needs a reason", "--reason"),
        (["next", "--yes", "--approved", "a", "--through", "verify"], "--approved is for one step", "one by one"),
        (
            ["next", "--yes", "--password-file", "a", "--generate-passwords", "b"],
            "--password-file and --generate-passwords exclude each other",
            "give one of them",
        ),
        (["runbook", "--format", "pdf"], "'pdf' is not one of", "see `flatsplit runbook --help`"),
    ],
)
def test_wrong_use_is_two_lines_and_exit_code_2(
    invoke_cli: InProcess, arguments: list[str], what: str, fix: str
) -> None:
    result = invoke_cli(*arguments).check(2)
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert what in first
    assert second.startswith("  fix: ")
    assert fix in second


def test_the_name_of_what_is_unknown_cannot_move_the_cursor(invoke_cli: InProcess) -> None:
    result = invoke_cli("plan", "x\n\x1b[2J").check(2)
    assert len(result.stderr.splitlines()) == 2
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "flatsplit.toml: no such file"),
        ("[cutover", "flatsplit.toml: broken TOML"),
        ("[cutover]\nnam = 1", "flatsplit.toml: unknown key [cutover] nam"),
    ],
)
def test_a_missing_or_broken_configuration_is_told_before_connecting(
    invoke_cli: InProcess, content: str | None, what: str
) -> None:
    if content is not None:
        (invoke_cli.cwd / "flatsplit.toml").write_text(content)
    for name in ("doctor", "plan", "status", "verify", "repair", "observe", "runbook", "history", "forget"):
        result = invoke_cli(name, dsn="host=/nonexistent").check(1)
        first, second = result.stderr.splitlines()
        assert first.startswith(f"error: {what}")
        assert second.startswith("  fix: ")


def test_global_options_stand_before_and_after_and_the_later_wins(invoke_cli: InProcess) -> None:
    assert "error: a.toml: no such file" in invoke_cli("--config", "a.toml", "status").check(1).stderr
    assert "error: b.toml: no such file" in invoke_cli("status", "--config", "b.toml").check(1).stderr
    assert "error: b.toml: " in invoke_cli("--config", "a.toml", "status", "--config", "b.toml").check(1).stderr
    env = {"FLATSPLIT_CONFIG": "c.toml"}
    assert "error: c.toml: " in invoke_cli("status", env=env).check(1).stderr
    assert "error: a.toml: " in invoke_cli("--config", "a.toml", "status", env=env).check(1).stderr
    assert "error: flatsplit.toml: " in invoke_cli("status", env={"FLATSPLIT_CONFIG": ""}).check(1).stderr


def test_a_traceback_only_when_asked_for(invoke_cli: InProcess) -> None:
    assert "Traceback" not in invoke_cli("status").check(1).stderr
    for arguments in (("-v", "status"), ("status", "-v"), ("status", "--verbose")):
        assert "Traceback" in invoke_cli(*arguments).check(1).stderr


def test_what_nobody_expected_is_two_lines_too(invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: object) -> None:
        raise KeyError("first\nsecond SCRAM-SHA-256$4096:salt$key:key 'x'")

    monkeypatch.setattr("flatsplit.config.load", broken)
    result = invoke_cli("status").check(1)
    first, second = result.stderr.splitlines()
    assert first.startswith("error: unexpected KeyError: ")
    assert "SCRAM-SHA-256$…" in first
    assert "salt" not in result.stderr
    assert second == "  fix: run it again with -v for details"


def test_stopped_with_control_c(invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(path: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flatsplit.config.load", stopped)
    assert invoke_cli("status").check(1).stderr.split() == ["stopped"]
    assert "nothing is half done" in invoke_cli("next", "--yes").check(1).stderr


def test_output_that_nobody_reads_ends_quietly(run_cli: Process) -> None:
    command = f"{sys.executable} -m flatsplit --help 2>&1 >&3 | cat; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", f"exec 3> >(exec 3>&-; exec true); sleep 0.3; {command}"],
        capture_output=True,
        text=True,
        cwd=run_cli.cwd,
        env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout == done.stderr == ""
    assert done.returncode == 1


def test_completion(run_cli: Process) -> None:
    words = {"COMP_WORDS": "flatsplit next --waive s", "COMP_CWORD": "3", "_FLATSPLIT_COMPLETE": "bash_complete"}
    found = run_cli(env=words).check().stdout.split()
    assert found == ["plain,surveyed", "plain,statistics", "plain,seen", "plain,soaked"]
    words |= {"COMP_WORDS": "flatsplit ro", "COMP_CWORD": "1"}
    assert run_cli(env=words).check().stdout.split() == ["plain,rollback"]


def test_a_name_in_any_locale(run_cli: Process) -> None:
    result = run_cli("plan", "größe…", env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}).check(2)
    assert "no step" in result.stderr
    assert main.name == "main"
