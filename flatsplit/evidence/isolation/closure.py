"""Whether the catalog keeps every tenant to its own rows, judged without a server. Two locks have to hold, not one.

A permissive policy alone is opened by any other one, a restrictive one beside ``true`` by the loss of its column. No
policy holds against membership in the owner, BYPASSRLS or a superuser; a member without INHERIT that has rights from
elsewhere escapes the restrictive policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from flatsplit import ddl, membership
from flatsplit.evidence.isolation.facts import Facts, Name, ReachedRelation, TablePolicy, TenantRole
from flatsplit.evidence.isolation.values import Breach
from flatsplit.model import Member, ObjectRef
from flatsplit.privileges import names as privilege_names
from flatsplit.tenants import Belonging, Survey
from flatsplit.tenants.condition import MAPPING
from flatsplit.tenants.kinds import APART
from flatsplit.tenants.naming import role_of

_COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
_ROWS = frozenset("rawd")
_OWN_ROW = '"role"=CURRENT_USER'


def breaches(facts: Facts, survey: Survey) -> tuple[Breach, ...]:
    """All that is wrong, roles first."""
    return tuple(chain(_roles(facts), _names(facts, survey), _tables(facts, survey), _mapping(facts, survey)))


def kind_of(survey: Survey, name: Name) -> Belonging | None:
    """What the table of this name is."""
    table = survey.structure.get(*name)
    return survey.belongings.get(table.ref) if table is not None else None


# -- roles


def _roles(facts: Facts) -> Iterator[Breach]:
    group = facts.group
    if group not in facts.roles:
        yield Breach("no-group", group, f"there is no role {group}", "flatsplit next --walk tenants makes it")
        return
    for role in facts.roles.values():
        yield from _attributes(facts, role)
        if role.name != group:
            yield from _membership(facts, role)
        yield from _reaches(facts, role)
    for name in sorted(facts.tenants.keys() - facts.roles.keys()):
        yield Breach(
            "no-role",
            name,
            f"{name} is a tenant's by the mapping, and no role: whoever creates one of that name is that tenant",
            "flatsplit tenants --drop KEY takes the row away",
        )
    for name, owns, what in facts.own_rights:
        if owns:
            yield Breach("owner", name, f"{name} owns {what}", "give it to the tables' owner")
        elif name != group:
            yield Breach("own-right", name, f"{name} holds rights of its own on {what}", "revoke them")


def _names(facts: Facts, survey: Survey) -> Iterator[Breach]:
    """Roles that the mapping gives to one tenant, and that are called like another's: somebody changed a row of it."""
    called: dict[str, str] = {}
    for key in {*facts.tenants.values(), *(survey.structure.keys or ())}:
        with suppress(ValueError):
            called[role_of(survey.tenants, key)] = key
    table = ddl.ident(survey.tenants.schema, MAPPING)
    for role, key in sorted(facts.tenants.items()):
        other = called.get(role, key)
        if other != key:
            fix = f"UPDATE {table} SET tenant = {ddl.literal(other)} WHERE role = {ddl.literal(role)};"  # noqa: S608 (quoted by ddl)
            yield Breach(
                "others-name",
                role,
                f"{role} is tenant {key!r} by the mapping, and is called like tenant {other!r}",
                fix,
            )


def _attributes(facts: Facts, role: TenantRole) -> Iterator[Breach]:
    name = role.name
    for held, key, what, word in (
        (role.superuser, "superuser", "is a superuser: no policy holds", "NOSUPERUSER"),
        (role.bypass, "bypass", "has BYPASSRLS: no policy holds", "NOBYPASSRLS"),
        (role.createrole, "createrole", "has CREATEROLE: it can make itself a member of others", "NOCREATEROLE"),
        (role.replication, "replication", "has REPLICATION: it can copy the whole server", "NOREPLICATION"),
    ):
        if held:
            yield Breach(key, name, f"{name} {what}", f"ALTER ROLE {ddl.ident(name)} {word};")
    if role.admin:
        fix = _taken(facts, facts.group, name, admin_only=True)
        yield Breach("admin", name, f"{name} has ADMIN OPTION on {facts.group}: it can let others in", fix)


