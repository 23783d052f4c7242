"""Tables that were created after the list of a special role was made, and are not on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flatsplit import ddl
from flatsplit.config.special import heading
from flatsplit.cutover.expected_rights import special_roles
from flatsplit.cutover.situation import Situation
from flatsplit.evidence import memory
from flatsplit.model import TABLES, Finding, WalkName
from flatsplit.rights.matrix import Rights
from flatsplit.walks import role as keys
from flatsplit.walks.role import grant_list
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

_READABLE = TABLES | {"view", "materialized_view"}


def younger(walk: Walk, situation: Situation) -> Iterator[Finding]:
    """A note for each role: nothing is wrong, but somebody may wonder why the role cannot use the table."""
    for one in special_roles(situation):
        special, name = one.context.special, one.context.role
        if special is None or special.new_tables != "none" or name not in situation.live.roles:
            continue
        then = walk.journal_of(WalkName(keys.NAME, name)).own_snapshot()
        if then is None:
            continue
        appeared = memory.difference(then.objects, situation.live).appeared
        given = grant_list.rights(situation.live, one.context)
        inside = {ref.name for ref in given.objects if ref.kind == "schema"}
        named = {ref[1:3] for ref in given.columns}
        rights = Rights(situation.live, name)  # such as tables that the role made itself or that everybody may read
        found = sorted(
            ref
            for ref in appeared
            if ref.kind in _READABLE and ref.schema in inside and ref not in given.objects and ref[1:3] not in named
            if "r" not in rights.letters(situation.live.objects[ref])
        )
        if found:
            yield Finding(
                "younger-than-list",
                "note",
                f"{count(len(found), 'table or view', 'tables and views')} younger than the list of {name}, "
                "which has no part in them",
                'new_tables is "none": what comes later is its own to use only where somebody says so.',
                f"List what it needs of them under {heading(name, 'grants')}, then flatsplit repair.",
                tuple(map(ddl.label, found)),
            )
