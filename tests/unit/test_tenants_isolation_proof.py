"""What a proof keeps while it tries: as much per table, however many there are."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from flatsplit.config import Tenants
from flatsplit.evidence.isolation import Facts, proof
from flatsplit.evidence.isolation.facts import InsertColumn, ReachedRelation
from flatsplit.evidence.isolation.proof import _Trial
from flatsplit.model import Structure
from flatsplit.tenants import survey
from tests.unit.test_tenants import table

KEPT = ("id", "account_id", "name")
SOME = 150


def trial(number: int) -> tuple[_Trial, int]:
    """Of so many tables, with the bytes that it keeps beside what it was given."""
    names = [f"t{n}" for n in range(number)]
    tables = [
        table("accounts", "id:bigint!"),
        *(table(name, "id:bigint! account_id:bigint! name:text") for name in names),
    ]
    found = survey(Tenants("public.accounts", ("account_id",)), Structure({one.ref: one for one in tables}))
    columns = tuple(InsertColumn(name, "bigint", True, True, False, False, False, False, False) for name in KEPT)
    reached = {
        (one.ref.schema, one.ref.name): ReachedRelation(
            "r", (one.ref.schema, one.ref.name), "app_migrator", True, False, False, "rawd", "", False
        )
        for one in tables
    }
    facts = Facts("app_tenant", {"tenant_1": "1"}, relations=reached, columns=dict.fromkeys(reached, columns))
    nowhere: Any = None
    tracemalloc.start()
    made = _Trial(nowhere, found, facts)
    for block in made.blocks():
        made.begin(block)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return made, kept


def test_twice_as_many_tables_take_twice_as_much() -> None:
    (few, less), (many, more) = trial(SOME), trial(2 * SOME)
    assert len(many.acts) == pytest.approx(2 * len(few.acts), rel=0.05)
    assert more < 2.5 * less, (less, more)


def test_a_transaction_has_a_bounded_number_of_tables_and_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "BLOCK", 20)
    many, _ = trial(70)
    sizes = []
    for block in many.blocks():
        many.begin(block)
        assert {act.table for act in many.every} <= block
        sizes.append(len(block))
    assert sizes == [20, 20, 20, len(many.tables) - 60]
