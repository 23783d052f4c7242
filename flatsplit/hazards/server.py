"""Hazards in the server and in what fires on its own. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flatsplit.model import Finding
from flatsplit.steps import Context


def event_triggers(rows: list[tuple[Any, ...]]) -> Iterator[Finding]:
    """Event triggers that would run somebody's code with the operator's rights."""
    found = tuple(f"{trigger} runs {function} of {owner}" for trigger, function, owner in rows)
    if found:
        yield Finding(
            "event-trigger-code",
            "blocker",
            "event triggers would run code of ordinary roles with the operator's rights",
            "They fire on flatsplit's own GRANT and ALTER statements, as the operator. Whoever owns the function "
            "can change what it does.",
            "Give the functions to a superuser (ALTER FUNCTION … OWNER TO …) or disable the triggers for the walk.",
            found,
            step="create-roles",
        )


def conditions(rows: list[tuple[Any, ...]], context: Context) -> Iterator[Finding]:
    """Lock budget against deadlock_timeout, prepared transactions, publications of all tables."""
    deadlock_ms, prepared, all_tables = rows[0]
    budget = context.config.locks.lock_timeout.total_seconds() * 1000
    if deadlock_ms is not None and budget >= deadlock_ms:
        yield Finding(
            "lock-budget",
            "blocker",
            f"lock_timeout ({budget:.0f}ms) is not below deadlock_timeout ({deadlock_ms}ms)",
            "In a deadlock the server would then cancel the application's statement instead of flatsplit's.",
            "Lower lock_timeout in flatsplit.toml.",
            step="create-roles",
        )
    if prepared:
        yield Finding(
            "prepared-transactions",
            "warning",
            f"{prepared} prepared transaction{'s hold' if prepared > 1 else ' holds'} locks",
            "Prepared transactions keep their locks until somebody ends them, also across restarts.",
            "Look at pg_prepared_xacts; COMMIT PREPARED or ROLLBACK PREPARED them.",
            step="transfer-ownership",
        )
    if all_tables:
        yield Finding(
            "all-tables-publication",
            "warning",
            f"publication of all tables: {', '.join(all_tables)}",
            "The tracking schema's tables are published too; a subscriber without them stops replicating.",
            "Create the schema and its tables on the subscriber, or publish named schemas (15+), before init.",
            tuple(all_tables),
        )
