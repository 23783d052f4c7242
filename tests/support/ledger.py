"""Applies the changes that statements declare to a set of facts, as the server would, to check the differ.

A State becomes a set of single facts, each a tuple of words, and a statement's declared changes are applied to it. If
the result is not the wanted State, a statement declares something else than it does, or the differ made wrong ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import TypeAlias

from flatsplit import ddl, privileges
from flatsplit.differ.rowsecurity import said
from flatsplit.model import OWNER, Acl, ObjectRef, RoleFacts, State, Statement

Fact: TypeAlias = tuple[str, ...]
"""(kind, subject, …): ("owner", "table app.t", "shop"), ("privilege", "table app.t", "third", "r", "", "shop")."""

_FUTURE = {"r": "tables", "S": "sequences", "f": "routines", "T": "types", "n": "schemas", "L": "large objects"}
_TABLES = ("table", "partitioned_table", "foreign_table", "view", "materialized_view")
_READ = frozenset({"roles", "members", "settings", "objects", "columns", "defaults", "policies", "mappings"}) | {
    "conditions",
    "recorder",
    "row_security",
    "tenancies",
    "tenants",
}
_SILENT = frozenset({"target", "databases", "uses", "copied_mappings", "structure"})
"""Fields of a State that no statement changes."""
_ATTRIBUTES = tuple(name for name in RoleFacts._fields if name not in ("elsewhere", "expired", "comment"))


def unread() -> set[str]:
    """Fields of a State that this module does not know."""
    return {field.name for field in fields(State) if field.init} - _READ - _SILENT


def facts(state: State) -> set[Fact]:
    """The single facts of a State."""
    found: set[Fact] = set()
    for name, role in state.roles.items():
        found.update(_role(name, role, state))
    for key, options in state.members.items():
        words = [word for word in ("admin", "inherit", "set") if getattr(options, word)]
        by = key.grantor if state.target.membership_options else ""
        found.add(("member", key.member, key.role, ", ".join(words) or "plain", by))
    for setting, rows in state.settings.items():
        found.update(("setting", setting.role, name, value) for name, value in rows)
    for ref, each in state.objects.items():
        found.add(("owner", ddl.label(ref), each.owner))
        found.update(_privileges("privilege", ddl.label(ref), each.acl, each.owner))
    for ref, acl in state.columns.items():
        found.update(_privileges("column_privilege", ddl.label(ref), acl, _table_owner(state, ref)))
    for row, acl in state.defaults.items():
        if row.schema:
            subject = f"future {_FUTURE[row.objtype]} of {row.creator} in {row.schema}"
            found.update(_privileges("default_privilege", subject, acl, row.creator))
    for ref, named in state.policies.items():
        found.update(("policy", ddl.label(ref), role or "PUBLIC") for role in named)
    found.update(("condition", ddl.label(ref), said(each)) for ref, each in state.conditions.items())
    found.update(
        ("row_security", ddl.label(ref), "enabled") for ref, each in state.row_security.items() if each.enabled
    )
    found.update(("tenancy", ddl.label(ref), type_) for ref, type_ in state.tenancies.items())
    found.update(("tenant", role, key) for role, key in state.tenants.items())
    found.update(("user_mapping", ddl.label(ref)) for ref in state.mappings)
    found.update(("recorder", name, looks) for name, looks in state.recorder.items())
    return found


def _role(name: str, role: RoleFacts, state: State) -> Iterator[Fact]:
    """A role, its attributes, and its default privileges: the built-in ones where State has no row for them."""
    yield ("role", name)
    for field in _ATTRIBUTES:
        yield ("attribute", name, field, str(getattr(role, field)))
    if role.comment:
        yield ("comment", name, role.comment)
    for objtype, word in _FUTURE.items():
        built_in = privileges.default_acl(privileges.OBJTYPE_KIND[objtype], state.target.major)
        rows = (acl for row, acl in state.defaults.items() if row == (name, "", objtype))
        yield from _privileges("default_privilege", f"future {word} of {name}", next(rows, built_in), name)


def _privileges(what: str, subject: str, acl: Acl, owner: str) -> Iterator[Fact]:
    for item in acl:
        grantee = owner if item.grantee == OWNER else item.grantee or "PUBLIC"
        grantor = owner if item.grantor == OWNER else item.grantor
        for letter in item.privileges:
            yield (what, subject, grantee, letter, "", grantor)
        for letter in item.grantable:
            yield (what, subject, grantee, letter, "*", grantor)


def _table_owner(state: State, ref: ObjectRef) -> str:
    return next(
        state.objects[table].owner
        for kind in _TABLES
        if (table := ObjectRef(kind, ref.schema, ref.name)) in state.objects  # type: ignore[arg-type]
    )


class Ledger:
    """The facts of a State, changed by statements."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.facts = facts(state)

    def run(self, statements: Iterable[Statement]) -> set[Fact]:
        """Apply one statement after the other. Fails where one removes what is not there, or adds what is."""
        for statement in statements:
            for side, what, subject, detail in statement.changes:
                if what.endswith("privilege"):
                    self._privilege(side, what, subject, detail, statement.sql)
                    continue
                fact = self._fact(what, subject, detail)
                if side == "+":
                    self._add(fact, statement.sql)
                else:
                    self._take(fact, statement.sql)
                if what == "owner" and side == "+":
                    self._settle(statement, subject, detail)
        return self.facts

    def _fact(self, what: str, subject: str, detail: str) -> Fact:
        if what in ("role", "user_mapping"):
            return (what, subject)
        if what in ("attribute", "setting"):
            name, _, value = detail.partition("=")
            return (what, subject, name, value)
        if what == "member":
            role, _, rest = detail.removeprefix("member of ").partition(" (")
            words, _, grantor = rest.partition(") by ")
            return (what, subject, role, words, grantor if self._state.target.membership_options else "")
        return (what, subject, detail)

    def _add(self, fact: Fact, sql: str) -> None:
        assert fact not in self.facts, f"there already: {fact}, which is given by {sql}"
        self.facts.add(fact)
        if fact[0] == "role":
            self.facts.update(_role(fact[1], RoleFacts(), State(self._state.target)))

    def _take(self, fact: Fact, sql: str) -> None:
        assert fact in self.facts, f"not there: {fact}, which is taken away by {sql}"
        self.facts.discard(fact)
        if fact[0] == "role":
            self._dropped(fact[1])

    def _privilege(self, side: str, what: str, subject: str, detail: str, sql: str) -> None:
        grantee, _, rest = detail.partition("=")
        letters, _, grantor = rest.partition("/")
        option = letters.endswith("*")
        for letter in letters.rstrip("*"):
            plain, starred = ((what, subject, grantee, letter, mark, grantor) for mark in ("", "*"))
            if side == "+":
                self._add(starred if option else plain, sql)
                self.facts.add(plain)
            else:
                self._take(starred if option else plain, sql)
                self.facts.discard(starred)
                if "REVOKE " in sql:  # a DROP removes all privileges on the object anyway
                    self._taken_along(what, subject, (grantee, letter, grantor), sql)

    def _taken_along(self, what: str, subject: str, gone: tuple[str, str, str], sql: str) -> None:
        """Check what a REVOKE does besides: on a table it also ends column privileges, which have to be granted again,
        and it fails where the privilege was granted on to others (RESTRICT).
        """
        grantee, letter, grantor = gone
        if what == "privilege":
            columns = f"column {subject.rpartition(' ')[2]}."
            for fact in self.facts:
                if fact[0] == "column_privilege" and fact[1].startswith(columns) and fact[2:4] == (grantee, letter):
                    kept = f'{privileges.names(letter)} ("{fact[1].removeprefix(columns)}")'
                    again = re.search(f"GRANT [^;]*{re.escape(kept)}", sql)
                    assert fact[5] != grantor or again, f"{sql} takes along {fact}"
        of = subject.removeprefix("column ").rpartition(".")[0]
        owned = {subject, *(f"{kind.replace('_', ' ')} {of}" for kind in _TABLES)}
        if what != "default_privilege" and not any(
            fact[0] == "owner" and fact[1] in owned and fact[2] == grantee for fact in self.facts
        ):
            held = any(fact[:5] == (what, subject, grantee, letter, "*") for fact in self.facts)
            on = [
                fact for fact in self.facts if fact[:2] == (what, subject) and fact[3] == letter and fact[5] == grantee
            ]
            assert held or not on, f"{sql}: dependent privileges exist: {on}"

    def _dropped(self, name: str) -> None:
        """Apply a DROP ROLE, which removes the role's attributes, settings and memberships, and fails where anything
        else names the role.
        """
        own = {
            fact
            for fact in self.facts
            if (fact[0] in ("attribute", "setting", "comment") and fact[1] == name)
            or (fact[0] == "member" and name in fact[1:3])
            or (fact[0] == "default_privilege" and fact[1].endswith(f" of {name}"))
        }
        self.facts -= own
        left = [fact for fact in self.facts if name in fact[2:]]
        assert not left, f"DROP ROLE {name} would fail: {left}"

    def _settle(self, statement: Statement, subject: str, owner: str) -> None:
        """Apply what ALTER … OWNER does to the ACL: the old owner's entries become the new one's (aclnewowner()), those
        of a table's columns too.
        """
        olds = (c.detail for c in statement.changes if (c.side, c.fact, c.subject) == ("-", "owner", subject))
        old = next(olds, None)
        if old is None:
            return  # the object was just created
        kind, _, name = subject.partition(" ")
        columns = f"column {name}." if kind in ("table", "view") else "\0"
        for fact in list(self.facts):
            mine = fact[:2] == ("privilege", subject)
            mine |= fact[0] == "column_privilege" and fact[1].startswith(columns)
            if mine and old in (fact[2], fact[5]):
                self.facts.discard(fact)
                what, whose, grantee, letter, mark, grantor = fact
                to = (owner if grantee == old else grantee, owner if grantor == old else grantor)
                self.facts.add((what, whose, to[0], letter, mark, to[1]))
