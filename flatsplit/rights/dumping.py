"""Roles that could dump the whole database if they could read the tracking schema. Pure.

pg_dump locks every table of every schema (ACCESS SHARE, which needs SELECT on it and USAGE on the schema), so one
schema that a role may not read makes its dumps fail (getTables() in pg_dump.c). A role that may read every row of the
application may therefore read the journal. PUBLIC may not, unless it may read everything too: the journal tells who
connects from where, which pg_stat_activity shows to few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.model import JOURNAL_SCHEMA, OWNER, PUBLIC, ObjectFacts, ObjectRef, State

_LOCKED = frozenset({"table", "partitioned_table"})
"""Relations that pg_dump locks; it does not dump those of extensions."""
_READ_ALL = "pg_read_all_data"


def newly_shut_out(state: State, config: Config, adopted: frozenset[str]) -> tuple[str, ...]:
    """Roles that need the right to read the tracking schema so that their dumps still work; "" for PUBLIC.

    Of a group and its members only the group. Without the roles for which the plan does it.
    """
    wide = _Wide(state)
    able = wide.able()
    if not able:
        return ()
    if PUBLIC in able:
        return () if wide.reads_journal(PUBLIC) else (PUBLIC,)
    planned = ({config.legacy_role, *config.roles.new} - adopted) | _tenants(state, config, able)
    # A grant of its own would keep a short-lived login from being dropped; app_user's logins act as app_user
    covers = (able - planned) | {config.legacy_role, *blueprint.programs(config)}
    wanted = (role for role in able - planned if covers.isdisjoint(wide.groups[role]))
    return tuple(sorted(role for role in wanted if not wide.reads_journal(role)))


def _tenants(state: State, config: Config, able: set[str]) -> set[str]:
    """Tenants may read every table but not every row: their dumps fail at the policies, and the journal names all of
    them.
    """
    if config.tenants is None:
        return set()
    group = config.tenants.group
    members = {key.member for key in state.members if key.role == group}
    return able & {group, *members, *state.tenants}


def dumping(state: State, guarded: Mapping[tuple[str, str], bool], logins: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For those ``logins`` that may read every table: the tables whose policies make their dumps fail, of those with
    row security (with whether it is forced).

    pg_dump turns row_security off, which is an error where policies apply: to all roles but owners and those with
    BYPASSRLS.
    """
    wide = _Wide(state)
    owners = {
        (ref.schema, ref.name): group.facts.owner
        for group in state.groups
        if group.kind in _LOCKED
        for ref in group.refs
    }
    guards = [(".".join(table), forced, owners[table]) for table, forced in sorted(guarded.items()) if table in owners]
    found: dict[str, tuple[str, ...]] = {}
    for login in logins:
        if (facts := state.roles.get(login)) is not None and wide.reads_all(login):
            mine = {login, *wide.groups[login]}
            ends = [] if facts.bypassrls else [name for name, forced, owner in guards if forced or owner not in mine]
            found[login] = tuple(ends)
    return found


class _Wide:
    """Which roles can read what."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._above: Mapping[str, set[str]] = _inherited(state)
        self.groups = {role: self._groups(role) for role in state.roles}
        self._tables, self._journal = self._readers(journal=False), self._readers(journal=True)

    def able(self) -> set[str]:
        """Roles, without superusers, that may read every table; PUBLIC alone where it may. Empty without any table."""
        if self._tables and all(PUBLIC in readers for readers in self._tables):
            return {PUBLIC}
        return set(filter(self.reads_all, self._state.roles))

    def reads_all(self, role: str) -> bool:
        """Whether a role that exists may read every table, and is neither a superuser nor the server's own."""
        own = self._state.roles[role].superuser or role.startswith("pg_")
        return not own and self._passes(role, self._tables)

    def reads_journal(self, role: str) -> bool:
        """Whether the role may already read the tracking schema."""
        return self._passes(role, self._journal)

    def _passes(self, role: str, needed: list[frozenset[str]]) -> bool:
        mine = {role, PUBLIC} | self.groups.get(role, set())
        return bool(needed) and (_READ_ALL in mine or not any(mine.isdisjoint(readers) for readers in needed))

    def _readers(self, *, journal: bool) -> list[frozenset[str]]:
        """For each distinct list of rights that matters, the roles that may read."""
        tables: dict[int, ObjectFacts] = {}
        schemas: set[str] = set()
        for group in self._state.groups:
            mine = (group.schema == JOURNAL_SCHEMA) is journal
            wanted = group.kind in _LOCKED or (journal and group.kind == "sequence")
            if mine and wanted and not group.facts.extension and group.facts.note != "system":
                tables[id(group.facts)] = group.facts
                schemas.add(group.schema)
        found = [_holders(facts, "r") for facts in tables.values()]
        for schema in schemas:
            facts = self._state.objects.get(ObjectRef("schema", "", schema))
            if facts is not None:
                found.append(_holders(facts, "U"))
        return found

    def _groups(self, role: str) -> set[str]:
        found: set[str] = set()
        todo = [role]
        while todo:
            more = self._above[todo.pop()] - found
            found |= more
            todo += more
        return found


def _holders(facts: ObjectFacts, letter: str) -> frozenset[str]:
    return frozenset(
        facts.owner if item.grantee == OWNER else item.grantee for item in facts.acl if letter in item.privileges
    )


def _inherited(state: State) -> Mapping[str, set[str]]:
    """For each role, the roles whose rights it has without SET ROLE; the database's owner is in pg_database_owner."""
    above: defaultdict[str, set[str]] = defaultdict(set)
    for key, options in state.members.items():
        member = state.roles.get(key.member)
        inherits = options.inherit if options.inherit is not None else member is not None and member.inherit
        if inherits:
            above[key.member].add(key.role)
    database = state.objects.get(ObjectRef("database", "", state.target.database))
    if database is not None:
        above[database.owner].add("pg_database_owner")
    return above
