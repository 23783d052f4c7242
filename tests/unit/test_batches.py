"""Statements into transactions: none is long, none holds many locks, and nothing changes its order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flatsplit.executor.batches import EXCLUSIVE_BATCH, OBJECT_BATCH, TABLE_BATCH, batches
from flatsplit.model import Kind, ObjectRef, Statement

KINDS: tuple[Kind, ...] = ("table", "view", "sequence", "function")


def statement(kind: Kind, count: int, lock: str = "", *, alone: bool = False) -> Statement:
    objects = tuple(ObjectRef(kind, "s", f"o{place}") for place in range(count))
    made = Statement(description=kind, sql="", undo="", lock="", objects=objects)
    return replace(made, lock=lock, alone=alone)


STATEMENTS = st.lists(
    st.one_of(
        st.builds(statement, st.sampled_from(KINDS), st.integers(0, 200)),
        st.builds(statement, st.sampled_from(KINDS), st.just(1), st.just("ACCESS EXCLUSIVE")),
        st.builds(statement, st.sampled_from(KINDS), st.integers(0, 3), alone=st.just(True)),
    ),
    max_size=40,
)


@given(STATEMENTS)
def test_every_transaction_is_short(statements: list[Statement]) -> None:
    found = list(batches(statements))
    assert [each for batch in found for each in batch] == statements
    for batch in found:
        assert sum(len(each.objects) for each in batch) <= OBJECT_BATCH
        assert sum(len(each.objects) for each in batch if not each.lock and each.description == "table") <= TABLE_BATCH
        assert sum(bool(each.lock) for each in batch) <= EXCLUSIVE_BATCH
        assert len(batch) == 1 or not any(each.alone for each in batch)


def test_no_more_transactions_than_it_takes() -> None:
    assert len(list(batches([statement("sequence", 200)] * 50))) == 5
    assert len(list(batches([statement("table", 200)] * 50))) == 10
    assert len(list(batches([statement("table", 1, "ACCESS EXCLUSIVE")] * 1000))) == 10
