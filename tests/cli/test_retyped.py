"""Whoever names the configuration with --config reads commands that have it too, and can run them as printed."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from flatsplit.cli.command_names import COMMANDS
from flatsplit.cli.retyped import Retyped
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database
from tests.support.walk import NEW_ROLES, write_passwords

FILE = "the shop's.toml"
OPTION = f" --config {shlex.quote(FILE)}"
TYPED = re.compile(rf"flatsplit(?P<options>(?: --config \S+ \S+)?) (?:{'|'.join(COMMANDS)})\b")
VARYING = re.compile(r"[0-9a-f]{8,}|\d+([.:]\d+)*( ?(ms|s|min|m|h))?\b")
"""Digests, times and numbers of processes, which are others in each call."""
TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"')

LOOKS = (
    ("plan",),
    ("doctor",),
    ("status",),
    ("observe",),
    ("verify",),
    ("people",),
    ("history",),
    ("blast-radius",),
    ("rehearse", "--file", "nothing.sql"),
    ("next", "--dry-run"),
    ("next",),
    ("rollback",),
    ("begin", "role", "nobody", "--yes"),
    ("tenants",),
    ("learn", "nobody"),
    ("statsu",),
)
"""Commands whose answers, or refusals, name other commands."""


class Named:
    """Calls flatsplit with the file as an option, and as a variable, which needs no repeating."""

    def __init__(self, run: InProcess, database: Database) -> None:
        self.run, self.database = run, database
        self.met = 0

    def named(self, *arguments: str) -> Result:
        return self.run("--config", FILE, *arguments, dsn=self.database)

    def agree(self, *arguments: str) -> None:
        named = self.named(*arguments)
        ambient = self.run(*arguments, dsn=self.database, env={"FLATSPLIT_CONFIG": FILE})
        for one, other in zip(said(named), said(ambient), strict=True):
            options = [found["options"] for found in TYPED.finditer(one)]
            assert options == [OPTION] * len(options), one
            assert VARYING.sub("", one.replace(OPTION, "")) == VARYING.sub("", other)
            self.met += len(options)


def said(result: Result) -> tuple[str, str]:
    """Both streams; JSON with its texts as they are."""
    out = result.stdout
    if out.startswith(("{", "[")):
        out = TEXTS.sub(lambda found: str(json.loads(found.group())), out)
    return out, result.stderr


def test_commands_have_the_file_that_was_named(database: Database, invoke_cli: InProcess) -> None:
    database.execute("CREATE TABLE t (id serial PRIMARY KEY)", "legacy")
    (invoke_cli.cwd / "nothing.sql").write_text("SELECT nothing FROM nowhere; DROP TABLE t;")
    passwords = write_passwords(invoke_cli.cwd / "passwords", dict.fromkeys(NEW_ROLES, "x" * 20))
    calls = Named(invoke_cli, database)
    calls.agree("status")
    calls.named("init", "--legacy-role", "legacy", "--yes").check()
    for step in ("create-roles", "enable-login"):
        for look in LOOKS:
            calls.agree(*look)
            calls.agree(*look, "--json")
        calls.named("next", "--yes", "--through", step, "--password-file", str(passwords)).check()
    assert calls.met > 30


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("run `flatsplit next`", "run `flatsplit --config a.toml next`"),
        ("flatsplit status", "flatsplit --config a.toml status"),
        (
            "`flatsplit next` or `flatsplit plan`",
            "`flatsplit --config a.toml next` or `flatsplit --config a.toml plan`",
        ),
        ("flatsplit nextcloud, flatsplit prevents it", "flatsplit nextcloud, flatsplit prevents it"),
        ("SELECT * FROM flatsplit.step", "SELECT * FROM flatsplit.step"),
        ("/usr/bin/flatsplit next", "/usr/bin/flatsplit next"),
        ("flatsplit --help", "flatsplit --help"),
        ("in flatsplit.toml: x", "in a.toml: x"),
        ("see /etc/flatsplit.toml, flatsplit.tomlx", "see /etc/flatsplit.toml, flatsplit.tomlx"),
    ],
)
def test_only_commands_are_changed(text: str, typed: str) -> None:
    assert Retyped("a.toml", option=True).text(text) == typed
    assert Retyped().text(text) == text


def test_a_file_that_the_environment_names_is_named_and_needs_no_option() -> None:
    assert Retyped("a.toml").text("write it to flatsplit.toml, then `flatsplit next`") == (
        "write it to a.toml, then `flatsplit next`"
    )


def test_keys_of_json_stay() -> None:
    value: Any = {"flatsplit next": [("flatsplit next", 1, None)], "path": [Path("x").name]}
    assert Retyped("a", option=True).data(value) == {
        "flatsplit next": [["flatsplit --config a next", 1, None]],
        "path": ["x"],
    }
