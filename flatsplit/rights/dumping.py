"""Who could dump the whole database if it were not for the tracking schema. Pure.

pg_dump locks every table of every schema (ACCESS SHARE, which wants SELECT, and USAGE on the schema to name it), so one
schema that a role may not read ends its dumps (getTables() in pg_dump.c). Whoever may read every row of the application
may therefore read the journal. Not PUBLIC, unless it may read everything too: the journal tells who is connected from
where, which pg_stat_activity shows to few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.model import JOURNAL_SCHEMA, OWNER, PUBLIC, ObjectFacts, ObjectRef, State

_LOCKED = frozenset({"table", "partitioned_table"})
"""Relations that pg_dump locks; what belongs to an extension it does not dump."""
_READ_ALL = "pg_read_all_data"


def newly_shut_out(state: State, config: Config, adopted: frozenset[str]) -> tuple[str, ...]:
    """Roles to be let into the tracking schema so that their dumps go on working; "" stands for PUBLIC.

    Of a group and its members the group alone. Not the roles that the plan itself looks after.
    """
    wide = _Wide(state)
    able = wide.able()
    if not able:
        return ()
    if PUBLIC in able:
        return () if wide.reads_journal(PUBLIC) else (PUBLIC,)
    planned = ({config.legacy_role, *config.roles.new} - adopted) | _tenants(state, config, able)
    # A grant of its own would keep a login that lives for an hour from being dropped: app_user's are app_user
    covers = (able - planned) | {config.legacy_role, *blueprint.programs(config)}
    wanted = (role for role in able - planned if covers.isdisjoint(wide.groups[role]))
    return tuple(sorted(role for role in wanted if not wide.reads_journal(role)))


def _tenants(state: State, config: Config, able: set[str]) -> set[str]:
    """Tenants may read every table, not every row: their dumps end at the policies, and the journal names them all."""
    if config.tenants is None:
        return set()
    group = config.tenants.group
    members = {key.member for key in state.members if key.role == group}
    return able & {group, *members, *state.tenants}


def dumping(state: State, guarded: Mapping[tuple[str, str], bool], logins: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Of those ``logins`` that may read every table: the tables whose policies end a dump by them, of those with row
    security (whether it is forced).

    pg_dump sets row_security to off: an error where policies apply, and they do to all but owners and BYPASSRLS.
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
    """What can be read by whom."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._above: Mapping[str, set[str]] = _inherited(state)
        self.groups = {role: self._groups(role) for role in state.roles}
        self._tables, self._journal = self._readers(journal=False), self._readers(journal=True)

    def able(self) -> set[str]:
        """Roles, superusers left out, that may read every table; PUBLIC alone where it may. None without a table."""
        if self._tables and all(PUBLIC in readers for readers in self._tables):
            return {PUBLIC}
        return set(filter(self.reads_all, self._state.roles))

    def reads_all(self, role: str) -> bool:
        """Whether a role that is there may read every table, and is neither a superuser nor the server's own."""
        own = self._state.roles[role].superuser or role.startswith("pg_")
        return not own and self._passes(role, self._tables)

    def reads_journal(self, role: str) -> bool:
        """Whether the role is let into the tracking schema already."""
        return self._passes(role, self._journal)

    def _passes(self, role: str, needed: list[frozenset[str]]) -> bool:
        mine = {role, PUBLIC} | self.groups.get(role, set())
        return bool(needed) and (_READ_ALL in mine or not any(mine.isdisjoint(readers) for readers in needed))

    def _readers(self, *, journal: bool) -> list[frozenset[str]]:
        """For each distinct list of rights that matters, who may read."""
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
    """Per role the roles whose rights it has without SET ROLE; the database's owner is in pg_database_owner."""
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
