"""The operator at the keyboard: runs the real ``flatsplit``, shows what was typed and what came back."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import flatsplit
from flatsplit.errors import FlatsplitError


class Narrator(Protocol):
    """Prints the story."""

    def say(self, text: str = "", style: str = "") -> None:
        """Print a line or paragraph."""

    def heading(self, text: str) -> None:
        """Print the heading of a chapter."""

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table."""


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

    def flatsplit(self, *arguments: str, expect: int = 0, limit: int = 12) -> None:
        """Run a command and show it with what it printed, at most about ``limit`` lines of it."""
        self._narrator.say()
        self._narrator.say(f"    $ flatsplit {shlex.join(arguments)}", "cyan")
        started = time.monotonic()
        code, printed = self._run(arguments)
        seconds = time.monotonic() - started
        failed = code != expect
        lines = printed.strip("\n").split("\n")
        for line in lines if failed else abridged(lines, limit):
            self._narrator.say(wrapped(f"    {line}".rstrip(), 114))
        self._narrator.say(f"    ({f'exit code {code}, ' if code else ''}{seconds:.1f} s)", "dim")
        if failed:
            raise FlatsplitError(
                f"the story stops here: `flatsplit {arguments[0]}` ended with exit code {code}",
                "what it said stands above; a bug report with it is welcome",
            )

    def quietly(self, *arguments: str) -> None:
        """Run a command without showing it."""
        code, printed = self._run(arguments)
        if code:
            self._narrator.say(printed)
            raise FlatsplitError(
                f"the story stops here: `flatsplit {arguments[0]}` ended with exit code {code}",
                "what it said stands above; a bug report with it is welcome",
            )

    def answer(self, *arguments: str) -> Any:
        """Run a command with ``--json``, without showing it; returns the parsed answer."""
        return json.loads(self._run([*arguments, "--json"], subprocess.DEVNULL)[1])

    def _run(self, arguments: Sequence[str], complaints: int = subprocess.STDOUT) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "flatsplit", *arguments],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            encoding="utf-8",
            errors="replace",
        )
        return done.returncode, done.stdout


def abridged(lines: Sequence[str], limit: int) -> list[str]:
    """The lines without what the following one says again, and with a gap in the middle if they are many."""
    following = [*(line.strip() for line in lines[1:]), ""]
    pairs = zip(lines, following, strict=True)
    kept = [line for line, after in pairs if not line.strip() or not after.startswith(line.strip())]
    if len(kept) <= limit + 1:  # a line about one hidden line would save nothing
        return kept
    end = min(3, limit // 2)
    return [*kept[: limit - end], f"  … {len(kept) - limit} more lines …", *kept[len(kept) - end :]]


def wrapped(text: str, width: int = 106) -> str:
    """A long line as several lines; if the first is indented, the others are by two more."""
    margin = " " * (len(text) - len(text.lstrip()))
    return textwrap.fill(
        text,
        width,
        subsequent_indent=margin and f"{margin}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def shortened(text: str, width: int = 106) -> str:
    """A statement on one line. A long one is cut in the middle, since its end says which role it is about."""
    words = text.split()
    text, end = " ".join(words), " ".join(words[-2:])
    if len(text) <= width:
        return text
    return f"{text[: width - len(end) - 3].rsplit(' ', 1)[0]} … {end}"
