"""Temporary folders that only the server's user can enter, and that are removed once their process has ended."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from flatsplit.errors import FlatsplitError

OWNER_FILE = "owner"  # holds the pid of the process that answers for the folder

_PREFIX = "flatsplit-"
_SOCKET_PATH_LIMIT = 107  # sockaddr_un.sun_path, less the final NUL
_ROOM_FOR_MEMORY = 1 << 30  # use /dev/shm only if this much is free


class NoFolder(FlatsplitError):
    """There is no place for temporary data that the server can use."""


def server_user() -> pwd.struct_passwd | None:
    """The user that the server runs as; None where that is the present one."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def bases() -> list[Path]:
    """Folders for temporary data, the best first: memory where there is enough of it, then what the user asked for."""
    memory = Path("/dev/shm")
    found = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= _ROOM_FOR_MEMORY:
        found.insert(0, memory)
    return list(dict.fromkeys(found))


def private_folder(files: Mapping[str, str]) -> Path:
    """A new folder that only the server's user can enter, with a path short enough for a socket, and files in it."""
    for base in bases():
        if os.geteuid() == 0 and not open_to_all(base):
            continue
        if len(os.fsencode(base / f"{_PREFIX}12345678" / ".s.PGSQL.65535")) > _SOCKET_PATH_LIMIT:
            continue
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))  # mode 0700
        (folder / OWNER_FILE).write_text(str(os.getpid()))
        paths = [folder / name for name in files]
        for path in paths:
            path.touch(0o600)
            path.write_text(files[path.name])
        if owner := server_user():
            for path in (*paths, folder):  # the folder last: until then nobody else can be in it
                os.chown(path, owner.pw_uid, owner.pw_gid)
        return folder
    raise NoFolder(
        "no folder for temporary data that the server can use: " + ", ".join(map(str, bases())),
        "set TMPDIR to a folder with a short path that every user may enter",
    )


def public_folder() -> Path:
    """A new folder that every user can reach and only we can write to, for programs."""
    for base in bases():
        # /dev/shm is often mounted noexec
        if open_to_all(base) and not os.statvfs(base).f_flag & os.ST_NOEXEC:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
            folder.chmod(0o755)
            (folder / OWNER_FILE).write_text(str(os.getpid()))
            return folder
    raise NoFolder(
        "no folder for programs that the server's user can reach", "set TMPDIR to a folder mounted with exec"
    )


def open_to_all(path: Path) -> bool:
    """Whether every user can get to this folder."""
    real = path.resolve()
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (real, *real.parents))


def no_link(path: str, flags: int) -> int:
    """Open a file, but not what a link of its name leads to; an ``opener`` for open()."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def sweep() -> None:
    """Remove the clusters of processes that died without doing so themselves."""
    for base in bases():
        for mark in base.glob(f"{_PREFIX}*/{OWNER_FILE}"):
            try:
                abandoned = mark.stat().st_uid == os.geteuid() and not _alive(int(mark.read_text()))
            except (OSError, ValueError):
                continue
            if not abandoned:
                continue
            data = mark.parent / "data"
            try:
                postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
                # The server's working directory is its data directory: proof that the number was not given out again
                if Path(f"/proc/{postmaster}/cwd").resolve() == data.resolve():
                    os.kill(postmaster, signal.SIGQUIT)
            except (OSError, ValueError, IndexError):
                pass
            shutil.rmtree(mark.parent, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
