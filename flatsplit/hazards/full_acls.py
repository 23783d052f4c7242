"""Hazards in lists of rights that are full. Pure.

Source: heap_prepare_insert() in heapam.c and RelationGetBufferForTuple() in hio.c: a row of a table without TOAST is
compressed and has to fit into a page. Of the catalogs with a list of rights these are pg_class, pg_attribute and
pg_largeobject_metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from flatsplit import ddl
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.model import RELATIONS, Acl, ObjectRef, State
from flatsplit.walks import split
from flatsplit.walks.split.kind import SPLIT
from flatsplit.words import count

_ENTRY = 18
"""Bytes for each entry (AclItem, acl.h: 16 since PostgreSQL 16, 12 before) where it does not compress."""
_SLACK = 8
"""Bytes by which compression may differ; another owner was never seen to take more."""
_NAME_BYTES = 63


class _Full(NamedTuple):
    """A list without room for the entries that the walk adds."""

    ref: ObjectRef
    size: int
    room: int
    more: int
    """The number of entries that are added."""
    rights: str
    """Rights that most grantees have in common; "" where no two do."""
    who: str
    """A text for these grantees."""
    alike: int

    def __str__(self) -> str:
        return f"{ddl.label(self.ref)}: {self.size:,} of {self.room:,} bytes, {count(self.more, 'grantee')} to come"


@hazard(
    "rights-list-full",
    "blocker",
    split.GRANT_EXISTING,
    looks_at="size of the rows of pg_class, pg_attribute and pg_largeobject_metadata (pg_column_size), and what the "
    "steps add to their lists of rights",
    why="These catalogs have no TOAST, so a list of rights has to fit into a page, which about 2,400 grantees fill. "
    'The step would end with "row is too big".',
    fix="REVOKE there what its many grantees hold, and grant it to one role of which they are members.",
    manual="storage-toast.html",
    questions=("crowded",),
)
def rights_list_full(seen: Seen) -> Iterator[Found]:
    """Objects to which nothing more can be granted."""
    full = list(_full(seen))
    if full:
        names = [ddl.label(each.ref) for each in full]
        yield Found(
            f"no room in the list of rights of {few(names)}",
            tuple(map(str, full)),
            fix=_way_out(full, seen),
        )


def _full(seen: Seen) -> Iterator[_Full]:
    rows = seen.rows("crowded")
    if not rows:
        return
    refs = [_ref(seen.state, *row[:4]) for row in rows]
    added = _added(seen, {ref for ref in refs if ref is not None})
    for ref, (*_, size, room, rights, who, holders) in zip(refs, rows, strict=True):
        more = added.get(ref, 0) if ref is not None else 0
        if ref is not None and more and size + more * _ENTRY + _SLACK > room:
            yield _Full(ref, size, room, more, rights or "", who or "", holders or 0)


def _ref(state: State, what: str, schema: str, name: str, column: str) -> ObjectRef | None:
    """The object of a row; None for one of the system's own, or one that is new."""
    if what == "column":
        ref = ObjectRef("column", schema, name, column)
        return ref if ref in state.columns else None
    if what == "large_object":
        ref = ObjectRef("large_object", "", name)
        return ref if ref in state.objects else None
    found = (ObjectRef(kind, schema, name) for kind in RELATIONS)
    return next((ref for ref in found if ref in state.objects), None)


def _added(seen: Seen, refs: set[ObjectRef]) -> dict[ObjectRef, int]:
    """How many entries the lists will have more than now, at the time when there are the most."""
    now = seen.state
    found = dict.fromkeys(refs, 0)
    for step in SPLIT.steps:
        now = step.apply(now, seen.context)
        for ref in refs:
            found[ref] = max(found[ref], len(_list(now, ref)) - len(_list(seen.state, ref)))
    return found


def _list(state: State, ref: ObjectRef) -> Acl:
    if ref.kind == "column":
        return state.columns.get(ref, ())
    facts = state.objects.get(ref)
    return facts.acl if facts is not None else ()


def _way_out(full: list[_Full], seen: Seen) -> str:
    """For each list a role that its grantees become members of: one entry in place of theirs."""
    blocks = []
    names = set(seen.state.roles)
    apart = (seen.legacy, *seen.context.config.roles.new)
    for _, group in groupby(sorted(full, key=lambda each: (each.who, each.ref)), key=lambda each: each.who):
        several = list(group)
        if several[0].alike < 2:
            continue
        name = _free_name(several[0].ref.name, names)
        names.add(name)
        blocks.append(ddl.one_for_many(name, [(each.ref, each.rights) for each in several], apart))
    if not blocks:
        return "REVOKE there what grantees no longer need: psql's \\dp shows who holds what."
    said = "Grant what these hold one by one to a role of which they are members. As a superuser:"
    return "\n".join([said, *blocks])


def _free_name(table: str, taken: set[str]) -> str:
    """A name for that role, within PostgreSQL's limit of bytes."""
    for place in range(1, len(taken) + 2):
        prefix = "users_of_" if place == 1 else f"users{place}_of_"
        name = (prefix + table).encode()[:_NAME_BYTES].decode(errors="ignore")
        if name not in taken:
            return name
    raise AssertionError("more names than roles")
