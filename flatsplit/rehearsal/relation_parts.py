"""What hangs on relations and is nowhere in a State: values, as a rehearsal reads them from the catalog. Pure."""

from __future__ import annotations

from typing import NamedTuple, cast

from flatsplit.model import Kind, ObjectRef


class Relation(NamedTuple):
    """A relation of somebody's."""

    oid: int
    ref: ObjectRef
    row_security: bool = False
    forced: bool = False
    invoker: bool = False
    """A view that reads with the rights of whoever reads it (15 and later)."""


class Trigger(NamedTuple):
    """A trigger that fires in ordinary sessions."""

    table: int
    name: str
    type: int
    routine: int

    def fires(self, letter: str) -> bool:
        """Whether it fires for rows that are inserted (a), updated (w), deleted (d) or for TRUNCATE (D)."""
        return bool(self.type & {"a": 4, "d": 8, "w": 16, "D": 32}.get(letter, 0))

    @property
    def after(self) -> bool:
        """Neither BEFORE nor INSTEAD OF."""
        return not self.type & (2 | 64)


class Expression(NamedTuple):
    """What is evaluated for rows that are written."""

    relation: int
    commands: str
    what: str
    name: str
    number: int
    """Of a default's column."""
    text: str

    @property
    def statement(self) -> bool:
        """Whether the text is that of the statement that made it."""
        return self.what in ("trigger", "rule")


class Cascade(NamedTuple):
    """What happens in the referencing table."""

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
    """"" for one of no extension's."""
    role: str | None = None
    """SET role = … in its definition."""
    immutable: bool = False
    inlined: bool = False
    """Put into the query that reads from it (inline_set_returning_function() in clauses.c), unless its body forbids."""

    @property
    def ref(self) -> ObjectRef:
        """Its name in the catalog."""
        return ObjectRef(cast(Kind, self.kind), self.schema, self.name, self.args)

    def takes(self, arguments: int) -> bool:
        """Whether it could be called with so many arguments; its OUT arguments may be among them (CALL)."""
        return self.variadic or self.inputs - self.defaults <= arguments <= self.inputs or self.kind == "procedure"


class Policy(NamedTuple):
    """A row-level security policy."""

    table: int
    name: str
    command: str
    permissive: bool
    using: str | None
    check: str | None
