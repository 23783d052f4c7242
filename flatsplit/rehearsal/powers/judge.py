"""A judge of what runs as its owner: that of a rehearsal, with the checks that an ordinary owner meets and a superuser
does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from psycopg import errors

from flatsplit.config import parse_name
from flatsplit.model import PUBLIC, ObjectRef, State
from flatsplit.rehearsal import rows, statement_names
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.catalog_lookup import World
from flatsplit.rehearsal.catalogs import OWNER_COLUMNS
from flatsplit.rehearsal.grammar import Parsed
from flatsplit.rehearsal.judge import Judge, Kinds
from flatsplit.rehearsal.judge_protocol import Path
from flatsplit.rehearsal.powers import known
from flatsplit.rehearsal.relation_parts import Relation
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.uses import RelationUse, RoutineUse, Uses
from flatsplit.rehearsal.values import Problem
from flatsplit.rights.inherited import Inherited

LOCK_TIMEOUT = "50ms"
ROWS = "row security"
"""Stands for a privilege where rows are lost."""


class Unlocking(World):
    """The catalog for a look that waits for nobody. Printing a parsed body (BEGIN ATOMIC) locks its tables."""

    def body(self, oid: int) -> tuple[str, str | None]:
        """The source of a routine. One whose tables are locked cannot be read now."""
        routine = self.routines.get(oid)
        if oid in self._bodies or routine is None or routine.language != "sql":
            return super().body(oid)
        row = self.conn.execute("SELECT pg_catalog.current_setting('lock_timeout')").fetchone()
        limit = "SELECT pg_catalog.set_config('lock_timeout', %s, true)"
        try:
            with self.conn.transaction():
                self.conn.execute(limit, (LOCK_TIMEOUT,))
                found = super().body(oid)
                self.conn.execute(limit, (row[0] if row else "0",))
        except errors.LockNotAvailable:
            return "", "held by somebody"
        return found


class OpenWorld(Unlocking):
    """The same database as if no table had row security, since legacy is not compared with itself."""

    @cached_property
    def relations(self) -> dict[tuple[str, str], Relation]:
        """The relations by schema and name."""
        return {key: one._replace(row_security=False) for key, one in super().relations.items()}


class OwnerJudge(Judge):
    """Judges a body as its owner. SECURITY DEFINER routines that it calls are judged by themselves."""

    def __init__(self, actor: Actor, kinds: Kinds, locked: frozenset[int] = frozenset()) -> None:
        super().__init__(actor, kinds)
        self._locked = locked
        """Foreign tables whose server requires a password that no user mapping has, except for superusers."""

    def body(self, oid: int, given: tuple[str | None, ...] = ()) -> list[Problem]:
        """Problems of a routine's body; none where it runs as another role."""
        routine = self.world.routines.get(oid)
        return [] if routine is not None and routine.definer else super().body(oid, given)

    def statement(self, parsed: Parsed, path: Path | None = None) -> list[Problem]:
        """As in a rehearsal, and what a setting hides."""
        if parsed.kind == "variable_show_stmt":
            return known.shown(self.actor, parsed.node.name.lower())
        found = (each for each in super().statement(parsed, path) if each.object not in self.actor.created)
        return [each if self._there(each) else each._replace(outcome="unknown") for each in found]

    def _there(self, problem: Problem) -> bool:
        """Whether a problem is about the owner of something that exists: what a body creates, it owns."""
        if problem.privilege != "OWNERSHIP" or not problem.object or problem.object in OWNER_COLUMNS:
            return True
        try:
            name = parse_name(problem.object)
        except ValueError:
            return True
        key = ("", *name.parts)[-2:]
        return name.args is not None or key in self.world.relations or (not key[0] and key[1] in self.world.schemas_of)

    def remember_temporary(self, statements: Iterable[Parsed]) -> None:
        """Remember what a body creates, temporary or not: it belongs to the body's owner."""
        statements = list(statements)
        super().remember_temporary(statements)
        self.actor.created.update(filter(None, map(statement_names.created_name, statements)))

    def routine(self, call: RoutineUse, path: Path | None) -> list[Problem]:
        """As in a rehearsal, with the checks that the server's own functions make at run time."""
        found = super().routine(call, path)
        if call.name in known.DIALS:  # in C, but listed here
            found = [each for each in found if each.outcome != "unknown"]
        return [*found, *known.call(self.actor, call)]

    def _one(self, relation: Relation, use: RelationUse, uses: Uses) -> list[Problem]:
        found = [*super()._one(relation, use, uses), *self.foreign(relation)]
        if relation.ref.name == "pg_stat_statements":
            found += known.watched(self.actor, relation.ref.name)
        if loses(self.actor, relation):  # whether a row may be written depends on the row; before, it did not
            found += [each._replace(outcome="silent") for each in rows.problems(self.actor, relation, use)]
        return list(map(self.of_rows, found))

    @staticmethod
    def of_rows(problem: Problem) -> Problem:
        """A problem, marked where it is about row security."""
        rows_ = "CREATE POLICY" in problem.remedy or "BYPASSRLS" in problem.remedy
        return problem._replace(privilege=ROWS) if rows_ else problem

    def builtin(self, routines: Iterable[str], relations: Iterable[str]) -> list[Problem]:
        """Problems of the server's own routines and relations, by name alone."""
        found: list[Problem] = []
        for name in routines:
            if name in self.world.restricted:
                found += self._restricted(name)
            found += known.call(self.actor, RoutineUse("pg_catalog", name, 0, ()))
        for name in relations:
            found += known.watched(self.actor, name)
        return found

    def foreign(self, relation: Relation) -> list[Problem]:
        """Problems of a foreign table that only a superuser may read without a password."""
        if relation.oid not in self._locked or self.actor.rights.superuser:
            return []
        reason = f"{shown(relation.ref)} is read without a password, which is for superusers"
        return [Problem("denied", reason, shown(relation.ref), "OWNER")]


