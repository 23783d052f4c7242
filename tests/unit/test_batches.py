"""Grouping statements into transactions: none is long or holds many locks, and the order stays the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flatsplit.model import Kind, ObjectRef, Statement
from flatsplit.planning.batches import EXCLUSIVE_BATCH, LOCKS, OBJECT_BATCH, SHARE, batches, fitting
from flatsplit.render import script

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


SLOTS = 64 * 100
"""Of a server as it comes."""


@given(STATEMENTS, st.sampled_from((100, 1000, SLOTS, 10 * SLOTS)))
def test_every_transaction_is_short(statements: list[Statement], slots: int) -> None:
    found = list(batches(statements, slots))
    assert [each for batch in found for each in batch] == statements
    for batch in found:
        locking = sum(bool(each.lock) for each in batch)
        held = sum(len(each.objects) for each in batch if not each.lock)
        assert len(batch) == 1 or held + locking * LOCKS <= min(OBJECT_BATCH, slots // SHARE)
        assert locking <= EXCLUSIVE_BATCH
        assert len(batch) == 1 or not any(each.alone for each in batch)


def test_no_more_transactions_than_it_takes() -> None:
    assert len(list(batches([statement("sequence", 200)] * 50, SLOTS))) == 10
    assert len(list(batches([statement("table", 200)] * 50, SLOTS))) == 10
    assert len(list(batches([statement("table", 1, "ACCESS EXCLUSIVE")] * 1000, SLOTS))) == 10


def test_on_a_small_server_a_grant_is_cut_rather_than_taking_everybodys_locks() -> None:
    parts = tuple(statement("table", 1) for _ in range(200))
    grant = replace(statement("table", 200), split=lambda: parts)
    assert fitting([grant], SLOTS) == [grant]
    assert fitting([grant], 100) == list(parts)
    assert max(map(len, batches(fitting([grant], 100), 100))) == 25


def test_a_script_by_hand_holds_no_more_than_flatsplit_does() -> None:
    statements = [*[statement("table", 200)] * 12, *[statement("table", 1, "ACCESS EXCLUSIVE")] * 250]
    found = script.batches([("", statements)])
    assert [each for batch in found for each in batch.statements] == statements
    assert [len(batch.statements) for batch in found] == [5, 5, 62, 100, 90]
