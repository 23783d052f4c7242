"""Policies, row-level security, and the table that maps roles to tenants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from flatsplit.ddl.names import ident, literal, name, role, type_name
from flatsplit.ddl.owned_function import OwnedFunction
from flatsplit.model import ObjectRef, PolicyFacts
from flatsplit.tenants.condition import COMMENT, MAPPING

_COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}


def create_policy(ref: ObjectRef, facts: PolicyFacts, roles: Iterable[str]) -> str:
    """CREATE POLICY, without words for defaults."""
    kind = "" if facts.permissive else " AS RESTRICTIVE"
    command = f" FOR {_COMMANDS[facts.command]}" if facts.command in _COMMANDS else ""
    to = ", ".join(role(each) for each in sorted(roles))
    head = f"CREATE POLICY {ident(ref.args)} ON {ident(ref.schema, ref.name)}{kind}{command} TO {to}"
    return f"{head}{_expressions(facts)};"


def open_policy(table: str, to: str, taken: Collection[str]) -> str:
    """CREATE POLICY that lets a role see and write every row, as an owner does whose policies are not forced.

    ``table`` and ``to`` are names as text in SQL, ``taken`` the names of the table's policies. Without a semicolon.
    """
    numbered = (f"as_before{number or ''}" for number in range(len(taken) + 1))
    free = next(one for one in numbered if one not in taken)
    return f"CREATE POLICY {free} ON {table} TO {to} USING (true) WITH CHECK (true)"


def alter_policy_says(ref: ObjectRef, facts: PolicyFacts) -> str:
    """ALTER POLICY … USING …; its roles stay."""
    return f"ALTER POLICY {ident(ref.args)} ON {ident(ref.schema, ref.name)}{_expressions(facts)};"


def _expressions(facts: PolicyFacts) -> str:
    using = f" USING ({facts.using})" if facts.using else ""
    return using + (f" WITH CHECK ({facts.check})" if facts.check else "")


def row_security(ref: ObjectRef, *, enabled: bool) -> str:
    """ALTER TABLE … ENABLE or DISABLE ROW LEVEL SECURITY."""
    return f"ALTER TABLE {name(ref)} {'ENABLE' if enabled else 'DISABLE'} ROW LEVEL SECURITY;"


def create_tenancy(ref: ObjectRef, key_type: str, owner: str, *, schema: bool) -> str:
    """CREATE TABLE for the table that maps roles to tenants; ``schema``: and for its schema.

    ``key_type`` is one of the server's own types, as format_type() prints it.
    """
    table, to = name(ref), ident(owner)
    made = f"CREATE SCHEMA {ident(ref.schema)}; ALTER SCHEMA {ident(ref.schema)} OWNER TO {to}; " if schema else ""
    return (
        f"{made}CREATE TABLE {table} (role name PRIMARY KEY, tenant {type_name(key_type)} NOT NULL); "
        f"CREATE INDEX ON {table} (tenant); COMMENT ON TABLE {table} IS {literal(COMMENT)}; "
        f"ALTER TABLE {table} OWNER TO {to};"
    )


def drop_tenancy(ref: ObjectRef, *, schema: bool) -> str:
    """DROP of the same."""
    return f"DROP TABLE {name(ref)};" + (f" DROP SCHEMA {ident(ref.schema)};" if schema else "")


def tenancy_of(schema: str) -> ObjectRef:
    """The table's name in this schema."""
    return ObjectRef("table", schema, MAPPING)


def add_tenants(ref: ObjectRef, owner: str, rows: Sequence[tuple[str, str]]) -> str:
    """INSERT of (role, key), with the rights of the table's owner, which triggers on the table then have too."""
    values = ", ".join(f"({literal(role_)}, {literal(key)})" for role_, key in rows)
    return _as_owner(f"INSERT INTO {ident(ref.schema, ref.name)} (role, tenant) VALUES {values}", owner)  # noqa: S608 (in quotes)


def remove_tenants(ref: ObjectRef, owner: str, rows: Sequence[tuple[str, str]]) -> str:
    """DELETE of (role, key), in the same way."""
    names = ", ".join(literal(role_) for role_, _ in rows)
    return _as_owner(f"DELETE FROM {ident(ref.schema, ref.name)} WHERE role IN ({names})", owner)  # noqa: S608 (in quotes)


def _as_owner(statement: str, owner: str) -> str:
    """The statement inside a function that belongs to the owner, where nothing can become the operator again, unlike
    after SET ROLE.
    """
    function = OwnedFunction("flatsplit_tenants", "", "void", statement, language="sql")
    call = f"{function.called}()"
    return f"{function.create()} {function.give(owner)} SELECT {call}; DROP FUNCTION {call};"
