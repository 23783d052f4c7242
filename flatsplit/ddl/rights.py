"""GRANT and REVOKE on objects, on columns, and on future objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from flatsplit import privileges
from flatsplit.ddl.names import dollar_quote, grant_word, ident, literal, name, names, role
from flatsplit.model import DefaultRef, ObjectRef, versions

_DEFAULT_WORD = {
    "r": "TABLES",
    "S": "SEQUENCES",
    "f": "ROUTINES",
    "T": "TYPES",
    "n": "SCHEMAS",
    "L": "LARGE OBJECTS",
}

_PRINTED = 50
"""How many objects a statement names that a person is to read."""


_RENEW_COMMENT = """\
BEGIN
  -- The comment that it has already: setting it takes a lock, so REFRESH and TRUNCATE wait for the GRANT and work
  EXECUTE format('COMMENT ON @kind %s IS %L', @name::text, obj_description(@name::regclass, 'pg_class'));
END"""


def hold(refs: Sequence[ObjectRef], closed: Collection[ObjectRef] = (), *, major: int) -> str:
    """What has to precede GRANT on these relations so that it does not break statements of the application; "" for
    nothing.

    Before 18 GRANT takes no lock on a relation but updates its row in pg_class, as TRUNCATE and REFRESH do: the second
    of two at the same time fails with "tuple concurrently updated". ACCESS SHARE makes TRUNCATE wait; from 18 on GRANT
    takes it itself. LOCK TABLE does not take a materialized view, and ACCESS SHARE does not keep off REFRESH
    CONCURRENTLY. Setting the same comment again takes a lock that keeps off both kinds of REFRESH. The same is done for
    tables that are ``closed`` to their owner, since LOCK TABLE needs a privilege, and COMMENT ownership.
    """
    bare = [ref for ref in refs if ref.kind in ("table", "partitioned_table")] if major < versions.GRANT_LOCKS else []
    tables = [ref for ref in bare if ref not in closed]
    others = [ref for ref in refs if ref.kind == "materialized_view"] + [ref for ref in bare if ref in closed]
    parts = []
    if tables:
        parts.append(f"LOCK TABLE ONLY {', ONLY '.join(names(tables))} IN ACCESS SHARE MODE; ")
    for ref in others:
        word = "MATERIALIZED VIEW" if ref.kind == "materialized_view" else "TABLE"
        body = _RENEW_COMMENT.replace("@kind", word).replace("@name", literal(name(ref)))
        parts.append(f"DO {dollar_quote(body)}; ")
    return "".join(parts)


BY_FLATSPLIT = "/* by flatsplit */"
"""Stands in statements of a plan that run as another role, for which pg_stat_statements counts them."""


def _as_grantor(statement: str, grantor: str) -> str:
    """The statement as its grantor: GRANTED BY takes only the current user for privileges on objects."""
    if not grantor:
        return statement
    marked = f"{statement.removesuffix(';')} {BY_FLATSPLIT};"
    return f"SET LOCAL ROLE {ident(grantor)} {BY_FLATSPLIT}; {marked} RESET ROLE;"


def lend_usage(schema: str, role: str, owner: str, statement: str) -> str:
    """The statement while ``role``, which has no USAGE on the schema, is lent that by the schema's owner."""
    held = [ObjectRef("schema", "", schema)]
    return f"{grant(held, 'U', role, grantor=owner)} {statement} {revoke(held, 'U', role, grantor=owner)}"


def by_hand(statement: str) -> str:
    """A statement to be copied, in a transaction where it needs one: outside of one LOCK TABLE fails, and SET LOCAL has
    no effect on what follows it.
    """
    return f"BEGIN; {statement} COMMIT;" if statement.startswith(("SET LOCAL ", "LOCK TABLE ")) else statement


def grant(refs: Sequence[ObjectRef], letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """GRANT on objects that share one GRANT keyword; ``grantor`` "" is the owner."""
    on = ", ".join(names(refs))
    tail = " WITH GRANT OPTION" if option else ""
    return _as_grantor(
        f"GRANT {privileges.names(letters)} ON {grant_word(refs[0].kind)} {on} TO {role(grantee)}{tail};", grantor
    )


def revoke(refs: Sequence[ObjectRef], letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """REVOKE, or with ``option`` REVOKE GRANT OPTION FOR."""
    on = ", ".join(names(refs))
    head = "REVOKE GRANT OPTION FOR" if option else "REVOKE"
    return _as_grantor(
        f"{head} {privileges.names(letters)} ON {grant_word(refs[0].kind)} {on} FROM {role(grantee)};", grantor
    )


def _column_privileges(letters: str, column: str) -> str:
    return ", ".join(f"{privileges.NAMES[letter]} ({ident(column)})" for letter in letters)


def printed_parts(refs: Iterable[ObjectRef]) -> Iterator[list[ObjectRef]]:
    """The objects in order, as many at a time as one statement names that a person is to read."""
    found = sorted(refs)
    for start in range(0, len(found), _PRINTED):
        yield found[start : start + _PRINTED]


def grant_column(ref: ObjectRef, letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """GRANT on one column."""
    tail = " WITH GRANT OPTION" if option else ""
    table = ident(ref.schema, ref.name)
    return _as_grantor(
        f"GRANT {_column_privileges(letters, ref.args)} ON TABLE {table} TO {role(grantee)}{tail};", grantor
    )


def revoke_column(ref: ObjectRef, letters: str, grantee: str, *, option: bool = False, grantor: str = "") -> str:
    """REVOKE on one column."""
    head = "REVOKE GRANT OPTION FOR" if option else "REVOKE"
    table = ident(ref.schema, ref.name)
    return _as_grantor(
        f"{head} {_column_privileges(letters, ref.args)} ON TABLE {table} FROM {role(grantee)};", grantor
    )


def _defaults_head(ref: DefaultRef) -> str:
    where = f" IN SCHEMA {ident(ref.schema)}" if ref.schema else ""
    return f"ALTER DEFAULT PRIVILEGES FOR ROLE {ident(ref.creator)}{where}"


def grant_default(ref: DefaultRef, letters: str, grantee: str, *, option: bool = False) -> str:
    """ALTER DEFAULT PRIVILEGES … GRANT."""
    tail = " WITH GRANT OPTION" if option else ""
    what = f"GRANT {privileges.names(letters)} ON {_DEFAULT_WORD[ref.objtype]} TO {role(grantee)}{tail}"
    return f"{_defaults_head(ref)} {what};"


def revoke_default(ref: DefaultRef, letters: str, grantee: str, *, option: bool = False) -> str:
    """ALTER DEFAULT PRIVILEGES … REVOKE."""
    head = "REVOKE GRANT OPTION FOR" if option else "REVOKE"
    what = f"{head} {privileges.names(letters)} ON {_DEFAULT_WORD[ref.objtype]} FROM {role(grantee)}"
    return f"{_defaults_head(ref)} {what};"
