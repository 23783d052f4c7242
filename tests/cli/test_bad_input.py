"""Whatever a command is given that is no file, role, walk, step or duration: two lines, the right code, nothing lost.

The commands and their options are asked of the command line itself: a new one is tried without being named here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest

import flatsplit.cli.commands
from flatsplit.cli.options import GateName, Span, StepName
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database

NOT_TEXT = "caf\udce9"
"""An argument in another encoding than UTF-8, as Python has it."""
BASE: Mapping[str, tuple[str, ...]] = {
    "approve": ("--by", "x"),
    "begin": ("--yes",),
    "init": ("--legacy-role", "legacy", "--yes"),
    "next": ("--yes",),
    "people": ("--join", "--yes"),
    "rollback": ("--yes",),
    "watch": ("--count", "1"),
    "forget": ("--yes",),
}
"""What a command takes besides, so that nothing but the one value is wrong."""
BESIDES: Mapping[str, tuple[str, ...]] = {
    "begin": ("trail", "--yes"),
    "learn": ("no-role",),
    "tenants": ("--survey",),
    "who": ("t",),
}
"""And what it takes where all of it is right but the connection."""
OPEN_TO_ALL = {"watch"}
"""It looks at what everybody may see."""
OUTSIDE = {"demo"}
"""It brings a server of its own."""
ANYTHING = {"--by", "--ticket", "--reason", "--prefix", "text", "--dsn"}
"""Texts that may be anything, and the connection, which other tests are about."""
UNREAD = {
    "--log": {"folder", "empty", "binary", "text"},  # which only gates read that ask for it
    "--password-file": {"empty"},
    "--templates": {"folder"},
    "--out": {"folder"},
    "--file": {"binary", "text"},  # statements that nobody understands are told as such
}
"""What is nothing wrong there."""
DIGESTS = {"--approved", "--digest"}
"""Another digest than the plan's is a refusal."""
MADE = {"--export", "--out", "--generate-passwords", "--paper"}
"""Files that a command makes, so that none has to be there."""


def commands() -> Iterator[click.Command]:
    for module in pkgutil.iter_modules(flatsplit.cli.commands.__path__):
        command = importlib.import_module(f"flatsplit.cli.commands.{module.name}").command
        if command.name not in OUTSIDE:
            yield command


def files(folder: Path) -> dict[str, Path]:
    """What is no file that can be read, and files that hold nothing of sense."""
    made = {name: folder / name for name in ("missing", "folder", "empty", "binary", "loop", "text")}
    made["folder"].mkdir()
    made["empty"].touch()
    made["binary"].write_bytes(bytes(range(256)) * 64)
    made["text"].write_text("no such thing\n")
    made["loop"].symlink_to(made["loop"])
    made["below a file"] = made["text"] / "file"
    made["too long"] = folder / ("x" * 300)
    for path in (made["empty"], made["binary"], made["text"]):
        path.chmod(0o600)
    return made


