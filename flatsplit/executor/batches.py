"""Statements into transactions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flatsplit.model import TABLES, Statement

EXCLUSIVE_BATCH = 100
"""Statements that lock relations, per transaction: max_locks_per_transaction bounds it from above."""
OBJECT_BATCH = 2000
"""Objects of other statements per transaction, some 50 ms of them: each more costs a commit and a record."""
TABLE_BATCH = 1000
"""Tables among them, which a GRANT holds (ddl.hold): a lock each, and the server has 6,400 for everybody by default.
Where they do not go round, the batch is split."""


def batches(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """Transactions' worth: many small statements together, one that stands alone by itself."""
    batch: list[Statement] = []
    size = tables = 0
    for statement in statements:
        weight = OBJECT_BATCH // EXCLUSIVE_BATCH if statement.lock else max(1, len(statement.objects))
        held = 0 if statement.lock else sum(ref.kind in TABLES for ref in statement.objects)
        full = size + weight > OBJECT_BATCH or tables + held > TABLE_BATCH
        if batch and (full or statement.alone or batch[-1].alone):
            yield batch
            batch, size, tables = [], 0, 0
        batch.append(statement)
        size, tables = size + weight, tables + held
    if batch:
        yield batch
