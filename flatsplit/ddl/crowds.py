"""SQL that replaces many grantees with the same rights by one role of which they become members."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from psycopg import sql

from flatsplit.ddl.names import dollar_quote, grant_word, ident, literal, name
from flatsplit.model import ObjectRef

_BODY = """\
DECLARE grantees text;
BEGIN
  SELECT string_agg(quote_ident(g.rolname), ', ') INTO grantees FROM (
    SELECT r.rolname
    FROM aclexplode(@acl) AS e
    JOIN pg_catalog.pg_roles AS r ON r.oid = e.grantee
    CROSS JOIN (@owner) AS o (owner)
    WHERE r.rolinherit AND e.grantor = o.owner AND e.grantee <> o.owner AND r.rolname <> ALL (ARRAY[@apart])
    GROUP BY r.rolname
    HAVING NOT bool_or(e.is_grantable) AND string_agg(e.privilege_type, ', ' ORDER BY e.privilege_type) = @rights
  ) AS g;
  CREATE ROLE @role;
  EXECUTE @join || grantees;
@moves
END"""


_RELATION_ACL = sql.SQL("(SELECT relacl FROM pg_catalog.pg_class WHERE oid = {}::regclass)")
_RELATION_OWNER = sql.SQL("SELECT relowner FROM pg_catalog.pg_class WHERE oid = {}::regclass")
_COLUMN_ACL = sql.SQL("(SELECT attacl FROM pg_catalog.pg_attribute WHERE attrelid = {}::regclass AND attname = {})")
_LARGE_OBJECT_ACL = sql.SQL("(SELECT lomacl FROM pg_catalog.pg_largeobject_metadata WHERE oid = {})")
_LARGE_OBJECT_OWNER = sql.SQL("SELECT lomowner FROM pg_catalog.pg_largeobject_metadata WHERE oid = {}")


def one_for_many(role: str, held: Sequence[tuple[ObjectRef, str]], apart: Iterable[str]) -> str:
    """Creates the role, makes every grantee with just these rights on the first object a member of it, and grants it
    the rights instead.

    On the other objects the same grantees have the given rights. Owners, roles ``apart`` and NOINHERIT roles are left
    alone. Everything is revoked before the role gets its rights, since the lists are full.
    """
    first, rights = held[0]
    acl, owner = _where(first)
    moves = []
    for ref, words in held:
        target = _target(ref, words)
        moves.append(f"  EXECUTE {literal(f'REVOKE {target} FROM ')} || grantees;\n  GRANT {target} TO {ident(role)};")
    filled = {
        "acl": acl,
        "owner": owner,
        "rights": literal(rights),
        "role": ident(role),
        "apart": ", ".join(map(literal, apart)),
        "join": literal(f"GRANT {ident(role)} TO "),
        "moves": "\n".join(moves),
    }
    return f"DO {dollar_quote(re.sub(r'@([a-z]+)', lambda match: filled[match[1]], _BODY))};"


def _where(ref: ObjectRef) -> tuple[str, str]:
    """Expressions for the list of rights and for the owner."""
    if ref.kind == "large_object":
        oid = int(ref.name)
        return _LARGE_OBJECT_ACL.format(oid).as_string(None), _LARGE_OBJECT_OWNER.format(oid).as_string(None)
    relation = ident(ref.schema, ref.name)
    acl = _COLUMN_ACL.format(relation, ref.args) if ref.kind == "column" else _RELATION_ACL.format(relation)
    return acl.as_string(None), _RELATION_OWNER.format(relation).as_string(None)


def _target(ref: ObjectRef, words: str) -> str:
    """The part between GRANT and TO."""
    if ref.kind == "column":
        words = ", ".join(f"{word} ({ident(ref.args)})" for word in words.split(", "))
        return f"{words} ON TABLE {ident(ref.schema, ref.name)}"
    return f"{words} ON {grant_word(ref.kind)} {name(ref)}"
