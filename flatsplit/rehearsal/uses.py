"""What a planned statement uses: relations with the privileges needed on them, and routines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from flatsplit.rehearsal import given_columns
from flatsplit.rehearsal.conditions import asks_login, asks_who
from flatsplit.rehearsal.grammar import Node, children, constant, inner, name_of, strings, walk


@dataclass
class RelationUse:
    """A relation as a statement names it."""

    schema: str
    name: str
    alias: str
    letters: set[str]
    """The privileges needed: r, a, w, d."""
    inserted: frozenset[str] | None = None
    """Columns to which INSERT gives a value; None for as many as there are values."""
    values: int | None = None
    """How many values INSERT has where it names no columns; None where that cannot be told."""
    defaulted: frozenset[str | int] = frozenset()
    """Columns for which INSERT says DEFAULT in some row: by name, or by number where it names no columns."""
    updated: frozenset[str] = frozenset()
    reset: frozenset[str] = frozenset()
    """Columns to which UPDATE gives their defaults."""
    target: bool = False
    """Whether it is written to, so that its triggers fire."""
    only: bool = False
    renamed: tuple[str, ...] = ()
    """The names that its alias gives its first columns."""
    copied: bool = False
    """Whether it is the table of COPY … FROM."""
    strict: frozenset[str] = frozenset()
    """Privileges for which a hidden row is an error: those of rows that INSERT and MERGE meet."""

    def called(self, alias: str) -> bool:
        """Whether a column with this before its name, or with nothing, may be one of the relation's."""
        return alias in ("", self.alias, self.name, "excluded")

    def takes_default(self, column: str, number: int) -> bool:
        """Whether a row gets the default of this column."""
        if column in self.reset or not {column, number}.isdisjoint(self.defaulted):
            return True
        if "a" not in self.letters:
            return False
        if self.inserted is not None:
            return column not in self.inserted
        return self.values is None or number > self.values


@dataclass
class RoutineUse:
    """A routine as a statement calls it."""

    schema: str
    name: str
    arguments: int
    constants: tuple[str | None, ...]
    """The constant arguments."""
    calls: tuple[RoutineUse | None, ...] = ()
    """The arguments that are calls."""
    beside: tuple[RelationUse, ...] = ()
    """The other relations of the statement."""
    compared: tuple[Compared, ...] = ()
    """The comparisons of the statement."""


class Compared(NamedTuple):
    """A comparison by = or <>."""

    columns: frozenset[tuple[str, str]]
    """(alias or "", column) on both sides."""
    who: bool
    """Whether one side is the current user: current_user and the like."""
    login: bool
    """Whether that is the session's user and nothing else: session_user."""
    constants: frozenset[str]
    calls: frozenset[str]
    """Names of the functions in it."""
    equal: bool


@dataclass
class Uses:
    """All that a statement uses."""

    relations: list[RelationUse] = field(default_factory=list)
    routines: list[RoutineUse] = field(default_factory=list)
    columns: set[tuple[str, str]] = field(default_factory=set)
    """(alias or "", column) of every reference; ``*`` for all columns."""
    compared: list[Compared] = field(default_factory=list)
    implied: set[str] = field(default_factory=set)
    """Operators, and types that values are cast to, written ``::type``: each may stand for a routine."""
    regclass: list[str] = field(default_factory=list)
    """Constants that are cast to regclass."""
    parameters: int = 0

    def names_system_column(self, use: RelationUse) -> bool:
        """Whether a column is named that every table has; SELECT on the table is needed for it."""
        return any(column in SYSTEM_COLUMNS and use.called(alias) for alias, column in self.columns)


def uses_of(node: Node) -> Uses:
    """What one statement uses, with its common table expressions and subqueries."""
    found = Uses()
    _Reader(found).visit(node, frozenset())
    for call in found.routines:
        call.beside = tuple(found.relations)
        call.compared = tuple(found.compared)
    return found


def range_use(node: Node, letters: str) -> RelationUse:
    """The use of a relation (RangeVar)."""
    alias = node.alias.aliasname if node.HasField("alias") else node.relname
    renamed = strings(node.alias.colnames) if node.HasField("alias") else ()
    return RelationUse(node.schemaname, node.relname, alias, set(letters), only=not node.inh, renamed=tuple(renamed))


