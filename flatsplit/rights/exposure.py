"""The blast radius: what an attacker with a role's password could do. Pure.

Judged from the catalog alone; pg_hba.conf may keep some clients out. flatsplit's own schema is left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flatsplit import ddl, membership
from flatsplit.model import JOURNAL_SCHEMA, PUBLIC, RELATIONS, ROUTINES, TABLES, ObjectFacts, ObjectRef, State
from flatsplit.rights.power import Power

NAMED = 20
"""How many objects a line names; the rest is counted."""

_Answer: TypeAlias = Callable[[ObjectRef, ObjectFacts], bool]

SUPERUSERS = frozenset({"set_user", "set_user_u", "set_session_auth", "dblink_connect_u"})
"""Routines that make their caller a superuser, or log in as one without a password."""

FILES = frozenset(
    {
        *("pg_read_file", "pg_read_file_old", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "lo_import"),
        *("lo_export", "pg_file_write", "pg_file_rename", "pg_file_unlink", "pg_file_sync", "pg_logdir_ls"),
    }
)
"""Routines of the system and of adminpack that read, list or write files of the server."""

_READABLE = TABLES | {"view", "materialized_view"}
_WRITABLE = TABLES | {"view"}


@dataclass(frozen=True, slots=True)
class Ability:
    """Something that a role could do."""

    key: str
    act: str
    """In words that follow "could"."""
    count: int
    """The number of objects; 0 or 1 where it is yes or no."""
    total: int | None = None
    """The number of all such objects; None where that says nothing."""
    flag: bool = False
    """Whether it is yes or no."""
    names: tuple[str, ...] = ()
    """The names of the first ones."""

    @property
    def text(self) -> str:
        """The text for a cell of a table."""
        if self.flag:
            return "yes" if self.count else "no"
        if self.total and self.count == self.total:
            return f"all {self.count:,}"
        return f"{self.count:,}" + (f" of {self.total:,}" if self.total and self.count else "") if self.count else "–"


@dataclass(frozen=True, slots=True)
class Exposure:
    """Everything that a role could do."""

    role: str
    login: bool
    """Whether it could log in with a password, as far as the server's pg_hba.conf permits."""
    abilities: tuple[Ability, ...]

    def ability(self, key: str) -> Ability | None:
        """The line with this key; None where there is none."""
        return next((found for found in self.abilities if found.key == key), None)


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What each role could do, now and at the end."""

    database: str
    today: tuple[Exposure, ...]
    after: tuple[Exposure, ...]
    """With every step done."""
    complete: bool = False
    """Whether every step is done, so that ``today`` is the result."""
    tenants: tuple[str, ...] = ()
    """Roles of tenants, which reach rows of their own where row-level security is enabled."""
    pools: tuple[str, ...] = ()
    """Roles that may become any of these."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts that a State does not hold."""

    rows: Mapping[tuple[str, str], float | None]
    """Estimated rows by schema and name."""
    secured: frozenset[tuple[str, str]]
    """Tables with row-level security."""
    reading: frozenset[ObjectRef]
    """Policies that let a role read rows."""
    databases: tuple[tuple[str, str, frozenset[str]], ...]
    """Other databases that let roles in: name, owner, roles with CONNECT."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Objects of one kind and schema with the same facts, for which the answer is the same."""

    facts: ObjectFacts
    refs: list[ObjectRef]

    @property
    def first(self) -> ObjectRef:
        return self.refs[0]


def exposures(state: State, around: Surroundings, roles: Sequence[str]) -> tuple[Exposure, ...]:
    """What each of these roles could do, without roles that do not exist."""
    groups: dict[tuple[str, str, int], _Group] = {}
    for ref, facts in state.objects.items():
        if facts.note != "system" and JOURNAL_SCHEMA not in (ref.schema, ref.name if ref.kind == "schema" else ""):
            groups.setdefault((ref.kind, ref.schema, id(facts)), _Group(facts, [])).refs.append(ref)
    objects = tuple(groups.values())
    return tuple(_Judge(state, around, objects, Power(state, role)).exposure() for role in roles if role in state.roles)


