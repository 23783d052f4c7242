"""The gates of all steps. One is the file of its name: a step says which must be open, the gate judges on evidence.

Where a kind of walk needs other evidence for the same question, its own file lies in a package of the kind's name.
Those about logins are the same for all kinds but the split: the package ``logins``.
Which may be waived, its key says: :data:`flatsplit.model.WAIVABLE`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import SPLIT, GateKey, GateResult

REGISTRY: dict[GateKey, Gate] = {}
"""Those that were asked for: some need a parser of SQL, which ``status`` would not wait for."""


def gate(key: GateKey, kind: str = SPLIT.kind) -> Gate:
    """The gate of this key, as this kind of walk judges it."""
    for room in (kind, "logins") if kind != SPLIT.kind else ():
        if own := _own(key, room):
            return own
    if key not in REGISTRY:
        REGISTRY[key] = import_module(f"{__name__}.{key.replace('-', '_')}").GATE
    return REGISTRY[key]


@cache
def _own(key: GateKey, room: str) -> Gate | None:
    """The file of this key in one of the packages, where it has one."""
    name = key.replace("-", "_")
    if not (Path(__file__).parent / room / f"{name}.py").exists():
        return None
    found: Gate = import_module(f"{__name__}.{room}.{name}").GATE
    return found


def judge(asked: Asked[Any], keys: Iterable[GateKey]) -> tuple[GateResult, ...]:
    """These gates as they stand, in order."""
    return tuple(gate(key, asked.kind).judge(asked) for key in keys)


__all__ = ["REGISTRY", "Asked", "Gate", "gate", "judge"]
