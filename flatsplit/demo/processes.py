"""Ends a server's processes as a power failure does: none of them sees another one die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path


def kill_at_once(process: subprocess.Popen[bytes]) -> None:
    """Send SIGKILL to a postmaster and to all its sessions and workers.

    The postmaster comes last, and is stopped until then: a session that sees it gone removes its temporary tables
    before it ends, and a postmaster that sees a session killed recovers.
    """
    process.send_signal(signal.SIGSTOP)
    for child in _children(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    process.kill()


def _children(pid: int) -> list[int]:
    """Process ids of the direct children; none where the system does not tell."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
