"""Hazards in policies that are to keep tenants apart. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.model import PUBLIC, ObjectRef
from flatsplit.words import count


@hazard(
    "rls-fails-open",
    "warning",
    None,
    looks_at="pg_policy of tables with row-level security: restrictive policies beside permissive ones that let every "
    "row through, for the same roles",
    why="DROP COLUMN … CASCADE, or DROP TABLE … CASCADE of what it asks, takes the restrictive policy along and leaves "
    "the permissive one: from then on everybody sees every row, without any error.",
    fix="Give the permissive policy the condition, too: then nobody sees a row when either is gone.",
    manual="ddl-rowsecurity.html",
)
def rls_fails_open(seen: Seen) -> Iterator[Found]:
    """Tables where nothing would be left of a condition but ``true``."""
    found = []
    state = seen.state
    by_table: dict[tuple[str, str], list[ObjectRef]] = {}
    for ref in state.policies:
        by_table.setdefault((ref.schema, ref.name), []).append(ref)
    for table, security in sorted(state.row_security.items()):
        refs = [ref for ref in by_table.get((table.schema, table.name), ()) if ref in state.conditions]
        if security.enabled and _open(seen, refs):
            found.append(ddl.label(table))
    if found:
        yield Found(f"{count(len(found), 'table')} that a lost condition would open", tuple(found))


def _open(seen: Seen, refs: list[ObjectRef]) -> bool:
    """Whether some role is under a restrictive condition and under permissive policies that say nothing."""
    state = seen.state
    restrictive = [
        ref for ref in refs if not state.conditions[ref].permissive and state.conditions[ref].using != "true"
    ]
    permissive = [ref for ref in refs if state.conditions[ref].permissive and state.conditions[ref].command in "*r"]
    return any(
        state.conditions[free].using == "true" and _meet(state.policies[free], state.policies[bound])
        for bound in restrictive
        for free in permissive
    )


def _meet(one: frozenset[str], other: frozenset[str]) -> bool:
    return PUBLIC in one or PUBLIC in other or not one.isdisjoint(other)
