"""What was tried is told in one order, so that two reports can be held side by side."""

from __future__ import annotations

import pytest

from flatsplit.cli.views.verify import proved
from flatsplit.evidence.trial import Outcome, RoleProof, Trial


@pytest.mark.parametrize("first", ["allowed", "refused", "untried"])
def test_outcomes_in_one_order(first: Outcome) -> None:
    outcomes: list[Outcome] = [first, "refused", "untried", "allowed"]
    trials = tuple(Trial("app_user", "read", "table t", True, outcome) for outcome in outcomes)
    text = proved(RoleProof("app_user", "as the role", "", trials))
    assert text.index(" allowed") < text.index(" refused") < text.index(" untried")
