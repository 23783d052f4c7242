"""Privileges on single columns that a REVOKE on their table removes as well, and the statements that keep them.

"When revoking privileges on a table, the corresponding column privileges (if any) are automatically revoked on each
column of the table, as well" (manual, REVOKE). Where a role has granted such a privilege on to another one, the server
refuses the REVOKE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from flatsplit import ddl, privileges
from flatsplit.model import OWNER, Acl, AclItem, ObjectRef, State

Columns: TypeAlias = Mapping[tuple[str, str], Sequence[tuple[ObjectRef, Acl]]]
"""Privileges on columns, by schema and name of their tables."""


class Along(NamedTuple):
    """The privileges of one role on one column, from one grantor, that a REVOKE on the table would remove."""

    column: ObjectRef
    grantee: str
    grantor: str
    letters: str
    option: str
    """Those of the letters, or of those that stay, that it may pass on."""


def of_tables(state: State, want: State) -> Columns:
    """The column privileges of a State, with the owner of each table as it is to be."""
    found: dict[tuple[str, str], list[tuple[ObjectRef, Acl]]] = {}
    for ref, acl in sorted(state.columns.items()):
        if acl:
            settled = privileges.settle(acl, want.relation_owner(ref))
            found.setdefault((ref.schema, ref.name), []).append((ref, settled))
    return found


def taken_along(
    columns: Columns, refs: Sequence[ObjectRef], letters: str, grantee: str, grantor: str, *, option: bool
) -> list[Along]:
    """The column privileges that are lost when these letters (with ``option``: their grant options) are revoked from
    ``grantee`` on the tables ``refs``. A grantor comes before those it granted to.
    """
    if not columns:
        return []
    return [
        along
        for ref in refs
        for column, acl in columns.get((ref.schema, ref.name), ())
        for along in _chain(column, acl, AclItem(grantee, grantor, letters, letters if option else ""))
    ]


def _chain(column: ObjectRef, acl: Acl, gone: AclItem) -> Iterator[Along]:
    """What is lost on one column: the privilege that is revoked, and what its holder granted on to others."""
    todo, seen = [gone], set[tuple[str, str]]()
    while todo:
        one = todo.pop(0)
        item = next((each for each in acl if (each.grantee, each.grantor) == (one.grantee, one.grantor)), None)
        if item is None or (one.grantee, one.grantor) in seen:
            continue
        seen.add((one.grantee, one.grantor))
        lost = privileges.within(item.privileges, one.privileges)
        option = privileges.within(item.grantable, lost)
        if lost and (option or not one.grantable):
            yield Along(column, one.grantee, one.grantor, lost, option)
        if option:
            todo += [AclItem(each.grantee, each.grantor, option) for each in acl if each.grantor == one.grantee]


def around(along: Sequence[Along], owner: str) -> tuple[str, str]:
    """The SQL before the REVOKE, without which the server would refuse it, and the SQL after it, which grants
    everything in ``along`` again.
    """
    before = [
        ddl.revoke_column(each.column, each.letters, each.grantee, grantor=each.grantor)
        for each in reversed(along)
        if each.grantor != OWNER
    ]
    after = []
    for each in along:
        grantee = owner if each.grantee == OWNER else each.grantee
        grantor = "" if each.grantor == OWNER else each.grantor
        for letters, option in ((privileges.minus(each.letters, each.option), False), (each.option, True)):
            if letters:
                after.append(ddl.grant_column(each.column, letters, grantee, option=option, grantor=grantor))
    return "".join(f"{each} " for each in before), "".join(f" {each}" for each in after)
