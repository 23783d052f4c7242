"""Which part of the catalog tells how things stand after statements that are known have run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from flatsplit.model import OF_ROLES, FactKey, Side, State, Statement, alike

Part: TypeAlias = Literal["all", "objects", "roles", "rules", "conditions"]
"""``rules``: objects, policies, and where these count; ``conditions``: what policies say, too."""

_RULES: frozenset[FactKey] = frozenset({"policy", "condition", "row_security", "privilege"})
"""What can be read anew without columns and keys."""
_WIDE = frozenset({"database", "extension", "tablespace", "subscription"})
"""Whose owner shows elsewhere, too: of the cluster, or moved by REASSIGN OWNED with everything else."""


def part(statements: Sequence[Statement], live: State, *, split: bool) -> Part:
    """What to read anew; ``live`` is how things stood, and whatever else is in it, stands.

    What another walk than the split did to roles alone, and to the table that says which is whose, shows in no
    object; what it did to rules for rows, in no column or key. What comes meanwhile, the next look finds.
    """
    changed = {(each.side, each.fact) for statement in statements for each in alike(statement.changes)}
    if _shows_in_objects(changed, statements, live):
        return "objects"
    facts = {fact for _, fact in changed}
    if split:
        return "all"
    if facts <= {*OF_ROLES, "tenant"}:
        return "roles"
    if not facts <= _RULES or (("-", "privilege") in changed and any(live.columns.values())):
        return "all"
    return "rules" if facts.isdisjoint({"policy", "condition"}) else "conditions"


def _shows_in_objects(changed: set[tuple[Side, FactKey]], statements: Sequence[Statement], live: State) -> bool:
    """Whether what they did shows in objects alone: owners, and privileges on whole objects and on what is to come.

    A column with an ACL of its own loses what its table loses, and changes with its table's owner. Whoever asked for
    columns and keys reads those of tables that came meanwhile, too.
    """
    facts = {fact for _, fact in changed}
    if live.structure is not None or not facts <= {"owner", "privilege", "default_privilege"}:
        return False
    if changed <= {("+", "privilege"), ("+", "default_privilege"), ("-", "default_privilege")}:
        return True
    if any(live.columns.values()):
        return False
    return "owner" not in facts or _WIDE.isdisjoint(ref.kind for each in statements for ref in each.objects)
