"""The operator at the keyboard: runs the real ``flatsplit``, shows what was typed and what came back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Protocol

import flatsplit
from flatsplit.errors import FlatsplitError


class Narrator(Protocol):
    """Where the story goes."""

    def say(self, text: str = "", style: str = "") -> None:
        """A line or paragraph."""

    def heading(self, text: str) -> None:
        """A line that others belong to."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Rows under columns."""


class Operator:
    """Runs commands in a folder, against one database; the connection string goes through the environment."""

    def __init__(self, dsn: str, folder: Path, narrator: Narrator) -> None:
        self._folder = folder
        self._narrator = narrator
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "FLATSPLIT_"))}
        self._environment = kept | {
            "FLATSPLIT_DSN": dsn,
            "PYTHONPATH": str(Path(flatsplit.__file__).parents[1]),
            "PYTHONUNBUFFERED": "1",  # keeps the order of what goes to stdout and to stderr
            "PYTHONIOENCODING": "utf-8",
            "COLUMNS": "110",
        }

    def flatsplit(self, *arguments: str, expect: Collection[int] = (0,), limit: int = 14) -> int:
        """Run a command and show it with what it printed, at most ``limit`` lines; its exit code."""
        self._narrator.say()
        self._narrator.say(f"    $ flatsplit {' '.join(arguments)}", "cyan")
        started = time.monotonic()
        code, printed = self._run(arguments)
        seconds = time.monotonic() - started
        lines = printed.rstrip("\n").split("\n")
        failed = code not in expect
        hidden = 0 if failed else max(0, len(lines) - limit)
        for line in lines[: len(lines) - hidden]:
            self._narrator.say(f"    {line}".rstrip())
        more = f"{hidden} more lines, " if hidden else ""
        self._narrator.say(f"    ({more}exit code {code}, {seconds:.1f} s)", "dim")
        if failed:
            raise FlatsplitError(
                f"the story stops here: `flatsplit {arguments[0]}` ended with exit code {code}",
                "what it said stands above; a bug report with it is welcome",
            )
        return code

    def json(self, *arguments: str) -> Any:
        """What a command says with --json, without showing it."""
        code, printed = self._run([*arguments, "--json"], stderr=subprocess.DEVNULL)
        if code:
            raise FlatsplitError(f"`flatsplit {arguments[0]} --json` ended with exit code {code}")
        return json.loads(printed)

    def _run(self, arguments: Sequence[str], stderr: int = subprocess.STDOUT) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "flatsplit", *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            errors="replace",
        )
        return done.returncode, done.stdout
