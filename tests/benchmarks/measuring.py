"""Running a program and knowing what it took."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fixtures.databases import ROOT
from tests.fixtures.servers import tool


class Failed(Exception):
    """A measured program ended with an error."""


@dataclass
class Taken:
    """What the runs of one piece of work took."""

    seconds: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)

    def add(self, seconds: float, megabytes: float) -> None:
        self.seconds.append(seconds)
        self.megabytes.append(megabytes)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def peak(self) -> float:
        return max(self.megabytes, default=0)


def run(
    arguments: Sequence[str | Path], *, env: dict[str, str], cwd: Path, accept: tuple[int, ...] = (0,)
) -> tuple[float, float]:
    """Run a program; seconds by the clock, and the most memory that it had, in MB."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=env, cwd=cwd)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in accept:
            said.seek(0)
            raise Failed(f"{' '.join(map(str, arguments))}: {said.read()[-3000:].decode(errors='replace')}")
    # Kilobytes on Linux, bytes on macOS
    return took, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)


class Tools:
    """flatsplit and psql against one database, from one folder."""

    def __init__(self, conninfo: str, folder: Path) -> None:
        self.folder = folder
        self.conninfo = conninfo
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "FLATSPLIT_"))}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is not compiled anew each time
        self.env = kept | {"FLATSPLIT_DSN": conninfo, "PYTHONPATH": str(ROOT)}

    def flatsplit(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> tuple[float, float]:
        return run([sys.executable, "-m", "flatsplit", *arguments], env=self.env, cwd=self.folder, accept=accept)

    def psql(self, script: str) -> tuple[float, float]:
        """A script from a file, as a DBA would have written it."""
        path = self.folder / "script.sql"
        path.write_text(script)
        options = ["-XqAt", "--set=ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(path), self.conninfo]
        return run([tool("psql"), *options], env=self.env, cwd=self.folder)
