"""Waiting for an event, and for as long as a busy machine may take for it: no test waits for seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 900.0
"""Seconds after which nothing is going to come any more, on whatever machine and whatever else it does."""


def until(answer: Callable[[], object], what: str | Callable[[], object] = "it") -> None:
    """Ask until it is so. ``what`` does not come, or what there is to see instead."""
    end = time.monotonic() + PATIENCE
    pause = 0.002
    while not answer():
        if time.monotonic() > end:
            raise AssertionError(f"{what() if callable(what) else what} does not come")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def sleeping(pid: int) -> bool:
    """Whether a process waits for something: at a terminal, for what is typed."""
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    return stat.rpartition(b")")[2].split()[0] == b"S"
