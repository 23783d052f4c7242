"""Finds what would do something else under its new owner."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, cached_property
from typing import Any, NamedTuple

import psycopg

from flatsplit import ddl, resources
from flatsplit.config import parse_name
from flatsplit.config.owner_powers import means
from flatsplit.model import RELATIONS, ROUTINES, TABLES, ObjectFacts, ObjectRef, State, versions
from flatsplit.rehearsal import rows, utility
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.powers import known
from flatsplit.rehearsal.powers.found import Lost, Powers
from flatsplit.rehearsal.powers.judge import ROWS, OpenWorld, OwnerJudge, Unlocking, through_view
from flatsplit.rehearsal.relation_parts import Relation, Routine, Trigger
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.uses import RelationUse
from flatsplit.rehearsal.values import FAILING, Problem
from flatsplit.walks.split.context import Context

_UNREADABLE = frozenset({"c", "internal"})
_COMMANDS = {"1": "r", "2": "w", "3": "a", "4": "d"}

KNOWN = frozenset({"repack_trigger"})
"""Routines in C that are known to require a superuser as their owner."""


class _Rule(NamedTuple):
    """What one rule does."""

    letters: frozenset[str]
    routines: tuple[str, ...]
    """The server's own routines that it calls."""
    relations: tuple[str, ...]
    """The server's own relations that it uses."""


@cache
def _question(name: str) -> bytes:
    return resources.query(__package__, name)


def lost(conn: psycopg.Connection[Any], live: State, goal: State, context: Context) -> Powers:
    """What of legacy's would do something else where ``goal`` gives it to another owner.

    ``live`` is the present database, ``goal`` the one after the transfer of ownership. Reads catalogs only.
    """
    named = context.config.powers.dba
    matched = context.left_of(live.objects)
    unmatched = tuple(name for name in named if not any(_is(name, ref) for ref in matched))
    if context.legacy not in live.roles:
        return Powers(unmatched=unmatched)
    world = Unlocking(conn, goal)
    found, unread = set[Lost](), set[ObjectRef]()
    for old in sorted(context.retiring & live.roles.keys()):
        told = _Look(world, live, goal, _as_legacy(context, old)).powers()
        found.update(told.lost)
        unread.update(told.unread)
    return Powers(tuple(sorted(found)), tuple(sorted(unread)), unmatched)


def _as_legacy(context: Context, old: str) -> Context:
    """The context for another owner whose objects move as well, in legacy's place."""
    if old == context.legacy:
        return context
    return replace(context, config=replace(context.config, legacy_role=old))


def _is(name: str, ref: ObjectRef) -> bool:
    return means(parse_name(name), ref.schema, ref.name, ref.args if ref.kind in ROUTINES else None)


