"""The gates of all steps. One is the file of its name: a step says which must be open, the gate judges on evidence.

Which may be waived, its key says: :data:`flatsplit.model.WAIVABLE`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateKey, GateResult

REGISTRY: dict[GateKey, Gate] = {}
"""Those that were asked for: some need a parser of SQL, which ``status`` would not wait for."""


def gate(key: GateKey) -> Gate:
    """The gate of this key."""
    if key not in REGISTRY:
        REGISTRY[key] = import_module(f"{__name__}.{key.replace('-', '_')}").GATE
    return REGISTRY[key]


def judge(asked: Asked[Any], keys: Iterable[GateKey]) -> tuple[GateResult, ...]:
    """These gates as they stand, in order."""
    return tuple(gate(key).judge(asked) for key in keys)


__all__ = ["REGISTRY", "Asked", "Gate", "gate", "judge"]
