"""The gates of all steps. A step names those that must be open; each gate is the file of its name, which judges
evidence.

Where a kind of walk needs other evidence for the same question, its own file is in a package with the kind's name. The
gates about logins are the same for all kinds except the split: the package ``logins``. Which gates may be waived:
:data:`flatsplit.model.WAIVABLE`.
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
"""The gates that were asked for so far. Some need a parser of SQL, and ``status`` does not import it for the others."""


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
    """The gate in the file of this key in a package; None where the package has none."""
    name = key.replace("-", "_")
    if not (Path(__file__).parent / room / f"{name}.py").exists():
        return None
    found: Gate = import_module(f"{__name__}.{room}.{name}").GATE
    return found


def judge(asked: Asked[Any], keys: Iterable[GateKey]) -> tuple[GateResult, ...]:
    """The results of these gates now, in order."""
    return tuple(gate(key, asked.kind).judge(asked) for key in keys)


__all__ = ["REGISTRY", "Asked", "Gate", "gate", "judge"]
