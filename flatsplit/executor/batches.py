"""Statements into transactions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flatsplit.model import Statement

EXCLUSIVE_BATCH = 100
"""Statements that lock relations, per transaction: max_locks_per_transaction bounds it from above."""
OBJECT_BATCH = 400
"""Objects of other statements per transaction."""


def batches(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """Transactions' worth: many small statements together, one that stands alone by itself."""
    batch: list[Statement] = []
    size = 0
    for statement in statements:
        weight = OBJECT_BATCH // EXCLUSIVE_BATCH if statement.lock else max(1, len(statement.objects))
        if batch and (statement.alone or size + weight > OBJECT_BATCH or batch[-1].alone):
            yield batch
            batch, size = [], 0
        batch.append(statement)
        size += weight
    if batch:
        yield batch
