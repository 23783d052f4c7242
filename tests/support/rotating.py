"""Sets up rotations, with a file as the store, and hooks that fail on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg

from tests.support.grouping import declare
from tests.support.stores import HOOKS
from tests.support.walk import Walk, toml


class Stored:
    """A store for a walk: the example hook with a file, called by a script that a test can break."""

    def __init__(self, walk: Walk, folder: Path) -> None:
        self.file = folder / "kept.json"
        self.log = folder / "verbs"
        self._hook = folder / "store"
        self._hook.touch(0o755)
        self.spoil("")
        text = f'\n[rotation]\nmax_age = "1ms"\nstore = [{toml(str(self._hook))}]\n'
        walk.config.write_text(walk.config.read_text() + text)

    def spoil(self, lines: str) -> None:
        """Set the lines of sh that run before the hook; ``$verb`` and ``$document`` hold its input."""
        self._hook.write_text(
            "#!/bin/sh\nverb=$1 document=$(cat)\n"
            f"hook() {{ printf '%s' \"$document\" | {HOOKS / 'file'} {self.file} $verb; }}\n"
            f"echo $verb >> {self.log}\n{lines}\nhook\n"
        )

    @property
    def kept(self) -> Any:
        """The content of the store."""
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def password(self, group: str, which: str = "current") -> str | None:
        """The password of a version; None where there is none."""
        found = self.kept.get(group, {}).get(which)
        return found and str(found["password"])

    def verbs(self) -> list[str]:
        """The verbs that the hook was called with since the last call of this method."""
        found = self.log.read_text().split() if self.log.exists() else []
        self.log.write_text("")
        return found


def twins(walk: Walk, logins: tuple[str, str]) -> Walk:
    """Complete the split and the walk of a group: app_user has two logins, of which the first may log in."""
    database = walk.database
    database.execute("create table thing (id int)", database.legacy)
    database.execute(f"alter role {database.legacy} set work_mem = '7MB'")
    walk.init()
    walk.forward()
    declare(walk, "app_user", logins, connection_limit=30)
    walk.quick("begin", "group", "app_user", "--yes").check()
    moved = ("--waive", "seen", "--reason", "nobody moves in this test")
    asked = ("--yes", "--password-file", str(walk.password_file))
    walk.quick("next", "--walk", "group:app_user", "--through", "forget-password", *asked, *moved).check()
    return walk


def lets_in(walk: Walk, role: str, password: str | None) -> bool:
    """Whether the server accepts this password for the role."""
    try:
        psycopg.connect(walk.database.conninfo(role, password or "none"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