def _membership(facts: Facts, role: TenantRole) -> Iterator[Breach]:
    name, group = role.name, facts.group
    if name in facts.tenants and not role.direct:
        join = _joined(facts, name, "")
        what = f"{name} is not a member of {group}, and a tenant by its name alone: perhaps it is another role now"
        yield Breach("no-member", name, what, join)
    elif role.direct and not role.inherit:
        grantors = [key.grantor for key in facts.memberships if key[:2] == (group, name)]
        fix = _joined(facts, name, grantors[0] if grantors else "")
        yield Breach("noinherit", name, f"{name} does not inherit from {group}: the policies are not for it", fix)
    if name not in facts.tenants:
        fix = " ".join(_taken(facts, first, name) for first in _first_steps(facts, name, group))
        yield Breach("no-tenant", name, f"{name} is a member of {group} and nobody's by the mapping", fix)


def _reaches(facts: Facts, role: TenantRole) -> Iterator[Breach]:
    for other in role.others:
        what = "another tenant" if other in facts.roles else facts.powers.get(other)
        if what is None:
            continue
        fix = " ".join(_taken(facts, first, role.name) for first in _first_steps(facts, role.name, other))
        yield Breach("member", role.name, f"{role.name} is a member of {other}, {what}", fix)


def _joined(facts: Facts, name: str, grantor: str) -> str:
    """The statement by which a role inherits from the group: until 16 a role inherits from all or from none."""
    if not facts.member_options:
        join = f"GRANT {ddl.ident(facts.group)} TO {ddl.ident(name)};"
        return f"{join} ALTER ROLE {ddl.ident(name)} INHERIT;"
    by = f" GRANTED BY {ddl.ident(grantor)}" if grantor else ""
    return f"GRANT {ddl.ident(facts.group)} TO {ddl.ident(name)} WITH INHERIT TRUE{by};"


def _taken(facts: Facts, role: str, member: str, *, admin_only: bool = False) -> str:
    """The statements that end a membership: since 16 the server keeps one a grantor, and takes away only that.

    What the member has handed on of the group goes before, and tenants get it anew, for the server refuses otherwise.
    """
    by = facts.member_options
    keys = [key for key in facts.memberships if key[:2] == (role, member)] or [Member(role, member, "")]
    lines = []
    for key in facts.memberships if by and role == facts.group else ():
        if key.role == role and key.grantor == member and key.member != member:
            stays = key.member in facts.tenants
            lines += [_joined(facts, key.member, ""), ddl.revoke_member(key, by=True)] if stays else []
            lines += [] if stays else [_taken(facts, role, key.member)]
    lines += [ddl.revoke_member(key, by=by and bool(key.grantor), admin_only=admin_only) for key in keys]
    return " ".join(lines)


def _first_steps(facts: Facts, name: str, other: str) -> list[str]:
    """Roles that this one is itself a member of and by which it comes to another, by another way than the group's."""
    direct = {key.role for key in facts.memberships if key.member == name}
    way = {facts.group} - {other}
    return [first for first in sorted(direct - way) if membership.path(facts.memberships, first, other, way)]


# -- tables


def _tables(facts: Facts, survey: Survey) -> Iterator[Breach]:
    by_table: dict[Name, list[TablePolicy]] = {}
    for policy in facts.policies:
        by_table.setdefault(policy.table, []).append(policy)
    for name, relation in facts.relations.items():
        if relation.kind not in "rp":
            continue
        one = kind_of(survey, name)
        said = _said(relation)
        if name == (survey.tenants.schema, MAPPING):
            continue
        if one is None or (relation.part and one.kind not in APART):
            if relation.reached and not relation.part:
                yield Breach(
                    "no-kind",
                    said,
                    f"tenants hold {_words(relation.reached)} on {said}, of which nobody has said whose rows it holds",
                    revoke(facts, relation, relation.reached),
                )
        elif one.kind == "hidden" and relation.reached:
            yield Breach(
                "hidden",
                said,
                f"tenants hold {_words(relation.reached)} on {said}, which is none of their business",
                revoke(facts, relation, relation.reached),
            )
        elif one.kind == "shared" and (more := set(relation.reached) - {"r"}):
            yield Breach(
                "shared-writes",
                said,
                f"tenants hold {_words(more)} on {said}, which is everybody's",
                revoke(facts, relation, more),
            )
        elif one.kind in APART:
            yield from _apart(facts, survey, relation, one, by_table.get(name, []))