def wrong(parameter: click.Parameter, there: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Values of no use to it, each with a name."""
    kind = parameter.type
    if isinstance(kind, click.Path):
        yield from ((name, str(path)) for name, path in there.items())
    elif isinstance(kind, StepName | GateName | click.Choice):
        yield from (("unknown", "no-such-thing"), ("empty", ""), ("strange", "x\n\x1b[2J%s"))
    elif isinstance(kind, Span):
        yield from ((one, one) for one in ("-1s", "0", "soon", "1e9d", "9" * 17 + "d", ""))
    elif isinstance(kind, click.types.IntParamType):
        yield from ((one, one) for one in ("x", "", "-1", "1.5"))
    else:
        strange = (("strange", "x\n\x1b[2J%s'\""), ("not text", NOT_TEXT))
        yield from (("unknown", "no-such-thing"), ("empty", ""), *strange)


def cases(there: Mapping[str, Path]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for command in commands():
        assert command.name is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.is_flag:
                continue
            name = parameter.opts[0]
            if name in ANYTHING:
                continue
            for what, value in wrong(parameter, there):
                if name in MADE and what in ("missing", "empty", "binary", "text"):
                    continue
                if (command.name, name) == ("init", "--config") or what in UNREAD.get(name, ()):
                    continue
                base = list(BASE.get(command.name, ()))
                if name in base:
                    place = base.index(name)
                    del base[place : place + 2]
                given = [name, value] if isinstance(parameter, click.Option) else [value]
                yield command.name, f"{name} {what}", (command.name, *base, *given)


@pytest.fixture
def begun(database: Database, invoke_cli: InProcess) -> Database:
    database.execute("CREATE TABLE t (id int PRIMARY KEY)", "legacy")
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check()
    invoke_cli("next", "--yes", dsn=database).check()
    return database


def looks(database: Database) -> list[tuple[object, ...]]:
    """How much the journal holds."""
    return database.admin.execute(
        "select (select count(*) from flatsplit.event), (select count(*) from flatsplit.action), "
        "(select count(*) from flatsplit.step where state <> 'pending')"
    ).fetchall()


def wrongly_told(result: Result, *codes: int) -> bool:
    """Whether it is anything but two lines with one of these codes."""
    lines = result.stderr.splitlines()
    told = len(lines) == 2 and lines[0].startswith("error: ") and lines[1].startswith("  fix: ")
    return not told or result.exit_code not in codes or bool(result.stdout) or "\x1b" in result.stderr


@pytest.mark.slow
def test_two_lines_and_nothing_lost(begun: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    before, tried, odd = looks(begun), 0, []
    for command, what, arguments in cases(files(folder)):
        tried += 1
        result = invoke_cli(*arguments, dsn=begun)
        if wrongly_told(result, *((5,) if what.split()[0] in DIGESTS else (1, 2))):
            odd.append((command, what, result))
        assert looks(begun) == before, (command, what)
    assert not odd, "\n".join(map(str, odd))
    assert tried > 200


@pytest.mark.parametrize(
    ("given", "env", "named"),
    [
        (("--dsn", f"password={NOT_TEXT}"), {}, "argument 2"),
        ((), {"FLATSPLIT_DSN": NOT_TEXT}, "FLATSPLIT_DSN"),
    ],
)
def test_what_is_not_text_is_not_repeated(
    given: tuple[str, ...], env: Mapping[str, str], named: str, invoke_cli: InProcess
) -> None:
    """It may be a password; where it stands is said."""
    result = invoke_cli(*given, "init", "--legacy-role", "x", "--yes", env=env)
    assert not wrongly_told(result, 2), result
    assert result.stderr.startswith(f"error: {named} is not UTF-8\n")
    assert "caf" not in result.stderr


@pytest.mark.slow
def test_no_server_no_database_no_rights(begun: Database, invoke_cli: InProcess) -> None:
    """Whoever may not, and wherever it is not: every command says so, and takes nothing for an empty answer."""
    begun.execute("create role curious login; create role maker login createrole")
    places = {
        "no server": begun.dsn.replace("port=", "port=1"),
        "no database": begun.cluster.conninfo("no_database"),
        "no role": begun.conninfo("no_role"),
        "no connection string": "gar bage",
        "no rights": begun.conninfo("curious"),
        "no rights on the journal": begun.conninfo("maker"),
    }
    before, odd = looks(begun), []
    for place, dsn in places.items():
        for command in commands():
            assert command.name is not None
            if command.name in OPEN_TO_ALL and "rights" in place:
                continue
            given = BESIDES.get(command.name, BASE.get(command.name, ()))
            result = invoke_cli(command.name, *given, dsn=dsn)
            if wrongly_told(result, 1, 2):
                odd.append((place, command.name, result))
    begun.execute("drop role curious, maker")
    assert looks(begun) == before
    assert not odd, "\n".join(map(str, odd))
