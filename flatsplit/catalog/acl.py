"""Access control lists from aclexplode(), in the types of the model."""

from __future__ import annotations

import json
from collections.abc import Mapping

from flatsplit.model import OWNER, PUBLIC, Acl, AclItem, intern_acl

LETTERS: Mapping[str, str] = {
    "SELECT": "r",
    "INSERT": "a",
    "UPDATE": "w",
    "DELETE": "d",
    "TRUNCATE": "D",
    "REFERENCES": "x",
    "TRIGGER": "t",
    "MAINTAIN": "m",
    "EXECUTE": "X",
    "USAGE": "U",
    "CREATE": "C",
    "CONNECT": "c",
    "TEMPORARY": "T",
    "SET": "s",
    "ALTER SYSTEM": "A",
}
"""Privilege letters by the names that aclexplode() gives (acl.h)."""


class Names:
    """Role names by oid, and the ACLs written with them.

    An oid without a role (a damaged catalog) is printed as its digits, as aclitemout() does. A privilege granted to it
    has no effect and is left out.
    """

    def __init__(self, roles: Mapping[int, str]) -> None:
        self._roles = roles
        self._acls: dict[tuple[str, int], Acl] = {}

    def __getitem__(self, oid: int) -> str:
        return self._roles.get(oid) or str(oid)

    def acl(self, exploded: str | None, owner: int) -> Acl:
        """The canonical form of a JSON list of ``[grantee, grantor, privilege, grantable]``."""
        if exploded is None:
            return ()
        known = self._acls.get((exploded, owner))
        if known is None:
            known = self._acls[exploded, owner] = intern_acl(self._items(exploded, owner))
        return known

    def _items(self, exploded: str, owner: int) -> list[AclItem]:
        items = []
        for grantee, grantor, privilege, grantable in json.loads(exploded):
            if grantee not in self._roles and grantee not in (0, owner):
                continue
            letter = LETTERS[privilege]
            holder = PUBLIC if grantee == 0 else OWNER if grantee == owner else self[grantee]
            giver = OWNER if grantor == owner else self[grantor]
            items.append(AclItem(holder, giver, letter, letter if grantable else ""))
        return items