def _apart(
    facts: Facts, survey: Survey, relation: ReachedRelation, one: Belonging, policies: list[TablePolicy]
) -> Iterator[Breach]:
    said, table = _said(relation), ddl.ident(*relation.name)
    if relation.forced:
        yield Breach(
            "forced",
            said,
            f"{said} has FORCE ROW LEVEL SECURITY: its owner, and what checks foreign keys for it, sees no rows",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;",
        )
    if not relation.reached:
        return
    if more := set(relation.reached) - _ROWS:
        yield Breach(
            "beyond-rows",
            said,
            f"tenants hold {_words(more)} on {said}, which reaches beyond rows",
            revoke(facts, relation, more),
        )
    if not relation.enabled:
        yield Breach(
            "rls-off",
            said,
            f"row-level security is off on {said}: tenants see all rows",
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;",
        )
    mine = [policy for policy in policies if _applies(facts, policy)]
    for policy in mine:
        if policy.permissive and not _ours(survey, policy, one):
            whom = "everybody" if "" in policy.roles else ", ".join(sorted(set(policy.roles) & facts.audience))
            yield Breach(
                "policy",
                f"policy {policy.name} on {said}",
                f"policy {policy.name} on {said} is for {whom} and says other than whose a row is",
                _narrowed(facts, policy, table),
            )
    for letter in sorted(set(relation.reached) & _ROWS, key="rawd".index):
        for permissive, key in ((True, "permissive"), (False, "restrictive")):
            if not any(
                policy.permissive is permissive
                and policy.command in ("*", letter)
                and facts.group in policy.roles
                and _ours(survey, policy, one)
                for policy in mine
            ):
                yield Breach(
                    f"no-{key}",
                    said,
                    f"{said} has no {key} policy that keeps tenants to their own rows on {_COMMANDS[letter]}",
                    "flatsplit tenants --sync makes it",
                )


def _narrowed(facts: Facts, policy: TablePolicy, table: str) -> str:
    """The policy for those who hold rights there and are no tenants; gone, where there are none."""
    held = facts.holders.get(policy.table, ()) if "" in policy.roles else policy.roles
    if named := set(held) - facts.audience:
        return ddl.alter_policy(ObjectRef("policy", *policy.table, policy.name), named)
    return f"DROP POLICY {ddl.ident(policy.name)} ON {table};"


def _applies(facts: Facts, policy: TablePolicy) -> bool:
    return "" in policy.roles or not facts.audience.isdisjoint(policy.roles)


def _ours(survey: Survey, policy: TablePolicy, one: Belonging) -> bool:
    """Whether a policy says exactly whose a row is: for reading, rows of nobody's may be with them."""
    wanted = one.condition(survey.tenants.schema)
    reads = survey.tenants.null_rows == "read" and policy.command == "r"
    allowed = [wanted, wanted._replace(or_null=True)] if wanted is not None and reads else [wanted]
    texts = [text for text in (policy.using, policy.check) if text]
    needs_using = policy.command != "a"
    if (needs_using and not policy.using) or not texts:
        return False
    return all(ddl.recognise(text, policy.table[1]) in allowed for text in texts)


# -- the mapping


def _mapping(facts: Facts, survey: Survey) -> Iterator[Breach]:
    name = (survey.tenants.schema, MAPPING)
    relation = facts.relations.get(name)
    if relation is None:
        what = f"there is no table {'.'.join(name)}: tenants see nothing"
        yield Breach("no-mapping", ".".join(name), what, "flatsplit tenants --sync makes it")
        return
    said = _said(relation)
    if more := set(relation.reached) - {"r"}:
        yield Breach(
            "mapping-writes",
            said,
            f"tenants hold {_words(more)} on {said}: they can say whose they are",
            revoke(facts, relation, more),
        )
    if not relation.enabled:
        fix = f"ALTER TABLE {ddl.ident(*name)} ENABLE ROW LEVEL SECURITY;"
        yield Breach("rls-off", said, f"row-level security is off on {said}: tenants see who the others are", fix)
    for policy in facts.policies:
        if policy.table == name and _applies(facts, policy) and policy.permissive:
            text = re.sub(r"[()\s]", "", policy.using)
            if text != _OWN_ROW or policy.check not in ("", policy.using):
                yield Breach(
                    "policy",
                    f"policy {policy.name} on {said}",
                    f"policy {policy.name} on {said} shows a tenant more than its own row",
                    f"DROP POLICY {ddl.ident(policy.name)} ON {ddl.ident(*name)};",
                )


def _said(relation: ReachedRelation) -> str:
    return "table " + ".".join(relation.name)


def _words(letters: str | set[str]) -> str:
    return privilege_names("".join(letters))


def revoke(facts: Facts, relation: ReachedRelation, letters: str | set[str]) -> str:
    """The statement that takes these rights on a relation from tenants and from everybody."""
    words = _words(letters)
    return f"REVOKE {words} ON {ddl.ident(*relation.name)} FROM {ddl.ident(facts.group)}, PUBLIC;"
