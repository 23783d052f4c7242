"""Where the regression SQL is: in Debian's source package of PostgreSQL."""

from __future__ import annotations

import re
import subprocess
import tarfile
from pathlib import Path

PACKAGE = "postgresql-15"
_SQL = re.compile(r"[^/]+/src/test/regress/sql/([\w.-]+\.sql)")


class NotToBeHad(Exception):
    """No source package here; says why."""


def regression(folder: Path) -> Path:
    """The folder with the SQL files, fetched into ``folder`` the first time. Raises NotToBeHad."""
    sql = folder / "sql"
    if sql.is_dir():
        return sql
    folder.mkdir(parents=True, exist_ok=True)
    archive = _archive(folder)
    made = folder / "sql.new"
    made.mkdir(exist_ok=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            name = _SQL.fullmatch(member.name)
            content = tar.extractfile(member) if name else None
            if name and content:
                (made / name[1]).write_bytes(content.read())
    made.rename(sql)
    return sql


def _archive(folder: Path) -> Path:
    """The upstream tarball: of the newest version that can still be fetched."""
    for found in folder.glob(f"{PACKAGE}_*.orig.tar.*"):
        return found
    sources = folder / "sources.sources"
    sources.write_text(_source_entries())
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    options = [
        *("-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", f"Dir::State::lists={folder / 'lists'}", "-o", "APT::Sandbox::User=root"),
    ]
    _run(["apt-get", *options, "-q", "update"], folder)
    shown = _run(["apt-cache", *options, "showsrc", PACKAGE], folder)
    versions = sorted(set(re.findall(r"^Version: (\S+)$", shown, re.MULTILINE)), reverse=True)
    why = f"there is no source package {PACKAGE} here"
    for version in versions:
        try:
            _run(["apt-get", *options, "-q", "source", "--download-only", f"{PACKAGE}={version}"], folder)
        except NotToBeHad as error:
            why = str(error)
            continue
        for found in folder.glob(f"{PACKAGE}_*.orig.tar.*"):
            return found
    raise NotToBeHad(why)


def _source_entries() -> str:
    """The machine's own entries for Debian, asked for sources instead of packages."""
    entries = []
    for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text()):
            if re.search(r"^Components:.*\bmain\b", stanza, re.MULTILINE) and "debian" in stanza:
                entries.append(re.sub(r"^Types:.*$", "Types: deb-src", stanza, flags=re.MULTILINE))
    if not entries:
        raise NotToBeHad("this machine has no entry in /etc/apt/sources.list.d to take source packages from")
    return "\n\n".join(entries) + "\n"


def _run(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError as error:
        raise NotToBeHad(f"{command[0]}: {error}") from None
    if done.returncode:
        raise NotToBeHad(f"{command[0]}: {(done.stderr.strip() or done.stdout.strip())[-300:]}")
    return done.stdout
