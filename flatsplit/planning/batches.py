"""Groups statements into transactions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flatsplit.model import Statement

OBJECT_BATCH = 1000
"""Objects of GRANTs per transaction, some 25 ms of them: each more costs a commit and a record."""
EXCLUSIVE_BATCH = 100
"""Statements per transaction that keep everybody else out: nobody waits behind them for longer than a moment."""

SHARE = 4
"""One of so many of the server's locks is ours at most: whoever finds none fails with "out of shared memory".

A GRANT on tables holds them (ddl.hold); from 18 on the server holds whatever is granted.
"""
LOCKS = 8
"""Of a table that is locked for good: its own, of its TOAST table, of indexes and sequences."""


def fitting(statements: Sequence[Statement], slots: int) -> list[Statement]:
    """The same statements, cut into single objects where one alone would hold more than its share of ``slots``."""
    found: list[Statement] = []
    for statement in statements:
        split = statement.split
        if split is None or len(statement.objects) <= _room(slots):
            found.append(statement)
        else:
            found += split()
    return found


def batches(statements: Sequence[Statement], slots: int) -> Iterator[list[Statement]]:
    """Statements grouped into transactions: many small ones together, one that has to stand alone by itself.

    ``slots``: how many locks the server has room for.
    """
    room = _room(slots)
    batch: list[Statement] = []
    size = 0
    for statement in statements:
        weight = holds(statement, room)
        if batch and (size + weight > room or statement.alone or batch[-1].alone):
            yield batch
            batch, size = [], 0
        batch.append(statement)
        size += weight
    if batch:
        yield batch


def holds(statement: Statement, room: int = OBJECT_BATCH) -> int:
    """How much of the ``room`` of its transaction a statement takes."""
    return max(LOCKS, room // EXCLUSIVE_BATCH) if statement.lock else max(1, len(statement.objects))


def _room(slots: int) -> int:
    """How many objects a transaction may hold."""
    return min(OBJECT_BATCH, slots // SHARE)
