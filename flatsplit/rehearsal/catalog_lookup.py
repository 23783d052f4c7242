"""The catalog as a rehearsal needs it: names resolved as in a session, and what belongs to each relation."""

from __future__ import annotations

from collections import defaultdict
from functools import cache, cached_property
from typing import Any

import psycopg

from flatsplit import ddl, resources
from flatsplit.evidence.rows_alike import alike
from flatsplit.model import RELATIONS, ObjectFacts, ObjectRef, State
from flatsplit.rehearsal import conditions
from flatsplit.rehearsal.conditions import PolicyCondition
from flatsplit.rehearsal.relation_parts import (
    Cascade,
    ColumnDefault,
    Expression,
    Policy,
    Relation,
    Routine,
    Trigger,
    grouped,
)
from flatsplit.rehearsal.system_views import ServersViews

SYSTEM = ("pg_catalog", "information_schema")
_OF_A_STATE = ("state", "relations", "by_oid", "schemas_of", "named", "in_schema")


@cache
def question(name: str) -> str:
    """The text of ``queries/<name>.sql``."""
    return resources.query(__package__, name).decode()


class World:
    """Facts of the catalog that a State does not hold, each read when it is first asked for."""

    def __init__(self, conn: psycopg.Connection[Any], state: State) -> None:
        self.conn = conn
        self.state = state
        self._columns: dict[int, tuple[str, ...]] = {}
        self._bodies: dict[int, tuple[str, str | None]] = {}
        self._conditions: dict[str, PolicyCondition] = {}
        self.views = ServersViews(conn, self._ask)
        self._settings: dict[str, bool] = {}
        self._alike: frozenset[tuple[str, str]] | None = None
        self._servers_own: dict[str, frozenset[str]] = {}
        self._leaky: dict[tuple[str, str, int, str], tuple[bool, str | None] | None] = {}

    def beside(self, state: State) -> World:
        """The same catalog with another State; what was already read is kept."""
        other = World(self.conn, state)
        other.__dict__.update((name, read) for name, read in self.__dict__.items() if name not in _OF_A_STATE)
        return other

    def _ask(self, name: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.conn.execute(question(name).encode(), parameters or None).fetchall()

    def alike(self, legacy: str, app: str) -> frozenset[tuple[str, str]]:
        """Tables in which ``app`` was counted to see the rows that ``legacy`` sees."""
        if self._alike is None:
            self._alike = alike(self.conn, legacy, app)
        return self._alike

    # -- relations

    @cached_property
    def relations(self) -> dict[tuple[str, str], Relation]:
        """The relations of the State, by schema and name."""
        named = {(ref.schema, ref.name): ref for ref in self.state.objects if ref.kind in RELATIONS}
        found = {}
        for oid, schema, name, _, secured, forced, invoker in self.conn.execute(question("relations").encode()):
            ref = named.get((schema, name))
            if ref is not None:  # equal strings are shared: there may be hundreds of thousands of relations
                found[ref.schema, ref.name] = Relation(oid, ref, secured, forced, invoker)
        return found

    @cached_property
    def by_oid(self) -> dict[int, Relation]:
        """The relations of the State, by oid."""
        return {relation.oid: relation for relation in self.relations.values()}

    @cached_property
    def schemas_of(self) -> dict[str, list[str]]:
        """The schemas in which there is a relation of a name."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for schema, name in self.relations:
            found[name].append(schema)
        return dict(found)

    @cached_property
    def system(self) -> dict[tuple[str, str], frozenset[str]]:
        """The server's own relations, with who may read them."""
        return {(schema, name): frozenset(readers) for schema, name, readers in self._ask("system_relations")}

    def facts(self, ref: ObjectRef) -> ObjectFacts | None:
        """Owner and privileges."""
        return self.state.objects.get(ref)

    def columns(self, relation: Relation) -> tuple[str, ...]:
        """Names of the columns in their order."""
        found = self._columns.get(relation.oid)
        if found is None:
            found = self._columns[relation.oid] = tuple(row[0] for row in self._ask("columns", relation.oid))
        return found

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """Partitions and inheriting tables by parent."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for parent, child in self._ask("inherits"):
            found[parent].append(child)
        return dict(found)

    def family(self, oid: int) -> list[int]:
        """A table with all its partitions and inheriting tables, at every level."""
        found, todo = [], [oid]
        while todo:
            one = todo.pop()
            found.append(one)
            todo.extend(self.children.get(one, ()))
        return found

    @cached_property
    def triggers(self) -> dict[int, list[Trigger]]:
        """Triggers by table."""
        return grouped(Trigger(*row) for row in self._ask("triggers"))

    @cached_property
    def clustered(self) -> frozenset[int]:
        """Tables that CLUSTER without a name clusters."""
        return frozenset(row[0] for row in self._ask("clustered"))

    @cached_property
    def foreign_keys(self) -> dict[int, list[Cascade]]:
        """Foreign keys by the table that is referenced."""
        return grouped(Cascade(*row) for row in self._ask("foreign_keys"))

    @cached_property
    def defaults(self) -> dict[int, list[ColumnDefault]]:
        """By table: what the defaults of its columns use."""
        return grouped(ColumnDefault(*row) for row in self._ask("defaults"))

    @cached_property
    def owned_sequences(self) -> dict[int, list[tuple[int, str, int, int]]]:
        """By table: the table, a column, its number, and the sequence that it owns."""
        return grouped(self._ask("owned_sequences"))

    @cached_property
    def evaluated(self) -> dict[tuple[int, str], list[int]]:
        """Routines that are called by reading (r) or writing (w) a relation, without those of defaults."""
        found: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for relation, when, routine in self._ask("evaluated"):
            found[relation, when].append(routine)
        return dict(found)

    @cached_property
    def rules(self) -> dict[int, list[tuple[int, str, str]]]:
        """By relation: the relation, the letter that sets off a rule, and the rule's definition."""
        return grouped(self._ask("rules"))

    @cached_property
    def implied(self) -> dict[str, list[tuple[str, int]]]:
        """By operator, or ``::`` and the type of a cast: the same, and a routine behind it."""
        return grouped(self._ask("implied"))

    @cached_property
    def expressions(self) -> dict[int, list[Expression]]:
        """By relation: expressions that are evaluated when it is written and that ask for a role."""
        return grouped(Expression(*row) for row in self._ask("expressions"))

    @cached_property
    def policies(self) -> dict[int, list[Policy]]:
        """Policies by table."""
        return grouped(Policy(*row) for row in self._ask("policies"))

    def condition(self, text: str) -> PolicyCondition:
        """The condition of a policy, parsed."""
        found = self._conditions.get(text)
        if found is None:
            found = self._conditions[text] = conditions.read(self, text)
        return found

    def has_setting(self, name: str) -> bool:
        """Whether one of the application's own settings has a value for every session here, or some routine sets it."""
        found = self._settings.get(name)
        if found is None:
            found = not self._setters.isdisjoint(("", name)) or bool(self._ask("has_setting", name)[0][0])
            self._settings[name] = found
        return found

    @cached_property
    def _setters(self) -> frozenset[str]:
        return frozenset(name for (source,) in self._ask("setters") for name in conditions.settings_set(source))

    # -- routines

    @cached_property
    def routines(self) -> dict[int, Routine]:
        """Routines by oid."""
        return {row[0]: Routine(*row) for row in self._ask("routines")}

    @cached_property
    def routines_of(self) -> dict[str, list[Routine]]:
        """Routines by name."""
        found: defaultdict[str, list[Routine]] = defaultdict(list)
        for routine in self.routines.values():
            found[routine.name].append(routine)
        return dict(found)

    @cached_property
    def restricted(self) -> dict[str, frozenset[str]]:
        """The server's own routines that not everybody may call, with who may."""
        return {name: frozenset(roles or ()) for name, roles in self._ask("system_routines")}

    def body(self, oid: int) -> tuple[str, str | None]:
        """The source of a routine, and its definition where the source is not kept."""
        found = self._bodies.get(oid)
        if found is None:
            row = self._ask("bodies", oid)
            found = self._bodies[oid] = (row[0][0], row[0][1]) if row else ("", None)
        return found

    def view(self, oid: int) -> str:
        """The definition of a view."""
        rows = self._ask("view", oid)
        return str(rows[0][0] or "") if rows else ""

    @cached_property
    def superuser_settings(self) -> frozenset[str]:
        """Settings that only a superuser may change."""
        return frozenset(row[0] for row in self._ask("settings"))

    @cached_property
    def droppable(self) -> dict[tuple[str, str], list[tuple[str, int]]]:
        """Schema and relation of indexes and types, by kind and name; triggers, rules and policies have no schema."""
        found: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for kind, schema, name, relation in self._ask("droppable"):
            found[kind, name].append((schema, relation))
        return dict(found)

    @cached_property
    def transition_tables(self) -> frozenset[str]:
        """Names that routines of triggers use for the rows before and after."""
        return frozenset(row[0] for row in self._ask("transition_tables"))

    @cached_property
    def system_triggers(self) -> dict[int, frozenset[str]]:
        """Names of the triggers behind constraints, by table."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        for table, name in self._ask("system_triggers"):
            found[table].add(name)
        return {table: frozenset(names) for table, names in found.items()}

    @cached_property
    def languages(self) -> dict[str, bool]:
        """Whether each language is trusted."""
        return dict(self._ask("languages"))

    @cached_property
    def available(self) -> dict[str, tuple[bool, bool, tuple[str, ...]]]:
        """By extension that could be installed: needs a superuser, is trusted, and what it requires."""
        return {name: (superuser, trusted, tuple(more)) for name, superuser, trusted, more in self._ask("available")}

    @cached_property
    def tablespace(self) -> str:
        """The database's own tablespace."""
        return next((row[0] for row in self._ask("tablespace")), "")

    @cached_property
    def tablespaces(self) -> dict[int, str]:
        """The tablespace of each relation, partitioned ones too, that is not in the database's own; by oid."""
        return dict(self._ask("tablespaces"))

    @cached_property
    def databases(self) -> frozenset[str]:
        """Names of all databases."""
        return frozenset(row[0] for row in self._ask("databases"))

    @cached_property
    def system_types(self) -> frozenset[str]:
        """Names of the server's own types."""
        return frozenset(row[0] for row in self._ask("system_types"))

    @cached_property
    def open_columns(self) -> dict[str, frozenset[str]]:
        """Columns that everybody may read, of the server's own catalogs with privileges on columns."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for relation, column in self._ask("open_columns"):
            found[relation].add(column)
        return {relation: frozenset(columns) for relation, columns in found.items()}

    def system_columns(self, name: str) -> frozenset[str]:
        """The columns of one of the server's own catalogs."""
        return frozenset(row[0] for row in self._ask("system_columns", "pg_catalog", name))

    def servers_own(self, kind: str, name: str) -> bool:
        """Whether there is an object of that kind and name in pg_catalog."""
        found = self._servers_own.get(name)
        if found is None:
            rows = self._ask("system_objects", *[name] * 9)
            found = self._servers_own[name] = frozenset(row[0] for row in rows)
        return kind in found

    def system_operator(self, name: str, left: str, right: str) -> bool:
        """Whether the server has an operator of its own with that name and those types; "" for no operand."""
        return bool(self._ask("system_operator", name, left, right)[0][0])

    def leaky(self, operator: str, function: str, table: int, column: str) -> tuple[bool, str | None] | None:
        """Whether it is not leakproof on that column, and an index that could serve it; None for no such column."""
        key = (operator, function, table, column)
        if key not in self._leaky:
            self._leaky[key] = next(((bool(row[0]), row[1]) for row in self._ask("leaky", *key)), None)
        return self._leaky[key]

    @cached_property
    def named(self) -> dict[tuple[str, str, str], list[ObjectRef]]:
        """Objects by kind, schema and name; several where only their arguments differ."""
        found: defaultdict[tuple[str, str, str], list[ObjectRef]] = defaultdict(list)
        for ref in self.state.objects:
            found[ref.kind, ref.schema, ref.name].append(ref)
        return found

    @cached_property
    def in_schema(self) -> dict[tuple[str, str], list[ObjectRef]]:
        """Objects by kind and schema."""
        found: defaultdict[tuple[str, str], list[ObjectRef]] = defaultdict(list)
        for ref in self.state.objects:
            found[ref.kind, ref.schema].append(ref)
        return found

    @cached_property
    def extensions(self) -> frozenset[str]:
        """Names of the extensions that are there."""
        return frozenset(row[0] for row in self._ask("extensions"))

    # -- names

    def schema_exists(self, name: str) -> bool:
        """Whether there is such a schema."""
        return ObjectRef("schema", "", name) in self.state.objects or name in SYSTEM

    def path(self, setting: str, role: str) -> tuple[str, ...]:
        """The schemas of a search_path, with ``"$user"`` replaced by the role."""
        elements = [role if element == "$user" else element for element in ddl.split_list(setting)]
        return tuple(element for element in dict.fromkeys(elements) if self.schema_exists(element))