def routine_use(call: Node) -> RoutineUse:
    """The use of a routine (FuncCall)."""
    name = strings(call.funcname)
    nested = tuple(
        routine_use(value) if kind == "func_call" else None for kind, value in (inner(each) for each in call.args)
    )
    return RoutineUse(
        name[-2] if len(name) > 1 else "", name[-1], len(call.args), tuple(map(constant, call.args)), nested
    )


class _Reader:
    def __init__(self, found: Uses) -> None:
        self.found = found

    def visit(self, node: Node, ctes: frozenset[str]) -> None:
        """Add one node, with the common table expressions that it can see."""
        visitor = getattr(self, "_" + name_of(node), None)
        if visitor is not None:
            visitor(node, ctes)
        else:
            self._all(children(node), ctes)

    def _all(self, nodes: Iterable[Node], ctes: frozenset[str]) -> None:
        for node in nodes:
            self.visit(node, ctes)

    def _with(self, node: Node, ctes: frozenset[str]) -> frozenset[str]:
        """Add WITH; returns what can be seen after it. An expression only sees itself if it is recursive."""
        if not node.HasField("with_clause"):
            return ctes
        clause = node.with_clause
        parts = [each.common_table_expr for each in clause.ctes]
        if clause.recursive:
            ctes |= {part.ctename for part in parts}
        for part in parts:
            self._all(children(part), ctes)
            ctes |= {part.ctename}
        return ctes

    def _rest(self, node: Node, ctes: frozenset[str], *left_out: str) -> None:
        for descriptor, value in node.ListFields():
            if descriptor.message_type is None or descriptor.name in ("with_clause", *left_out):
                continue
            for one in value if descriptor.is_repeated else (value,):
                if name_of(one) == "Node":
                    kind, one = inner(one)
                    if not kind:
                        continue
                self.visit(one, ctes)

    def _SelectStmt(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        ctes = self._with(node, ctes)
        first = len(self.found.relations)
        self._all((value for _, value in map(inner, node.from_clause)), ctes)
        if node.locking_clause:
            locked = {
                each.range_var.relname for clause in node.locking_clause for each in clause.locking_clause.locked_rels
            }
            for use in self.found.relations[first:]:
                if not locked or use.alias in locked:
                    use.letters.add("w")  # manual, SELECT: FOR UPDATE and its weaker forms need UPDATE as well
        self._rest(node, ctes, "from_clause", "locking_clause", "into_clause")

    def _InsertStmt(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        ctes = self._with(node, ctes)
        use = range_use(node.relation, "a")
        use.target = True
        use.inserted = frozenset(each.res_target.name for each in node.cols) or None
        use.values = given_columns.width(node)
        use.defaulted = given_columns.defaulted(node)
        if node.HasField("on_conflict_clause"):
            conflict = node.on_conflict_clause
            if conflict.infer.index_elems or conflict.infer.HasField("where_clause"):
                use.letters.add("r")  # manual, INSERT: SELECT on the columns of the conflict target
            if conflict.infer.conname:  # whatever columns the constraint has
                use.letters.add("r")
                self.found.columns.add((use.alias, "*"))
            for each in conflict.infer.index_elems:
                self.found.columns.add((use.alias, each.index_elem.name or "*"))
            if conflict.target_list:
                use.letters |= {"w", "r"}
                use.updated = frozenset(each.res_target.name for each in conflict.target_list)
                use.reset = given_columns.reset(conflict.target_list)
        if node.HasField("returning_clause"):
            use.letters.add("r")
        use.strict = frozenset("rw")
        self.found.relations.append(use)
        self._rest(node, ctes, "relation", "cols")

    def _UpdateStmt(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        ctes = self._with(node, ctes)
        use = range_use(node.relation, "w")
        use.target = True
        use.updated = frozenset(each.res_target.name for each in node.target_list)
        use.reset = given_columns.reset(node.target_list)
        reading = node.HasField("where_clause") or node.HasField("returning_clause")
        if reading or any(name_of(each) == "ColumnRef" for target in node.target_list for each in walk(target)):
            use.letters.add("r")
        self.found.relations.append(use)
        self._rest(node, ctes, "relation")

    def _DeleteStmt(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        ctes = self._with(node, ctes)
        use = range_use(node.relation, "d")
        use.target = True
        if node.HasField("where_clause") or node.HasField("returning_clause") or node.using_clause:
            use.letters.add("r")
        self.found.relations.append(use)
        self._rest(node, ctes, "relation")

    def _MergeStmt(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        from postgast import pg_query_pb2

        ctes = self._with(node, ctes)
        use = range_use(node.relation, "r")
        use.target = True
        use.strict = frozenset("wd")
        commands = {"CMD_INSERT": "a", "CMD_UPDATE": "w", "CMD_DELETE": "d"}
        for each in node.merge_when_clauses:
            clause = each.merge_when_clause
            letter = commands.get(pg_query_pb2.CmdType.Name(clause.command_type))
            if letter:
                use.letters.add(letter)
            columns = frozenset(target.res_target.name for target in clause.target_list)
            if letter == "w":
                use.updated |= columns
                use.reset |= given_columns.reset(clause.target_list)
            if letter == "a":
                use.inserted = columns or None
                use.values = len(clause.values) or None
                use.defaulted |= given_columns.defaults_in(
                    [clause.values], [each.res_target.name for each in clause.target_list]
                )
        self.found.relations.append(use)
        self._rest(node, ctes, "relation")

    def _RangeVar(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        if node.schemaname or node.relname not in ctes:
            self.found.relations.append(range_use(node, "r"))

    def _JoinExpr(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        self.found.columns.update(("", name) for name in strings(node.using_clause))
        if node.is_natural or node.HasField("alias"):  # what both have; what the alias means
            self.found.columns.add(("", "*"))
        self._all(children(node), ctes)

    def _FuncCall(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        self.found.routines.append(routine_use(node))
        self._all(children(node), ctes)

    def _ColumnRef(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802, ARG002
        self.found.columns.add(_column(node))

    def _A_Expr(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        operator = strings(node.name)[-1:]
        self.found.implied.update(operator)
        if operator and operator[0] in _EQUALITY:
            self.found.compared.append(_compared(node, equal=operator[0] == "="))
        self._all(children(node), ctes)

    def _ParamRef(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802, ARG002
        self.found.parameters = max(self.found.parameters, node.number)

    def _TypeCast(self, node: Node, ctes: frozenset[str]) -> None:  # noqa: N802
        if strings(node.type_name.names)[-1:] == ("regclass",):
            name = constant(node.arg)
            if name is not None:
                self.found.regclass.append(name)
        if inner(node.arg)[0] not in ("a_const", "param_ref"):  # for these the type's input function is called
            self.found.implied.add(f"::{strings(node.type_name.names)[-1]}")
        self._all(children(node), ctes)


SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"})
_EQUALITY = ("=", "<>", "!=")


def _compared(node: Node, *, equal: bool) -> Compared:
    columns, constants, calls, who = set(), set(), set(), list[Node]()
    for part in _parts(node):
        kind = name_of(part)
        if kind == "ColumnRef":
            columns.add(_column(part))
        elif kind == "A_Const" and part.HasField("sval"):
            constants.add(part.sval.sval)
        elif kind == "FuncCall":
            calls.add(strings(part.funcname)[-1])
        if asks_who(part):
            who.append(part)
    login = bool(who) and all(map(asks_login, who))
    return Compared(frozenset(columns), bool(who), login, frozenset(constants), frozenset(calls), equal)


def _parts(node: Node) -> Iterator[Node]:
    """What a comparison compares: the node and what is below it; of a query within it what it selects, and not how it
    finds its rows.
    """
    todo = [node]
    while todo:
        one = todo.pop()
        yield one
        searches = name_of(one) == "SelectStmt" and one.from_clause
        todo.extend(one.target_list if searches else children(one))


def _column(node: Node) -> tuple[str, str]:
    parts = [
        "*" if kind == "a_star" else value.sval
        for kind, value in map(inner, node.fields)
        if kind in ("a_star", "string")
    ]
    return parts[-2] if len(parts) > 1 else "", parts[-1]