class _Look:
    """One look at one database, for one owner."""

    def __init__(self, world: Unlocking, live: State, goal: State, context: Context) -> None:
        self.conn, self.live, self.goal, self.context = world.conn, live, goal, context
        self.world = world
        self._judges: dict[str, OwnerJudge] = {}

    @cached_property
    def locked(self) -> frozenset[int]:
        """Foreign tables that need a password which no user mapping has."""
        parameters = {"legacy": ddl.ident(self.context.legacy)}
        return frozenset(row[0] for row in self.conn.execute(_question("no_password"), parameters))

    @cached_property
    def settings(self) -> dict[int, list[str]]:
        """Names of the settings that a SECURITY DEFINER routine sets, by oid."""
        found: defaultdict[int, list[str]] = defaultdict(list)
        for oid, name in self.conn.execute(_question("settings")):
            found[oid].append(name)
        return dict(found)

    @cached_property
    def before(self) -> OwnerJudge:
        """The judge for legacy as it is."""
        world = OpenWorld(self.conn, self.live)
        legacy = self.context.legacy
        return OwnerJudge(
            Actor(world, self.live, self.live, self._owned_by(legacy), legacy, login_stays=True),
            utility.problems,
            self.locked,
        )

    def after(self, owner: str) -> OwnerJudge:
        """The judge for a new owner."""
        found = self._judges.get(owner)
        if found is None:
            actor = Actor(self.world, self.goal, self.live, self._owned_by(owner), owner, login_stays=True)
            found = OwnerJudge(actor, utility.problems, self.locked)
            self._judges[owner] = found
        return found

    def _owned_by(self, owner: str) -> Context:
        """The context with this role in app_migrator's place, since whose work a statement is does not matter here."""
        config = self.context.config
        return replace(self.context, config=replace(config, roles=replace(config.roles, app_migrator=owner)))

    @property
    def special(self) -> bool:
        """Whether legacy is more than an ordinary owner."""
        facts = self.live.roles[self.context.legacy]
        powers = (facts.superuser, facts.bypassrls, facts.createrole, facts.replication)
        return any(powers) or any(role.startswith("pg_") for role in self.before.actor.legacy.closure)

    def powers(self) -> Powers:
        """Everything that was found."""
        found: list[Lost] = []
        unread: list[ObjectRef] = []
        for ref, facts, owner in self._moving():
            problems = list(self._problems(ref, facts, owner))
            failing = [each for each in problems if each.outcome in FAILING]
            if failing:
                parameters = tuple(sorted({each.object for each in failing if each.privilege == known.PARAMETER}))
                only = parameters if all(each.privilege == known.PARAMETER for each in failing) else ()
                rows_ = any(each.privilege == ROWS for each in failing)
                found.append(Lost(ref, owner, failing[0].reason, rows_, parameters=only))
            elif problems and self.special:
                unread.append(ref)
        found += self._schemas()
        found += self._cascades()
        return Powers(tuple(found), tuple(unread))

    def _moving(self) -> Iterator[tuple[ObjectRef, ObjectFacts, str]]:
        """What runs as its owner and gets another one."""
        rules = {one.ref for oid in self.rules if (one := self.world.by_oid.get(oid))}
        for group in self.live.groups:
            facts = group.facts
            if facts.owner != self.context.legacy:
                continue
            runs = facts.note == "definer" or group.kind in ("view", "materialized_view")
            for ref in group.refs if runs else rules.intersection(group.refs) if group.kind in RELATIONS else ():
                then = self.goal.objects.get(ref)
                if then is not None and then.owner != facts.owner:
                    yield ref, facts, then.owner

    def _problems(self, ref: ObjectRef, facts: ObjectFacts, owner: str) -> Iterator[Problem]:
        if self.after(owner).actor.rights.superuser:
            return
        if facts.note == "definer":
            yield from self._routine(ref, owner)
            return
        relation = self.world.relations.get((ref.schema, ref.name))
        if relation is None:
            return
        if ref.kind == "materialized_view":
            for rule in self.rules.get(relation.oid, ()):
                yield from self._refresh(relation, rule, owner)
        elif not relation.invoker or relation.oid in self.rules:
            yield from self._written(relation, owner)

    def _schemas(self) -> Iterator[Lost]:
        """Schemas that a new owner of tables may not use: checks of foreign keys run as the tables' owner."""
        owners = {
            (group.schema, owner)
            for group in self.live.groups
            if group.kind in TABLES and group.facts.owner == self.context.legacy
            if (owner := self.goal.objects[group.refs[0]].owner) != self.context.legacy
        }
        for schema, owner in sorted(owners):
            ref = ObjectRef("schema", "", schema)
            before, after = self.live.objects.get(ref), self.goal.objects.get(ref)
            if before is None or after is None or self.after(owner).actor.rights.has(after, "U"):
                continue
            if self.before.actor.rights.has(before, "U"):
                reason = f"{owner} has no USAGE on schema {schema}, where foreign keys of its tables are checked"
                yield Lost(ref, owner, reason, fix=f"GRANT USAGE ON SCHEMA {ddl.ident(schema)} TO {ddl.ident(owner)};")

    def _cascades(self) -> Iterator[Lost]:
        """Tables whose triggers a foreign key fires: these run as the table's owner (see rehearsal/cascades.py)."""
        triggers = self.world.triggers
        late = self.goal.target.major < versions.TRIGGERS_AS_QUEUED
        for key in (one for keys in self.world.foreign_keys.values() for one in keys if one.referencing in triggers):
            letters = {"d" if key.on_delete == "c" else "w"} if key.on_delete in "cnd" else set()
            letters |= {"w"} if key.on_update in "cnd" else set()
            table = self.world.by_oid.get(key.referencing) if letters else None
            before, after = (state.objects.get(table.ref) if table else None for state in (self.live, self.goal))
            if table is None or before is None or after is None or before.owner != self.context.legacy:
                continue
            if after.owner == before.owner or self.after(after.owner).actor.rights.superuser:
                continue
            for trigger in triggers[table.oid]:
                if any(map(trigger.fires, letters)) and not (trigger.after and late):
                    yield from self._fired(table, trigger, after.owner)

    def _fired(self, table: Relation, trigger: Trigger, owner: str) -> Iterator[Lost]:
        routine = self.world.routines.get(trigger.routine)
        if routine is None or routine.definer or routine.extension:
            return
        where = f"{shown(table.ref)}: trigger {trigger.name}, where a foreign key fires it"

        def inside(judge: OwnerJudge) -> list[Problem]:
            return list(map(judge.of_rows, judge.inside(routine, where, self.before.actor.path)))

        failing = [each for each in self._difference(inside, owner) if each.outcome in FAILING]
        if failing:
            yield Lost(table.ref, owner, failing[0].reason, any(each.privilege == ROWS for each in failing))

    def _routine(self, ref: ObjectRef, owner: str) -> Iterator[Problem]:
        routine = self._routines.get(ref)
        if routine is None:
            return
        after, before = self.after(owner), self.before
        if routine.language in _UNREADABLE:
            superuser = before.actor.rights.superuser
            outcome = "denied" if routine.name in KNOWN and superuser else "unknown"
            reason = f"{shown(ref)} is written in {routine.language}, and may insist on a superuser"
            yield Problem("denied" if outcome == "denied" else "unknown", reason, shown(ref))
            return
        for name in self.settings.get(routine.oid, ()):
            for each in known.setting(after.actor, name.lower()):
                if not known.setting(before.actor, name.lower()):
                    yield each._replace(reason=f"{shown(ref)} sets {name}, which {owner} may not")

        def inside(judge: OwnerJudge) -> list[Problem]:
            return judge.inside(routine, shown(ref), before.actor.path)

        yield from self._difference(inside, owner)

    def _refresh(self, relation: Relation, rule: _Rule, owner: str) -> Iterator[Problem]:
        """Problems of refreshing a materialized view, which runs as its owner, with the functions in it."""
        called = self.world.evaluated.get((relation.oid, "r"), ())
        tables = [table for table in self._below(relation.ref) if table.row_security]

        def inside(judge: OwnerJudge) -> list[Problem]:
            found = [each for oid in called for each in judge.called(oid, stored=True)]
            found += judge.builtin(rule.routines, rule.relations)
            for table in tables:
                use = RelationUse(table.ref.schema, table.ref.name, table.ref.name, {"r"})
                found += rows.problems(judge.actor, judge.world.by_oid[table.oid], use)
            return [judge.of_rows(each) for each in found]

        name = f"REFRESH of {shown(relation.ref)}"
        yield from (each._replace(reason=f"{name}: {each.reason}") for each in self._difference(inside, owner))
        yield from self._foreign(relation, owner)

    def _written(self, relation: Relation, owner: str) -> Iterator[Problem]:
        """Problems of a view, or of a table with rules: tables are read and written as its owner, functions called as
        the user.
        """
        judge = self.after(owner)
        below = self._below(relation.ref)
        letters = {"r"}.union(*(rule.letters for rule in self.rules.get(relation.oid, ())))
        if relation.ref.kind == "view" and len(below) == 1:  # which can be written through
            letters |= set("awd")
        for table in below:
            for each in through_view(judge.actor, table, letters):
                yield each._replace(reason=f"{shown(relation.ref)}: {each.reason}")
        yield from self._foreign(relation, owner)

    def _foreign(self, relation: Relation, owner: str) -> Iterator[Problem]:
        if self.before.actor.rights.superuser:
            for table in self._below(relation.ref):
                for each in self.after(owner).foreign(table):
                    yield each._replace(reason=f"{shown(relation.ref)}: {each.reason}")

    def _below(self, ref: ObjectRef) -> list[Relation]:
        """The relations that the rules of a relation use as its owner, also below views with security_invoker."""
        found: dict[ObjectRef, Relation] = {}
        todo = [ref]
        while todo:
            for used in self.live.uses.get(todo.pop(), ()):
                relation = self.world.relations.get((used.schema, used.name))
                if relation is not None and used not in found:
                    found[used] = relation
                    todo += [used] if relation.invoker else []
        return list(found.values())

    @cached_property
    def rules(self) -> dict[int, list[_Rule]]:
        """What rules do, of relations that legacy owns."""
        found: defaultdict[int, list[_Rule]] = defaultdict(list)
        parameters = {"legacy": ddl.ident(self.context.legacy)}
        for oid, commands, routines, relations in self.conn.execute(_question("rules"), parameters):
            letters = frozenset(_COMMANDS[one] for one in commands if one in _COMMANDS)
            found[oid].append(_Rule(letters, tuple(routines), tuple(relations)))
        return dict(found)

    def _difference(self, inside: Callable[[OwnerJudge], list[Problem]], owner: str) -> Iterator[Problem]:
        """Problems that the new owner has and legacy did not have, and what cannot be told."""
        found = inside(self.after(owner))
        if not found:
            return
        had = {_key(each, self.context.legacy) for each in inside(self.before)}
        yield from (each for each in found if each.outcome == "unknown" or _key(each, owner) not in had)

    @cached_property
    def _routines(self) -> dict[ObjectRef, Routine]:
        return {routine.ref: routine for routine in self.world.routines.values() if routine.definer}


def _key(problem: Problem, role: str) -> tuple[str, str, str]:
    """What two problems of two roles have to have in common to be the same."""
    if problem.object and problem.privilege:
        return problem.object, problem.privilege, ""
    return problem.object, problem.privilege, re.sub(rf"(?<!\w){re.escape(role)}(?!\w)", "\0", problem.reason)
