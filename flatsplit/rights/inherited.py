"""What a role may do without SET ROLE: by its own rights, PUBLIC's, ownership, and memberships that it inherits."""

from __future__ import annotations

from flatsplit import membership
from flatsplit.model import ObjectFacts, ObjectRef, State
from flatsplit.rights.matrix import Rights


class Inherited(Rights):
    """Like :class:`Rights`, but without rights that need SET ROLE, and with privileges on columns."""

    def __init__(self, state: State, role: str) -> None:
        super().__init__(state, role)
        self.state = state
        self.closure = frozenset({role}) | membership.inherited(state, role)
        self.addressed = self.closure
        """Roles whose policies are for it (manual, CREATE POLICY): these need no privilege to apply."""
        self.bypasses = self.superuser or (role in state.roles and state.roles[role].bypassrls)

    def has(self, facts: ObjectFacts, letters: str) -> bool:
        """Whether it has one of these privileges on an object."""
        return not self.letters(facts).isdisjoint(letters)

    def columns(self, ref: ObjectRef, letter: str, columns: frozenset[str]) -> frozenset[str]:
        """Those of the columns on which it has the privilege by a grant on the column."""
        found = set()
        for column in columns:
            acl = self.state.columns.get(ObjectRef("column", ref.schema, ref.name, column), ())
            if any(letter in item.privileges and (not item.grantee or item.grantee in self.closure) for item in acl):
                found.add(column)
        return frozenset(found)

    def some_column(self, ref: ObjectRef, letter: str) -> bool:
        """Whether there is a column on which it has the privilege."""
        return any(
            column[1:3] == (ref.schema, ref.name)
            and any(letter in item.privileges and (not item.grantee or item.grantee in self.closure) for item in acl)
            for column, acl in self.state.columns.items()
        )
