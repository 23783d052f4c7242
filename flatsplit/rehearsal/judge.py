"""Judges statements: from what a statement touches to the problems that the role would have with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flatsplit import ddl, privileges
from flatsplit.config import format_name
from flatsplit.rehearsal import (
    bodies,
    catalogs,
    definers,
    legacy_names,
    libraries,
    lookup_functions,
    rows,
    system_functions,
    views,
    writes,
)
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.conditions import PolicyCondition
from flatsplit.rehearsal.grammar import PLANNED, Node, Parsed, name_of
from flatsplit.rehearsal.judge_protocol import Given, Path
from flatsplit.rehearsal.plpgsql_variables import of_call
from flatsplit.rehearsal.relation_parts import Relation, Routine, Trigger
from flatsplit.rehearsal.remedies import delegated, shown
from flatsplit.rehearsal.statement_names import temporary_name
from flatsplit.rehearsal.uses import SYSTEM_COLUMNS, RelationUse, RoutineUse, Uses, range_use, uses_of
from flatsplit.rehearsal.values import Problem, distinct, within

Kinds = Callable[["Judge", Parsed, Path | None], list[Problem]]
"""The rules for statements that have no plan, by their kind. They are handed in, since they judge inner statements."""


class Judge:
    """Finds problems for one role. What it found for a routine or view is kept."""

    def __init__(self, actor: Actor, kinds: Kinds, *, every: bool = False) -> None:
        """``every``: a call that means one of several routines has the problems of all of them."""
        self.actor = actor
        self.every = every
        self.kinds = kinds
        self.world = actor.world
        self._routines: dict[tuple[int, Given], list[Problem]] = {}
        self.views: dict[tuple[int, frozenset[str]], list[Problem]] = {}
        self._conditions: dict[str, list[Problem]] = {}
        self.writes: dict[tuple[int, str], list[Problem]] = {}
        self.owners: dict[str, Judge] = {actor.role: self}
        """Judges for the owners of SECURITY DEFINER routines."""

    def beside(self, key: str, actor: Callable[[], Actor]) -> Judge:
        """The judge for another role, made when first asked for. All judges of a rehearsal share the others."""
        found = self.owners.get(key)
        if found is None:
            found = self.owners[key] = type(self)(actor(), self.kinds)
            found.owners = self.owners
        return found

    def statement(self, parsed: Parsed, path: Path | None = None) -> list[Problem]:
        """All problems of one statement that can be told from its parse tree and the catalog."""
        if parsed.kind in PLANNED:
            return self.planned(parsed.node, path)
        return self.kinds(self, parsed, path)

    def planned(self, node: Node, path: Path | None = None) -> list[Problem]:
        """Problems of a statement that has a plan."""
        uses = uses_of(node)
        found: list[Problem] = []
        if name_of(node) == "SelectStmt" and node.HasField("into_clause"):
            found += self.kinds(self, Parsed("select_stmt", node, "SELECT INTO"), path)
        found += catalogs.compared(self.actor, uses)
        found += legacy_names.problems(self.actor, node)
        return distinct(found + self._touched(uses, path))

    def _touched(self, uses: Uses, path: Path | None) -> list[Problem]:
        found: list[Problem] = []
        for use in uses.relations:
            found += self.relation(use, uses, path)
        for call in uses.routines:
            found += self.routine(call, path)
        for name in sorted(uses.implied & self.world.implied.keys()):
            found += self._either([self.called(oid, stored=True) for _, oid in self.world.implied[name]], name)
        return found

    def _either(self, each: list[list[Problem]], name: str) -> list[Problem]:
        """Problems of a call that means one of several routines."""
        if self.every:
            return distinct(problem for one in each for problem in one)
        if len(each) > 1 and any(each) and not all(each):
            reason = f"there are {len(each)} routines {name} and not all of them are allowed"
            return [Problem("unknown", reason, name, planned=all(p.planned for one in each for p in one))]
        return each[0]

    # -- relations

    def relation(self, use: RelationUse, uses: Uses, path: Path | None) -> list[Problem]:
        """Problems of one relation that a statement names."""
        actor = self.actor
        meant = actor.resolve(use.schema, use.name, path)
        if meant.readers is not None:
            unreadable = [] if catalogs.open_columns(actor, use, uses) else catalogs.readable(actor, use, meant.readers)
            return unreadable or list(catalogs.problems(actor, use, uses))
        if meant.free:
            return []
        dotted = f"{use.schema}.{use.name}" if use.schema else use.name
        if not meant.relations:
            gone = Problem("unknown", f"there is no relation {dotted} (any more)", dotted, planned=True)
            return (actor.schema(use.schema) if use.schema else []) or [gone]
        if meant.hidden:
            schema = meant.relations[0].ref.schema
            reason = f"schema {schema} is in the search_path of {actor.context.legacy} and not of {actor.role}"
            remedy = (
                f"ALTER ROLE {format_name(actor.role)} IN DATABASE {format_name(actor.goal.target.database)} "
                f"SET search_path = {', '.join(map(ddl.ident, actor.legacy_path))} -- as for {actor.context.legacy}"
            )
            return [Problem("denied", reason, shown(meant.relations[0].ref), "", remedy, True)]
        each = [self._one(relation, use, uses) for relation in meant.relations]
        if len(each) > 1 and not all(each) and any(each):
            reason = f"{dotted} is in several schemas, and not everything there is allowed"
            return [Problem("unknown", reason, dotted, planned=True)]
        return each[0]

    def _one(self, relation: Relation, use: RelationUse, uses: Uses) -> list[Problem]:
        found = self.held(relation, use, uses)
        if relation.ref.kind == "view":
            facts = self.world.facts(relation.ref)
            if facts is not None and facts.extension:
                found += catalogs.sessions(self.actor, use, uses)
            found += views.behind(self, relation, use)
        for routine in self.world.evaluated.get((relation.oid, "r"), ()):
            found += self.called(routine, stored=True)
        if use.target:
            found += writes.problems(self, relation, use)
        return found

    def held(self, relation: Relation, use: RelationUse, uses: Uses) -> list[Problem]:
        """Problems of the role's own privileges on a relation and of its row-level security."""
        found = self.actor.schema(relation.ref.schema)
        for letter in sorted(use.letters):
            found += self._letter(relation, use, uses, letter)
        found += rows.problems(self.actor, relation, use)
        for condition in rows.conditions(self.actor, relation, use):
            found += self._condition(relation, condition)
        return found

    def _condition(self, relation: Relation, condition: PolicyCondition) -> list[Problem]:
        """Problems of what a policy's condition reads and calls, as the role that it is applied to."""
        found = self._conditions.get(condition.text)
        if found is None:
            self._conditions[condition.text] = []
            said = self._touched(uses_of(condition.node), ()) if condition.node is not None else []
            # A missing right here means that no row passes: rows.py says what follows from that
            said = [each for each in said if each.outcome != "silent"]
            found = self._conditions[condition.text] = within(f"a policy of {shown(relation.ref)}", said, planned=True)
        return found

    def _letter(self, relation: Relation, use: RelationUse, uses: Uses, letter: str) -> list[Problem]:
        """Problems of one privilege on a relation, or on each of the columns that are used (manual, GRANT)."""
        actor, ref = self.actor, relation.ref
        facts = self.world.facts(ref)
        if facts is None or actor.rights.has(facts, letter):
            return []
        needed = missing = frozenset[str]()
        whole = letter not in "raw"
        if not whole:
            needed = self._columns(relation, use, uses, letter)
            row = letter == "r" and uses.names_system_column(use)
            if letter == "r" and use.target and not needed and not row:
                return []  # only its columns that are named need SELECT (markVarForSelectPriv(), parse_relation.c)
            missing = needed - actor.rights.columns(ref, letter, needed)
            if not missing and not row and (needed or actor.rights.some_column(ref, letter)):
                return []
            whole = row or ref.kind == "sequence" or len(needed) == len(self.world.columns(relation))
        word = privileges.NAMES[letter]
        some = missing and actor.rights.some_column(ref, letter)
        on = f"column {sorted(missing)[0]} of {shown(ref)}" if some else shown(ref)
        reason = f"{actor.role} has no {word} on {on}"
        columns = sorted(missing or needed)
        return [actor.lacks(ref, letter, reason, planned=True, columns=columns, alone=not whole)]

    def _columns(self, relation: Relation, use: RelationUse, uses: Uses, letter: str) -> frozenset[str]:
        columns = self.world.columns(relation)
        every, meant = frozenset(columns), dict(zip(use.renamed, columns, strict=False))
        if letter == "a":
            return use.inserted if use.inserted is not None else every
        if letter == "w":
            return use.updated
        named = set()
        for alias, column in uses.columns:
            if use.called(alias):
                column = meant.get(column, column)
                # A routine that is called like a column is given the row
                called = alias == use.alias and column not in every and column not in SYSTEM_COLUMNS
                if called or column in ("*", use.alias):
                    return every
                named.add(column)
        return frozenset(named) & every

    def trigger(self, trigger: Trigger) -> list[Problem]:
        """Problems of a trigger's routine. Firing a trigger needs no EXECUTE on it (manual, CREATE TRIGGER)."""
        table = self.world.by_oid.get(trigger.table)
        where = f"trigger {trigger.name}" + (f" of {shown(table.ref)}" if table else "")
        return within(where, self.body(trigger.routine))

    # -- routines

    def routine(self, call: RoutineUse, path: Path | None) -> list[Problem]:
        """Problems of one call, whichever overload it means."""
        actor = self.actor
        candidates = [
            routine
            for routine in self.world.routines_of.get(call.name, ())
            if routine.takes(call.arguments) and self._in_sight(routine, call.schema, path)
        ]
        if not candidates:
            found = system_functions.problems(actor, call) + lookup_functions.problems(self, call, path)
            if call.schema in ("", "pg_catalog") and call.name in self.world.restricted:
                found += self._restricted(call.name)
            return found
        return self._either([self.called(routine.oid, call.constants) for routine in candidates], call.name)

    def _in_sight(self, routine: Routine, schema: str, path: Path | None) -> bool:
        if schema:
            return routine.schema == schema
        sight = self.actor.path if path is None else path
        return routine.schema in sight or not any(
            other.schema in sight for other in self.world.routines_of[routine.name]
        )

    def _restricted(self, name: str) -> list[Problem]:
        actor = self.actor
        if actor.rights.superuser or not actor.rights.closure.isdisjoint(self.world.restricted[name]):
            return []
        if ("pg_catalog", name) in actor.system:
            return []
        reason = f"{actor.role} may not call {name}(), one of the server's own that is not for everybody"
        remedy = "for the application's owner: do without it, or have a routine that runs as its owner call it"
        return [Problem("denied", reason, f"pg_catalog.{name}", "EXECUTE", remedy, True)]

    def called(self, oid: int, given: Given = (), *, stored: bool = False) -> list[Problem]:
        """Problems of a routine that the role calls: EXECUTE, and what its body does as the role.

        A ``stored`` expression does not look up the schema again, so it needs no USAGE on it.
        """
        routine = self.world.routines.get(oid)
        if routine is None:
            return []
        found = [] if stored else self.actor.schema(routine.schema)
        if not self.actor.holds(routine.ref, "X"):
            reason = f"{self.actor.role} has no EXECUTE on {shown(routine.ref)}"
            found.append(self.actor.lacks(routine.ref, "X", reason, planned=True))
        return found + self.body(oid, given)

    def body(self, oid: int, given: Given = ()) -> list[Problem]:
        """Problems of what a routine does as its caller."""
        routine = self.world.routines.get(oid)
        if routine is None or routine.kind == "aggregate":
            return []
        if not any(given) or routine.language != "plpgsql" or "execute" not in self.world.body(oid)[0].lower():
            given = ()  # which makes no difference to what it does
        known = self._routines.get((oid, given))
        if known is not None:
            return known
        found = self._routines[oid, given] = []
        if not routine.definer:
            found += within(f"function {shown(routine.ref)}", definers.settings(self.actor, routine))
        if routine.language == "c":
            found += libraries.problems(self.actor, routine)
            return found
        if routine.role is not None:
            found += definers.as_another(self, routine, routine.role)
            return found
        if routine.definer:
            found += definers.problems(self, routine, given)
            return found
        found += delegated(self.inside(routine, f"function {shown(routine.ref)}", given=given), routine.ref)
        return found

    def inside(self, routine: Routine, where: str, path: Path | None = None, given: Given = ()) -> list[Problem]:
        """Problems of a routine's statements, run by the role itself; in ``path`` where the routine sets none of its
        own.
        """
        if routine.search_path is not None:
            path = self.world.path(routine.search_path, self.actor.role)
        source, definition = self.world.body(routine.oid)
        if routine.language == "plpgsql":
            return bodies.plpgsql(self, source, where, path, of_call(routine.args, given))
        if routine.language == "sql":
            return bodies.sql(self, source, definition, where, path)
        if routine.language == "internal":
            return []
        reason = f"it is written in {routine.language}, what it does in the database cannot be read"
        return within(where, [Problem("unknown", reason, shown(routine.ref))])

    def remember_temporary(self, statements: Iterable[Parsed]) -> None:
        """Remember the temporary relations that a body creates, for later statements of the session."""
        for parsed in statements:
            name = temporary_name(parsed)
            if name:
                self.actor.temporary.add(name)

    def use(self, node: Node, letters: str, path: Path | None, *, target: bool = False) -> list[Problem]:
        """Problems of a relation that a utility statement reads or writes."""
        use = range_use(node, letters)
        use.target = target
        return self.relation(use, Uses(columns={("", "*")}), path)
