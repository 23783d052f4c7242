"""Something happens just when a statement of flatsplit, run in this process, begins to wait for a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flatsplit.executor import Executor


def at_each_wait(monkeypatch: pytest.MonkeyPatch, do: Callable[[int], None]) -> None:
    """Do something whenever a statement begins to wait, with the number of times it has."""
    began: list[None] = []
    waits = Executor._wait

    def wait(self: Executor, *arguments: Any) -> None:
        began.append(None)
        do(len(began))
        waits(self, *arguments)

    monkeypatch.setattr(Executor, "_wait", wait)
