"""The keys of JSON are a contract: scripts rely on them, so they may be added and never renamed or taken away.

A renamed field of a dataclass is a renamed key.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import ROOT, Database
from tests.support.walk import NEW_ROLES, Walk

KNOWN = ROOT / "tests" / "golden" / "json_keys.txt"
UPDATE = bool(os.environ.get("FLATSPLIT_UPDATE_GOLDEN"))

ROLES = {"legacy", *NEW_ROLES}
"""Names that are no words of flatsplit's."""

MADE = """
CREATE TABLE t (id serial PRIMARY KEY, tenant int DEFAULT 1);
CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'
"""


def keys(value: Any, place: str) -> Iterator[str]:
    """The path of each key in JSON: the same for all elements of a list, and for all roles."""
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{place}.{'ROLE' if key in ROLES else key}"
            yield path
            yield from keys(inner, path)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{place}[]")


def test_keys_that_scripts_rely_on_are_there(database: Database, invoke_cli: InProcess) -> None:
    """FLATSPLIT_UPDATE_GOLDEN=1 adds what is new."""
    database.execute(MADE, "legacy")
    walk, found = Walk(invoke_cli, database), set[str]()

    def say(*arguments: str) -> None:
        command = next(each for each in arguments if not each.startswith("-"))
        result = walk(*arguments, "--json")
        assert result.stdout, result.stderr
        found.update(keys(result.json, command))

    def take(*arguments: str) -> None:
        say("next", "--yes", "--password-file", str(walk.password_file), *arguments)

    say("blast-radius", "--legacy-role", "legacy")
    walk.init()
    say("init", "--legacy-role", "legacy", "--yes")
    for command in ("doctor", "plan", "status", "people", "observe"):
        say(command)
    say("approve", "--by", "Jo", "--ticket", "1")
    say("runbook")
    take("--dry-run")
    take("--through", "enable-login")
    say("blast-radius", "--compare")
    say("rehearse", "--file", str(_statements(walk)))
    take()
    database.execute("REVOKE SELECT ON t FROM app_readonly; CREATE TABLE late ()", "legacy")
    say("status")
    say("verify")
    say("repair")
    with walk.switched():
        take("--waive", "rehearsed", "--reason", "a test", "--through", "revoke-legacy")
    say("history")
    walk.config.write_text(f'{walk.config.read_text()}\n[group.app_user]\nlogins = ["app_a", "app_b"]\n')
    say("begin", "group", "app_user", "--yes", "--through", "create-logins")
    say("status")
    say("rollback", "--yes", "--walk", "group:app_user")
    known = set(KNOWN.read_text().split("\n")) - {""}
    if UPDATE:
        KNOWN.write_text("\n".join(sorted(known | found)) + "\n")
        known |= found
    assert known - found == set(), "scripts rely on these"
    assert found - known == set(), "from now on scripts rely on these: run this with FLATSPLIT_UPDATE_GOLDEN=1"


def _statements(walk: Walk) -> Any:
    file = walk.run.cwd / "ran.sql"
    file.write_text("SELECT * FROM t; DROP TABLE t; TRUNCATE t; SELECT nothing FROM nowhere;")
    return file
