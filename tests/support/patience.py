"""Waits for events instead of fixed times, so that no test depends on how fast the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 900.0
"""Seconds after which an event is given up: more than any event takes, even on a slow or busy machine."""


def until(answer: Callable[[], object], what: str | Callable[[], object] = "it") -> None:
    """Wait until ``answer`` is true. ``what`` names the event in the error, or returns what there is instead."""
    end = time.monotonic() + PATIENCE
    pause = 0.002
    while not answer():
        if time.monotonic() > end:
            raise AssertionError(f"{what() if callable(what) else what} does not come")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def sleeping(pid: int) -> bool:
    """Whether a process is waiting, such as one at a terminal for input."""
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    return stat.rpartition(b")")[2].split()[0] == b"S"
