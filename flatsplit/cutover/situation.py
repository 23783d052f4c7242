"""The situation of a split: :class:`flatsplit.planning.situation.Situation` with the split's context."""

from __future__ import annotations

from typing import TypeAlias

from flatsplit.planning import situation
from flatsplit.walks.split.context import Context

Situation: TypeAlias = situation.Situation[Context]
