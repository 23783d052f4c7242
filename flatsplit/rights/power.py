"""The rights that an attacker with a role's password would have. Pure."""

from __future__ import annotations

from flatsplit import privileges
from flatsplit.model import ObjectFacts, ObjectRef, RoleFacts, State, versions
from flatsplit.rights.matrix import Rights

NOBODY = RoleFacts()
_ALL = frozenset(privileges.NAMES)


class Power(Rights):
    """The rights of a role, with those that it could give itself.

    Membership WITH ADMIN OPTION counts as the role's rights, since its holder can grant it to itself. Before 16
    CREATEROLE counts as the rights of all roles but superusers (manual of 15, "Role Attributes"), including
    pg_execute_server_program.
    """

    def __init__(self, state: State, role: str) -> None:
        super().__init__(state, role)
        self._schemas: dict[str, bool] = {}
        facts = state.roles.get(role, NOBODY)
        self.acts_as, self.closure = _reach(state, role)
        """The roles that it can become, and those whose privileges it has."""
        self.superuser = facts.superuser or any(state.roles[name].superuser for name in self.acts_as)
        if self.superuser:
            self.acts_as = frozenset(state.roles) - {"pg_database_owner"}
            self.closure = frozenset(state.roles)

    def letters(self, facts: ObjectFacts) -> frozenset[str]:
        """Privileges on an object. An owner has all of them: what was revoked from it, it grants to itself again."""
        return _ALL if self.owns(facts) else super().letters(facts)

    def attribute(self, name: str) -> bool:
        """Whether it, or a role that it can become, has an attribute."""
        return self.superuser or any(getattr(self._state.roles.get(role, NOBODY), name) for role in self.acts_as)

    def member_of(self, *roles: str) -> bool:
        """Whether it has the privileges of one of these roles."""
        return self.superuser or not self.closure.isdisjoint(roles)

    def uses_schema(self, name: str) -> bool:
        """Whether it can use names in the schema; without that, privileges on objects in it are useless."""
        found = self._schemas.get(name)
        if found is None:
            facts = self._state.objects.get(ObjectRef("schema", "", name))
            found = self._schemas[name] = not name or facts is None or "U" in self.letters(facts)
        return found

    def drops(self, ref: ObjectRef, facts: ObjectFacts) -> bool:
        """Whether it may drop the object: its own, or in a schema of its own (manual, DROP TABLE)."""
        if self.owns(facts):
            return True
        schema = self._state.objects.get(ObjectRef("schema", "", ref.schema)) if ref.schema else None
        return schema is not None and self.owns(schema)


def _reach(state: State, role: str) -> tuple[frozenset[str], frozenset[str]]:
    acts_as, closure = {role}, {role}
    database = state.objects.get(ObjectRef("database", "", state.target.database))
    owner = database.owner if database is not None else ""
    everybody = {name for name, facts in state.roles.items() if not facts.superuser}
    while True:
        before = len(acts_as) + len(closure)
        for key, options in state.members.items():
            before_16 = options.inherit is None
            if key.member in closure and options.admin:
                acts_as.add(key.role)
            if key.member in acts_as and (before_16 or options.set):
                acts_as.add(key.role)
            if key.member in closure and (before_16 or options.inherit):
                closure.add(key.role)
        if state.target.major < versions.CREATEROLE_WITH_ADMIN and any(
            state.roles.get(name, NOBODY).createrole for name in acts_as
        ):
            acts_as |= everybody
        closure |= acts_as
        if owner in closure and "pg_database_owner" in state.roles:
            closure.add("pg_database_owner")  # an implicit membership (manual, "Predefined Roles")
        if len(acts_as) + len(closure) == before:
            return frozenset(acts_as), frozenset(closure)
