"""Facts of single things: objects, access control lists, roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

PUBLIC = ""
"""The grantee of a privilege that everybody has. No role can have this name."""

OWNER = "\0owner"
"""Stands for the owner of the object as grantee or grantor. No role name can contain a NUL.

``ALTER … OWNER TO`` rewrites the old owner's entries to the new owner (aclnewowner() in PostgreSQL's acl.c), so an ACL
with this placeholder does not change with the owner.
"""

JOURNAL_SCHEMA = "flatsplit"
"""Schema of the tracking tables; nothing in it is the application's."""

Kind: TypeAlias = Literal[
    "database",
    "schema",
    "table",
    "partitioned_table",
    "foreign_table",
    "view",
    "materialized_view",
    "sequence",
    "function",
    "procedure",
    "aggregate",
    "type",
    "domain",
    "collation",
    "conversion",
    "operator",
    "operator_class",
    "operator_family",
    "text_search_configuration",
    "text_search_dictionary",
    "statistics",
    "large_object",
    "foreign_data_wrapper",
    "server",
    "publication",
    "subscription",
    "event_trigger",
    "extension",
    "language",
    "tablespace",
    "parameter",
    "user_mapping",
    "policy",
    "column",
]

TABLES: frozenset[Kind] = frozenset({"table", "partitioned_table", "foreign_table"})
RELATIONS: frozenset[Kind] = TABLES | {"view", "materialized_view", "sequence"}
ROUTINES: frozenset[Kind] = frozenset({"function", "procedure", "aggregate"})
TYPES: frozenset[Kind] = frozenset({"type", "domain"})


class ObjectRef(NamedTuple):
    """The name of one thing in the catalog; hashes and sorts as the tuple it is.

    ``schema`` is "" for what lives in no schema. ``args`` tells apart what the name alone
    does not: routine arguments as ``pg_get_function_identity_arguments`` prints them (input types for an
    aggregate), operator operand types as ``left,right`` (NONE for a missing one), the access method of an operator
    class or family, the column, the policy, the role of a user mapping ("" for PUBLIC). ``name`` of a column or
    policy is its table's, of a user mapping its server's, of a large object its oid.
    """

    kind: Kind
    schema: str
    name: str
    args: str = ""


class AclItem(NamedTuple):
    """Privileges that one grantor gave to one grantee, as sorted PostgreSQL letters.

    ``grantable`` is the subset of ``privileges`` held WITH GRANT OPTION. Letters: r SELECT, a INSERT, w UPDATE,
    d DELETE, D TRUNCATE, x REFERENCES, t TRIGGER, m MAINTAIN, X EXECUTE, U USAGE, C CREATE, c CONNECT, T TEMPORARY,
    s SET, A ALTER SYSTEM (manual, table "ACL Privilege Abbreviations").
    """

    grantee: str
    grantor: str
    privileges: str
    grantable: str = ""


Acl: TypeAlias = tuple[AclItem, ...]
"""Sorted by (grantee, grantor), each pair once, no empty item. NULL in the catalog is written out (acldefault())."""

_acls: dict[Acl, Acl] = {}


def intern_acl(items: Iterable[AclItem]) -> Acl:
    """The one shared tuple for these items: sorted, merged per (grantee, grantor), without empty ones."""
    merged: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
    for item in items:
        have, grantable = merged.setdefault((item.grantee, item.grantor), (set(), set()))
        have.update(item.privileges)
        grantable.update(item.grantable)
    acl = tuple(
        AclItem(grantee, grantor, "".join(sorted(have)), "".join(sorted(grantable & have)))
        for (grantee, grantor), (have, grantable) in sorted(merged.items())
        if have
    )
    return _acls.setdefault(acl, acl)


class ObjectFacts(NamedTuple):
    """What flatsplit knows of one object; shared by all objects with the same facts."""

    owner: str
    acl: Acl = ()
    """Canonical (see :data:`OWNER`); () for kinds without privileges."""
    extension: bool = False
    """Member of an extension (pg_depend deptype e): neither granted nor moved by itself."""
    follows: bool = False
    """Its owner follows another object's (sequence of a serial or identity column, pg_depend a/i)."""
    note: str = ""
    """What its kind needs to be handled: ``all_tables`` for a FOR ALL TABLES publication, ``definer`` for a
    SECURITY DEFINER routine, ``trigger`` for a routine returning trigger, ``system`` for an object of the system
    itself (oid below 16384, schema public left out; parameters, which nobody owns), ``powerful`` for an extension whose
    owner could do more through it than an ordinary owner (see extensions.sql), else ""."""
    kept: str = ""
    """Letters that the system, or the script of its extension, never let PUBLIC have (pg_init_privs); "" for what
    is neither the system's nor an extension's, and for tables that a script has said nothing about."""


class DefaultRef(NamedTuple):
    """One row of pg_default_acl: for objects of ``objtype`` that ``creator`` makes in ``schema`` ("" for all)."""

    creator: str
    schema: str
    objtype: str
    """r relations, S sequences, f routines, T types, n schemas, L large objects (18+)."""


class Member(NamedTuple):
    """``member`` has the rights of ``role``. Since 16 there is a row for each grantor, before that a single one."""

    role: str
    member: str
    grantor: str


class MemberOptions(NamedTuple):
    """The options of a membership; ``inherit`` and ``set`` are None before 16."""

    admin: bool = False
    inherit: bool | None = None
    set: bool | None = None

    def joined(self, other: MemberOptions | None) -> MemberOptions:
        """The options of one membership that was granted twice."""
        if other is None:
            return self
        return MemberOptions(self.admin or other.admin, self.inherit or other.inherit, self.set or other.set)


class RoleFacts(NamedTuple):
    """The attributes of a role, as pg_roles shows them."""

    superuser: bool = False
    createdb: bool = False
    createrole: bool = False
    inherit: bool = True
    login: bool = False
    replication: bool = False
    bypassrls: bool = False
    connection_limit: int = -1
    valid_until: str | None = None
    """As PostgreSQL prints it in UTC, ISO style; None when unset or ``infinity``, which are the same."""
    expired: bool = False
    """``valid_until`` lies in the past of the server's clock."""
    password: bool = False
    """Whether a password is set; where pg_authid is unreadable, taken to be as ``login``."""
    elsewhere: tuple[str, ...] = ()
    """Other databases of the cluster with dependencies on the role (pg_shdepend), sorted."""
    comment: str = ""
    """The comment by which flatsplit marks whose the role is (walks/marks.py); "" for none or any other."""


class PolicyFacts(NamedTuple):
    """What a policy says, except for whom it is."""

    permissive: bool = True
    command: str = "*"
    """As pg_policy has it: r SELECT, a INSERT, w UPDATE, d DELETE, * all."""
    using: str = ""
    """As the server prints it with all names in quotes; flatsplit's own conditions as flatsplit writes them; "" for
    none.
    """
    check: str = ""


class RowSecurity(NamedTuple):
    """Whether row-level security is enabled on a table; ``forced``: for its owner, too."""

    enabled: bool = False
    forced: bool = False


class SettingKey(NamedTuple):
    """One row of pg_db_role_setting; "" stands for all roles or all databases."""

    role: str
    database: str


Settings: TypeAlias = tuple[tuple[str, str], ...]
"""(name, value) pairs sorted by name, values exactly as in setconfig."""
