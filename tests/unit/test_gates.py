"""Every gate has a file of its name, and the gates that steps name exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from flatsplit import gates
from flatsplit.model import UNWAIVABLE, WAIVABLE, GateKey
from flatsplit.walks.kinds import KINDS

HELPERS = {"__init__", "gate", "quiet", "remaining_clients", "rings", "sessions"}
LOGINS = {path.stem for path in (Path(gates.__file__).parent / "logins").glob("*.py")} - HELPERS
JUDGED: tuple[GateKey, ...] = (*WAIVABLE, "approved", "allowed")


@pytest.mark.parametrize("key", JUDGED)
def test_a_gate_is_the_file_of_its_name(key: GateKey) -> None:
    assert gates.gate(key).key == key


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "split"])
def test_a_gate_of_a_kinds_own_is_the_file_of_its_name(kind: str) -> None:
    """It answers the same question on other evidence; which ones there are, the kind's steps say."""
    folder = Path(gates.__file__).parent / kind
    files = {path.stem for path in folder.glob("*.py")} - HELPERS
    named = {key for step in KINDS[kind].steps for key in step.gates}
    assert files <= {key.replace("-", "_") for key in named}
    for key in named:
        assert gates.gate(key, kind).key == key
        assert (gates.gate(key, kind) is not gates.gate(key)) is (key.replace("-", "_") in files | LOGINS)


def test_there_are_no_others() -> None:
    files = {path.stem for path in Path(gates.__file__).parent.glob("*.py")} - HELPERS
    assert files == {key.replace("-", "_") for key in JUDGED}
    assert set(JUDGED) == {*WAIVABLE, *UNWAIVABLE} - {"converged"}, "to converge is the catch-up's affair"


def test_each_that_can_be_waived_is_some_steps() -> None:
    named = {key for kind in KINDS.values() for step in kind.steps for key in step.gates}
    named -= set(UNWAIVABLE)
    assert named == set(WAIVABLE), set(WAIVABLE) ^ named
