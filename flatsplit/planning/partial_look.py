"""Which part of the catalog has to be read again after known statements have run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from flatsplit.model import OF_ROLES, FactKey, ObjectRef, Side, State, Statement, alike

Part: TypeAlias = Literal["all", "objects", "defaults", "roles", "rules", "conditions"]
"""``defaults``: default privileges and roles; ``rules``: objects, policies, and where these count; ``conditions``: what
policies say, too.
"""

_RULES: frozenset[FactKey] = frozenset({"policy", "condition", "row_security", "privilege"})
"""What can be read anew without columns and keys."""
_OF_OBJECTS: frozenset[FactKey] = frozenset({"owner", "privilege", "default_privilege"})
_BESIDE_OBJECTS: frozenset[FactKey] = OF_ROLES - {"role"}
"""What a look at objects reads of roles, as long as the same ones are there."""
_WIDE = frozenset({"extension", "tablespace", "subscription"})
"""Whose owner shows elsewhere, too: of the cluster, or moved by REASSIGN OWNED with everything else."""


def part(statements: Sequence[Statement], live: State, *, catches_up: bool) -> Part:
    """What to read again; the rest is taken from ``live``, the State before the statements.

    What changes roles alone, default privileges, or the table that maps roles to tenants, does not change any object;
    what changes policies does not change columns or keys. What other sessions change meanwhile is found by the next
    full look, unless the step ``catches_up`` with it before it ends.
    """
    changed = {(each.side, each.fact) for statement in statements for each in alike(statement.changes)}
    facts = {fact for _, fact in changed}
    if not catches_up and facts <= {*OF_ROLES, "tenant"}:
        return "roles"
    if not catches_up and facts <= {*OF_ROLES, "default_privilege"}:
        return "defaults"
    if _shows_in_objects(changed, statements, live):
        return "objects"
    if catches_up:
        return "all"
    if not facts <= _RULES or (("-", "privilege") in changed and any(live.columns.values())):
        return "all"
    return "rules" if facts.isdisjoint({"policy", "condition"}) else "conditions"


def _shows_in_objects(changed: set[tuple[Side, FactKey]], statements: Sequence[Statement], live: State) -> bool:
    """Whether the statements change objects alone: owners, privileges on whole objects, and default privileges.

    A column that has an ACL of its own loses what its table loses, and changes with the owner of its table. Where
    columns and keys are asked for, those of tables that were created meanwhile have to be read as well.
    """
    if live.target.operator_superuser:  # what others may read can change with their own memberships
        changed = {(side, fact) for side, fact in changed if fact not in _BESIDE_OBJECTS}
    facts = {fact for _, fact in changed}
    if live.structure is not None or not facts or not facts <= _OF_OBJECTS:
        return False
    if changed <= {("+", "privilege"), ("+", "default_privilege"), ("-", "default_privilege")}:
        return True
    if any(live.columns.values()):
        return False
    return "owner" not in facts or _WIDE.isdisjoint(ref.kind for each in statements for ref in each.objects)


def with_same_structure(now: State, before: State) -> State:
    """``now`` with the columns and keys of ``before``, where the same tables are there and are the same owners'.

    None of our statements changes a column; a table that came meanwhile has some that nobody has read.
    """
    if before.structure is None or _owners(now) != _owners(before):
        return now
    return now.but(structure=before.structure)


def _owners(state: State) -> dict[ObjectRef, str]:
    return {
        ref: facts.owner
        for ref, facts in state.objects.items()
        if ref.kind in ("table", "partitioned_table") and ref not in state.tenancies
    }
