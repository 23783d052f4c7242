"""For each hazard a test applies its fix as printed, or a reason is given why none can."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap

import pytest

from flatsplit.hazards import REGISTRY
from tests.fixtures.databases import ROOT
from tests.support.remedies import BY_HAND, TAKEN


def prints(judge: object) -> bool:
    """Whether a judge, or what it calls in its module, gives statements or lines to take."""
    module = sys.modules[judge.__module__]
    todo, seen = [judge], set[object]()
    while todo:
        one = todo.pop()
        if one in seen:
            continue
        seen.add(one)
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(one)))):  # type: ignore[arg-type]  # tests
            if isinstance(node, ast.keyword) and node.arg in ("sql", "toml"):
                return True
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            called = getattr(module, name, None)
            if inspect.isfunction(called) and called.__module__ == module.__name__:
                todo.append(called)
    return False


@pytest.mark.parametrize("hazard", REGISTRY)
def test_taken_or_by_hand(hazard: str) -> None:
    assert (hazard in TAKEN) != (hazard in BY_HAND)
    assert prints(REGISTRY[hazard].judge) is (hazard in TAKEN)


def test_nothing_else_is_listed() -> None:
    assert not {*TAKEN, *BY_HAND} - REGISTRY.keys()
    for hazard, file in TAKEN.items():
        assert f'"{hazard}"' in (ROOT / "tests" / file).read_text(), hazard
