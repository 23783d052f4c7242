"""Row-level security: what policies say, where it is enabled, and which role belongs to which tenant."""

from __future__ import annotations

from sys import intern
from typing import cast

from psycopg import errors, sql

from flatsplit import ddl
from flatsplit.catalog.memory import keep, recall
from flatsplit.catalog.objects import is_temporary
from flatsplit.catalog.session import PATIENCE, Look
from flatsplit.errors import TargetError
from flatsplit.model import Kind, ObjectRef, PolicyFacts, RowSecurity
from flatsplit.tenants.condition import COMMENT, MAPPING


def read_conditions(look: Look) -> dict[ObjectRef, PolicyFacts]:
    """What each policy says; flatsplit's own conditions as flatsplit writes them.

    A session that only looks does not wait: while a table with such policies is locked, their conditions are left out.
    """
    if not look.once("policies"):
        return {}
    mappings = [row[0] for row in look.once("tenancies", COMMENT, MAPPING)]
    before = recall(look)
    known = dict(before.expressions(mappings)) if before is not None else {}
    try:
        with look.letting_go():
            look.rows(PATIENCE)
            oids, rows_ = [oid for oid, _ in known], [xmin for _, xmin in known]
            rows = look.ask("conditions", oids, rows_, mappings, mappings)
    except errors.LockNotAvailable:
        return {}
    found, said = {}, {}
    for oid, xmin, schema, table, policy, permissive, command, using, check in rows:
        words = known[oid, xmin] if using is None else (ddl.canonical(using, table), ddl.canonical(check, table))
        if using is None or (_lasts(using, table) and _lasts(check, table)):
            said[oid, xmin] = words
        if not is_temporary(schema):
            found[ObjectRef("policy", intern(schema), table, policy)] = PolicyFacts(permissive, command, *words)
    if (kept := keep(look, said)) is not None:
        kept.expressions(mappings).clear()
        kept.said.update(said)
    return found


def _lasts(text: str, table: str) -> bool:
    """Whether the text can only change with the policy, or with the names of tables and columns.

    Other conditions may name functions, operators, collations, labels of an enum, or roles.
    """
    return text in ("", "true") or text.startswith("tree ") or ddl.recognise(text, table) is not None


def read_row_security(look: Look) -> dict[ObjectRef, RowSecurity]:
    """The tables with row-level security."""
    return {
        ObjectRef(cast(Kind, intern(kind)), intern(schema), name): RowSecurity(enabled, forced)
        for kind, schema, name, enabled, forced in look.ask("row_security")
        if not is_temporary(schema)
    }


def read_tenancies(look: Look) -> dict[ObjectRef, str]:
    """The tables that map roles to tenants, with the type of a key. Raises TargetError for one that is not safe to
    read.
    """
    found = {}
    for _, schema, name, key_type, _, _, strange in look.once("tenancies", COMMENT, MAPPING):
        ref = ObjectRef("table", schema, name)
        if strange:
            raise TargetError(
                f"{ddl.label(ref)} has rules, children, generated columns, or indexes or statistics with expressions",
                "have its owner drop them: whoever asks it whose a role is would run their code",
            )
        found[ref] = str(key_type)
    return found


def read_tenants(look: Look) -> tuple[dict[str, str], list[ObjectRef]]:
    """The rows of those tables, key by role, and the tables that may not be read.

    Where policies apply to the operator, the server would plan the COPY, and so evaluate expressions that somebody has
    just put into an index or a policy: no lock that a reader can take keeps off CREATE INDEX or CREATE STATISTICS. So
    it is copied as a member of the table's owner, to whom policies do not apply; the membership ends right after that.
    """
    found: dict[str, str] = {}
    unread = []
    for _, schema, name, key_type, owner, reads, strange in look.once("tenancies", COMMENT, MAPPING):
        if strange:
            continue
        try:
            if not reads:
                raise errors.InsufficientPrivilege
            with look.letting_go():
                if reads == "owner":
                    look.join(owner)
                rows = look.copied(sql.Identifier(schema, name), "role", "tenant")
        except (errors.InsufficientPrivilege, errors.InvalidGrantOperation):  # FORCE, or a member that does not inherit
            unread.append(ObjectRef("table", schema, name))
            continue
        pairs = [(role, key) for role, key in rows if role is not None and key is not None]
        said = look.texts(key_type, {key for _, key in pairs}) if pairs else {}
        found.update((role, said[key]) for role, key in pairs)
    return found, unread
