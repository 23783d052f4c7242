"""Parts of relations that a State does not hold, as values that a rehearsal reads from the catalog. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

from flatsplit.model import Kind, ObjectRef


class Relation(NamedTuple):
    """A relation."""

    oid: int
    ref: ObjectRef
    row_security: bool = False
    forced: bool = False
    invoker: bool = False
    """Whether it is a view with security_invoker (15 and later)."""


class Trigger(NamedTuple):
    """A trigger that fires in ordinary sessions."""

    table: int
    name: str
    type: int
    routine: int

    def fires(self, letter: str) -> bool:
        """Whether it fires for inserted (a), updated (w) or deleted (d) rows, or for TRUNCATE (D)."""
        return bool(self.type & {"a": 4, "d": 8, "w": 16, "D": 32}.get(letter, 0))

    @property
    def after(self) -> bool:
        """Whether it is an AFTER trigger."""
        return not self.type & (2 | 64)


class Expression(NamedTuple):
    """An expression that is evaluated for rows that are written."""

    relation: int
    commands: str
    what: str
    name: str
    number: int
    """The number of the column, for a default."""
    text: str

    @property
    def statement(self) -> bool:
        """Whether the text is a whole statement: that of the trigger or rule."""
        return self.what in ("trigger", "rule")


class ColumnDefault(NamedTuple):
    """A sequence or routine that the default of a column uses."""

    relation: int
    column: str
    number: int
    """The number of the column."""
    sequence: bool
    """Whether it is a sequence; otherwise a routine."""
    oid: int


class Cascade(NamedTuple):
    """What a foreign key does in the referencing table."""

    referenced: int
    referencing: int
    on_delete: str
    on_update: str


class Routine(NamedTuple):
    """A routine that is not the server's own."""

    oid: int
    schema: str
    name: str
    kind: str
    args: str
    inputs: int
    defaults: int
    variadic: bool
    language: str
    definer: bool
    owner: str
    search_path: str | None
    extension: str
    """"" where it belongs to no extension."""
    role: str | None = None
    """SET role = … in its definition."""
    immutable: bool = False
    inlined: bool = False
    """Whether it may become part of the query that reads from it (inline_set_returning_function() in clauses.c)."""
    settings: Sequence[str] = ()
    """Other settings that its definition has: set with the caller's rights, or its owner's where it is a definer."""

    @property
    def ref(self) -> ObjectRef:
        """Its name in the catalog."""
        return ObjectRef(cast(Kind, self.kind), self.schema, self.name, self.args)

    def takes(self, arguments: int) -> bool:
        """Whether it can be called with so many arguments; these may include OUT arguments (CALL)."""
        return self.variadic or self.inputs - self.defaults <= arguments <= self.inputs or self.kind == "procedure"


class Policy(NamedTuple):
    """A row-level security policy."""

    table: int
    name: str
    command: str
    permissive: bool
    using: str | None
    check: str | None


def grouped(rows: Iterable[tuple[Any, ...]]) -> dict[Any, list[Any]]:
    """Rows grouped by their first field."""
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return dict(found)
