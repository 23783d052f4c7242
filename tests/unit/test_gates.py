"""Every gate is a file of its name, and those that steps name are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from flatsplit import gates
from flatsplit.model import UNWAIVABLE, WAIVABLE, GateKey
from flatsplit.walks.kinds import KINDS

HELPERS = {"__init__", "gate", "left", "quiet", "sessions"}
JUDGED: tuple[GateKey, ...] = (*WAIVABLE, "approved")


@pytest.mark.parametrize("key", JUDGED)
def test_a_gate_is_the_file_of_its_name(key: GateKey) -> None:
    assert gates.gate(key).key == key


def test_there_are_no_others() -> None:
    files = {path.stem for path in Path(gates.__file__).parent.glob("*.py")} - HELPERS
    assert files == {key.replace("-", "_") for key in JUDGED}
    assert set(JUDGED) == {*WAIVABLE, *UNWAIVABLE} - {"converged"}, "to converge is the catch-up's affair"


def test_each_that_can_be_waived_is_some_steps() -> None:
    named = {key for kind in KINDS.values() for step in kind.steps for key in step.gates}
    assert named == set(WAIVABLE), set(WAIVABLE) ^ named