class _Judge:
    """Judges one role."""

    def __init__(self, state: State, around: Surroundings, objects: Sequence[_Group], power: Power) -> None:
        self.state = state
        self.around = around
        self.objects = objects
        self.power = power
        self.database = state.objects.get(ObjectRef("database", "", state.target.database))

    def exposure(self) -> Exposure:
        """Every line, the most serious first."""
        facts = self.state.roles[self.power.role]
        login = facts.login and not facts.expired
        return Exposure(self.power.role, login, (_flag("login", "log in", login), *self._lines()))

    def _lines(self) -> Iterator[Ability]:
        power = self.power
        yield _flag("connect", "connect to this database", "c" in self._on_database())
        yield _flag("superuser", "do everything (superuser)", power.superuser or self._calls(SUPERUSERS))
        yield _flag("programs", "run programs on the server", power.member_of("pg_execute_server_program"))
        files = power.member_of("pg_read_server_files", "pg_write_server_files") or self._calls(FILES)
        yield _flag("files", "read or write files of the server", files)
        yield _flag("replication", "copy the whole cluster (REPLICATION)", power.attribute("replication"))
        yield _flag("createrole", "create and change roles", power.attribute("createrole"))
        yield _named("become", "become other roles", power.acts_as - {power.role})
        others = membership.logins_of(self.state, power.role)
        yield _named("members", "be acted as by other logins, its members", {*others} - {power.role})
        owner = self.database is not None and power.owns(self.database)
        yield _flag("drop_database", "drop this database", owner)
        yield _named("databases", "connect to other databases", self._other_databases())
        yield from self._structure()
        yield from self._content()
        yield from self._beyond()

    def _structure(self) -> Iterator[Ability]:
        schemas = self._of(frozenset({"schema"}))
        yield self._count("create", "create in schemas", schemas, self._some("C"))
        yield _flag("create_schema", "create schemas", "C" in self._on_database())
        own = [group for group in self.objects if not group.facts.extension]
        relations = [group for group in own if group.first.kind in RELATIONS]
        yield self._count("drop", "alter or drop tables, views and sequences", relations, self._drops)
        routines = [group for group in own if group.first.kind in ROUTINES]
        yield self._count("drop_routines", "replace or drop routines", routines, self._drops)
        tables = self._of(TABLES)
        yield self._count("truncate", "truncate tables", tables, self._some("D"))
        yield self._count("trigger", "attach triggers to tables", tables, self._some("t"))

    def _content(self) -> Iterator[Ability]:
        columns = self._by_column()
        writes = self._some("awd", columns)
        yield self._count("write", "change rows of tables and views", self._of(_WRITABLE), writes)
        readable = self._of(_READABLE)
        reads = self._some("r", columns)
        yield self._count("read", "read tables and views", readable, reads)
        yield from self._rows(reads)
        large = self._of(frozenset({"large_object"}))
        yield self._count("large_objects", "overwrite large objects", large, self._overwrites)

    def _rows(self, reads: _Answer) -> Iterator[Ability]:
        estimate, limited = 0.0, []
        for group in self._of(_READABLE):
            for ref in group.refs:
                if not reads(ref, group.facts):
                    continue
                if ref[1:3] in self.around.secured and not self._past_policies(group.facts):
                    limited.append(ref)
                else:
                    estimate += self.around.rows.get((ref.schema, ref.name)) or 0.0
        yield Ability("rows", "read rows, as estimated", round(estimate))
        shown = heapq.nsmallest(NAMED, limited)
        names = tuple(f"{ddl.label(ref)} ({self._policies(ref)})" for ref in shown)
        yield Ability("rls", "read only what policies show of tables", len(limited), names=names)

    def _beyond(self) -> Iterator[Ability]:
        power = self.power
        routines = self._of(frozenset({"function", "procedure"}))
        definers = [group for group in routines if group.facts.note == "definer"]
        yield self._count(
            "definers",
            "call routines that run as somebody else",
            definers,
            lambda ref, facts: facts.owner not in power.closure and self._has(ref, facts, "X"),
            lambda ref, facts: f"{ddl.label(ref)} as {facts.owner}",
        )
        yield _flag("temporary", "create temporary tables", "T" in self._on_database())
        servers = {
            ref.name
            for ref in self.state.mappings
            if (ref.args == PUBLIC or ref.args in power.acts_as)
            and (facts := self.state.objects.get(ObjectRef("server", "", ref.name))) is not None
            and "U" in power.letters(facts)
        }
        yield _named("servers", "query foreign servers with a stored login", servers)

    # -- answers about one object

    def _calls(self, names: frozenset[str]) -> bool:
        """Whether it may call one of these routines, which PUBLIC may not."""
        return any(
            ref.name in names and self._has(ref, group.facts, "X")
            for group in self.state.groups
            if group.facts.kept and group.kind in ROUTINES
            for ref in group.refs
        )

    def _has(self, ref: ObjectRef, facts: ObjectFacts, letters: str) -> bool:
        return not self.power.letters(facts).isdisjoint(letters) and self.power.uses_schema(ref.schema)

    def _overwrites(self, ref: ObjectRef, facts: ObjectFacts) -> bool:
        """Whoever opens a large object for writing opens it for reading, too (inv_open(), inv_api.c)."""
        return self._has(ref, facts, "w") and self._has(ref, facts, "r")

    def _drops(self, ref: ObjectRef, facts: ObjectFacts) -> bool:
        return self.power.drops(ref, facts) and self.power.uses_schema(ref.schema)

    def _some(self, letters: str, columns: Mapping[tuple[str, str], frozenset[str]] | None = None) -> _Answer:
        """Whether it has one of the privileges, on a single column at least."""

        def answer(ref: ObjectRef, facts: ObjectFacts) -> bool:
            if self._has(ref, facts, letters):
                return True
            mine = columns.get((ref.schema, ref.name)) if columns else None
            return mine is not None and not mine.isdisjoint(letters) and self.power.uses_schema(ref.schema)

        return answer

    def _by_column(self) -> dict[tuple[str, str], frozenset[str]]:
        """Privileges on single columns, by table."""
        found: dict[tuple[str, str], frozenset[str]] = {}
        for ref, acl in self.state.columns.items():
            mine = frozenset(
                letter
                for item in acl
                if item.grantee == PUBLIC or item.grantee in self.power.closure
                for letter in item.privileges
            )
            if mine:
                key = (ref.schema, ref.name)
                found[key] = found.get(key, frozenset()) | mine
        return found

    def _past_policies(self, facts: ObjectFacts) -> bool:
        """Whether row-level security does not limit it: an owner can disable it."""
        return self.power.owns(facts) or self.power.attribute("bypassrls")

    def _policies(self, table: ObjectRef) -> str:
        count = sum(
            1
            for ref, roles in self.state.policies.items()
            if ref[1:3] == table[1:3]
            and ref in self.around.reading
            and (PUBLIC in roles or not self.power.closure.isdisjoint(roles))
        )
        return f"{count} {'policy' if count == 1 else 'policies'}" if count else "no row"

    def _on_database(self) -> frozenset[str]:
        return self.power.letters(self.database) if self.database is not None else frozenset()

    def _other_databases(self) -> Iterator[str]:
        closure = self.power.closure
        for name, owner, grantees in self.around.databases:
            if PUBLIC in grantees or owner in closure or not closure.isdisjoint(grantees):
                yield name

    # -- counting

    def _of(self, kinds: frozenset[str]) -> list[_Group]:
        return [group for group in self.objects if group.first.kind in kinds]

    def _each(self, group: _Group) -> bool:
        """Whether the answer may differ between objects of the group: privileges on columns are those of one table."""
        return group.first.kind in RELATIONS and bool(self.state.columns)

    def _count(
        self,
        key: str,
        act: str,
        groups: Iterable[_Group],
        answer: _Answer,
        called: Callable[[ObjectRef, ObjectFacts], str] = lambda ref, _: ddl.label(ref),
    ) -> Ability:
        total, found = 0, list[tuple[ObjectRef, ObjectFacts]]()
        for group in groups:
            total += len(group.refs)
            if self._each(group):
                found.extend((ref, group.facts) for ref in group.refs if answer(ref, group.facts))
            elif answer(group.first, group.facts):
                found.extend((ref, group.facts) for ref in group.refs)
        shown = heapq.nsmallest(NAMED, found, key=lambda pair: pair[0])
        return Ability(key, act, len(found), total, names=tuple(called(*pair) for pair in shown))


def _flag(key: str, act: str, holds: bool) -> Ability:
    return Ability(key, act, int(holds), flag=True)


def _named(key: str, act: str, names: Iterable[str]) -> Ability:
    found = sorted(names)
    return Ability(key, act, len(found), names=tuple(found[:NAMED]))