def applies(rights: Inherited, state: State, relation: Relation) -> bool:
    """Whether the policies of a table apply to this owner (check_enable_rls() in rls.c)."""
    facts = state.objects.get(relation.ref)
    if not relation.row_security or rights.bypasses or facts is None:
        return False
    return relation.forced or not rights.owns(facts)


def loses(actor: Actor, relation: Relation) -> bool:
    """Whether row security applies to the new owner and did not to legacy."""
    return applies(actor.rights, actor.goal, relation) and not applies(actor.legacy, actor.live, relation)


def _conditions(actor: Actor, relation: Relation, letter: str, *, before: bool) -> frozenset[tuple[bool, str]]:
    """The conditions of policies for one command that apply to the owner, each with whether it is permissive."""
    rights, state = (actor.legacy, actor.live) if before else (actor.rights, actor.goal)
    found = set()
    for policy in actor.world.policies.get(relation.oid, ()):
        ref = ObjectRef("policy", relation.ref.schema, relation.ref.name, policy.name)
        roles = state.policies.get(ref, frozenset())
        if policy.command in ("*", letter) and (PUBLIC in roles or not rights.closure.isdisjoint(roles)):
            text = (policy.check or policy.using) if letter == "a" else policy.using
            if text is not None:
                found.add((policy.permissive, text))
    return frozenset(found)


def _passes(actor: Actor, conditions: frozenset[tuple[bool, str]]) -> bool:
    """Whether every row passes: by one permissive policy, and by all restrictive ones."""
    values = [(permissive, actor.world.condition(text).value) for permissive, text in conditions]
    return any(value for permissive, value in values if permissive) and all(
        value for permissive, value in values if not permissive
    )


def through_view(actor: Actor, relation: Relation, letters: set[str]) -> list[Problem]:
    """Problems of a view over a table with row security. Policies see current_user, which a view does not change."""
    if not applies(actor.rights, actor.goal, relation):
        return []
    name = shown(relation.ref)
    for letter in sorted(letters):
        now = _conditions(actor, relation, letter, before=False)
        if applies(actor.legacy, actor.live, relation):
            if now != _conditions(actor, relation, letter, before=True):
                reason = f"other policies of {name} are for {actor.role} than for {actor.context.legacy}"
                return [Problem("silent", reason, name, ROWS)]
        elif not _passes(actor, now):
            reason = (
                f"the policies of {name} begin to apply: {actor.context.legacy} bypasses them, {actor.role} does not"
            )
            return [Problem("silent", reason, name, ROWS)]
    return []
