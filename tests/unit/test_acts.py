"""The comparison of what a rehearsal said with what happened sees each way in which it can be wrong."""

from __future__ import annotations

import pytest

from flatsplit.rehearsal.values import PERHAPS
from tests.support.acts import REFUSED, Outcome, disagreements

WORKED, EMPTY, REFUSAL = Outcome("", 3, ""), Outcome("", 0, ""), Outcome(REFUSED, -1, "permission denied")
MISSING, DOUBLE = Outcome("42P01", -1, "no such relation"), Outcome("23505", -1, "duplicate key")


def test_a_branch_that_is_not_taken() -> None:
    said = [{"query": "q", "verdict": "denied", "reason": f"DROP TABLE{PERHAPS}"}]
    assert disagreements(said, {"q": WORKED}, {"q": WORKED}) == []


@pytest.mark.parametrize(
    ("verdict", "was", "now", "wrong"),
    [
        ("allowed", WORKED, WORKED, ""),
        ("allowed", WORKED, REFUSAL, "allowed, refused"),
        ("allowed", REFUSAL, REFUSAL, ""),
        ("allowed", WORKED, EMPTY, "allowed, fewer rows"),
        ("allowed", WORKED, MISSING, "allowed, another error"),
        ("allowed", WORKED, DOUBLE, ""),
        ("denied", WORKED, WORKED, "denied, works"),
        ("denied", WORKED, REFUSAL, ""),
        ("denied", EMPTY, EMPTY, ""),
        ("migrator", WORKED, WORKED, "migrator, works"),
        ("silent", WORKED, EMPTY, ""),
        ("unknown", WORKED, REFUSAL, ""),
    ],
)
def test_what_is_wrong(verdict: str, was: Outcome, now: Outcome, wrong: str) -> None:
    found = disagreements([{"query": "q", "verdict": verdict, "reason": "r"}], {"q": was}, {"q": now})
    assert [line.split(":")[0] for line in found] == ([wrong] if wrong else [])
