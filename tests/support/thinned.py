"""Test parameters of which the quick run takes only some; --slow and the matrix take all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def slow_but(values: Iterable[Any], *quick: Any) -> list[Any]:
    """The values as parameters; all but the quick ones are marked slow. Marks that a value has are kept."""
    found: list[Any] = []
    for value in values:
        if hasattr(value, "marks") or value in quick:
            found.append(value)
        elif isinstance(value, tuple):
            found.append(pytest.param(*value, marks=pytest.mark.slow))
        else:
            found.append(pytest.param(value, marks=pytest.mark.slow))
    return found
