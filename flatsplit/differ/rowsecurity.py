"""Row-level security: policies, the tables on which it is enabled, and which role belongs to which tenant.

Policies are created before the rights that depend on them, and dropped after these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TypeVar

from flatsplit import ddl, privileges
from flatsplit.model import OWNER, PUBLIC, Acl, Change, ObjectFacts, ObjectRef, PolicyFacts, Side, State, Statement

T = TypeVar("T")
PER_STATEMENT = 200
"""Rows in one INSERT."""
EXCLUSIVE = "ACCESS EXCLUSIVE"


# -- the table that maps roles to tenants


def made(have: State, want: State) -> Iterator[Statement]:
    """CREATE TABLE for the table that maps roles to tenants, with its schema where that does not exist."""
    for ref in sorted(want.tenancies.keys() - have.tenancies.keys()):
        yield _tenancy(have, want, ref, "+")


def gone(have: State, want: State) -> Iterator[Statement]:
    """DROP TABLE for it, with its schema where flatsplit created that."""
    for ref in sorted(have.tenancies.keys() - want.tenancies.keys()):
        yield _tenancy(want, have, ref, "-")


def _tenancy(without: State, there: State, ref: ObjectRef, side: Side) -> Statement:
    schema = ObjectRef("schema", "", ref.schema) not in without.objects
    owner, key_type = there.objects[ref].owner, there.tenancies[ref]
    create = ddl.create_tenancy(ref, key_type, owner, schema=schema)
    drop = ddl.drop_tenancy(ref, schema=schema)
    changes = [Change(side, "tenancy", ddl.label(ref), key_type)]
    for each in (ObjectRef("schema", "", ref.schema), ref)[not schema :]:
        changes.append(Change(side, "owner", ddl.label(each), owner))
        first = privileges.default_acl(each.kind, there.target.major)
        acl = first if side == "+" else there.objects[each].acl
        changes += _held(side, ddl.label(each), acl, owner)
    if side == "-":
        changes += _kept_apart(there, ref)
    return Statement(
        description=f"{'create' if side == '+' else 'drop'} {ddl.label(ref)}"
        + (f" and its schema {ref.schema}" if schema else ""),
        sql=create if side == "+" else drop,
        undo=drop if side == "+" else create,
        lock="",
        objects=() if side == "+" else (ref,),
        changes=tuple(changes),
        acts=(owner,),
    )


def _held(side: Side, subject: str, acl: Acl, owner: str) -> Iterator[Change]:
    for item in acl:
        grantee = owner if item.grantee == OWNER else item.grantee or "PUBLIC"
        grantor = owner if item.grantor == OWNER else item.grantor
        yield Change(side, "privilege", subject, f"{grantee}={item.privileges}/{grantor}")


def _kept_apart(state: State, table: ObjectRef) -> Iterator[Change]:
    """The facts that disappear together with the table: its policies, row-level security and rows."""
    for ref in sorted(state.policies):
        if (ref.schema, ref.name) == (table.schema, table.name):
            yield from whole(state, ref, "-")
    if _enabled(state, table):
        yield Change("-", "row_security", ddl.label(table), "enabled")
    for role, key in sorted(state.tenants.items()):
        yield Change("-", "tenant", role, key)


def with_made(have: State, want: State) -> State:
    """``have`` as it is after :func:`made`; the other statements are the difference from there."""
    new = want.tenancies.keys() - have.tenancies.keys()
    if not new:
        return have
    objects = dict(have.objects)
    for ref in new:
        for each in (ObjectRef("schema", "", ref.schema), ref):
            owner = want.objects[ref].owner
            objects.setdefault(each, ObjectFacts(owner, privileges.default_acl(each.kind, have.target.major)))
    tenancies = {**have.tenancies, **{ref: want.tenancies[ref] for ref in new}}
    return replace(have, objects=objects, tenancies=tenancies)


def without_gone(have: State, want: State) -> State:
    """``have`` without the facts that disappear with the dropped tables, so that no statement removes them first."""
    lost = have.tenancies.keys() - want.tenancies.keys()
    if not lost:
        return have
    tables = {(ref.schema, ref.name) for ref in lost}

    def kept(content: Mapping[ObjectRef, T]) -> dict[ObjectRef, T]:
        return {ref: facts for ref, facts in content.items() if (ref.schema, ref.name) not in tables}

    return replace(
        have,
        policies=kept(have.policies),
        conditions=kept(have.conditions),
        row_security=kept(have.row_security),
    )


# -- policies


def policies_made(have: State, want: State) -> Iterator[Statement]:
    """CREATE POLICY, all policies of a table in one statement: it is locked once, and never has only some of them."""
    for table, refs in _by_table(want.policies.keys() - have.policies.keys()):
        if all(ref in want.conditions for ref in refs):
            yield _policies(want, have, table, refs, "+")


def policies_gone(have: State, want: State) -> Iterator[Statement]:
    """DROP POLICY for policies that are not dropped because their roles are (see :func:`stays`)."""
    left = (ref for ref in have.policies.keys() - want.policies.keys() if stays(have, want, ref))
    for table, refs in _by_table(left):
        yield _policies(have, want, table, refs, "-")


def stays(have: State, want: State, ref: ObjectRef) -> bool:
    """Whether a policy has to be dropped by a statement of its own. False where all its roles are dropped, unless it is
    one that keeps tenants apart: that one is dropped after the tenants' rights.
    """
    facts = have.conditions.get(ref)
    if facts is None:
        return False
    tenants = ddl.recognise(facts.using or facts.check, ref.name) is not None
    return tenants or not have.policies[ref].isdisjoint({*want.roles, PUBLIC})


def _by_table(refs: Iterable[ObjectRef]) -> Iterator[tuple[tuple[str, str], list[ObjectRef]]]:
    for table, some in groupby(sorted(refs), key=lambda ref: (ref.schema, ref.name)):
        yield table, list(some)


def _policies(there: State, other: State, table: tuple[str, str], refs: Sequence[ObjectRef], side: Side) -> Statement:
    create = " ".join(ddl.create_policy(ref, there.conditions[ref], there.policies[ref]) for ref in refs)
    drop = " ".join(ddl.drop_policy(ref) for ref in refs)
    names = ", ".join(ref.args for ref in refs)
    word = "policy" if len(refs) == 1 else "policies"
    return Statement(
        description=f"{'create' if side == '+' else 'drop'} {word} {names} on {table[0]}.{table[1]}".replace(
            "\n", "\\n"
        ),
        sql=create if side == "+" else drop,
        undo=drop if side == "+" else create,
        lock=EXCLUSIVE,
        objects=tuple(refs),
        changes=tuple(change for ref in refs for change in whole(there, ref, side)),
        acts=(there.relation_owner(refs[0]) or other.relation_owner(refs[0]),),
    )


def whole(state: State, ref: ObjectRef, side: Side) -> Iterator[Change]:
    """All facts of one policy."""
    subject = ddl.label(ref)
    if ref in state.conditions:
        yield Change(side, "condition", subject, said(state.conditions[ref]))
    for role in sorted(state.policies[ref]):
        yield Change(side, "policy", subject, role or "PUBLIC")


def said(facts: PolicyFacts) -> str:
    """The definition of a policy on one line."""
    kind = "permissive" if facts.permissive else "restrictive"
    return f"{kind} {facts.command} using {facts.using or '-'} check {facts.check or '-'}"


def policies_changed(have: State, want: State) -> Iterator[Statement]:
    """ALTER POLICY … USING …; where that cannot be altered, DROP and CREATE in one statement."""
    changed = [ref for ref, now in have.conditions.items() if want.conditions.get(ref, now) != now]
    for ref in sorted(ref for ref in changed if ref in have.policies and ref in want.policies):
        now, then = have.conditions[ref], want.conditions[ref]
        alike = now[:2] == then[:2] and bool(now.using) == bool(then.using) and bool(now.check) == bool(then.check)
        subject = ddl.label(ref)
        yield Statement(
            description=f"{subject}: {then.using or then.check}".replace("\n", "\\n"),
            sql=_become(ref, then, want.policies[ref], alike=alike),
            undo=_become(ref, now, want.policies[ref], alike=alike),
            lock=EXCLUSIVE,
            objects=(ref,),
            changes=(Change("-", "condition", subject, said(now)), Change("+", "condition", subject, said(then))),
            acts=(have.relation_owner(ref),),
        )


def _become(ref: ObjectRef, facts: PolicyFacts, roles: frozenset[str], *, alike: bool) -> str:
    if alike:
        return ddl.alter_policy_says(ref, facts)
    return f"{ddl.drop_policy(ref)} {ddl.create_policy(ref, facts, roles)}"


# -- where row-level security is enabled


def switched(have: State, want: State, *, on: bool) -> Iterator[Statement]:
    """ALTER TABLE … ENABLE (or with ``on`` false DISABLE) ROW LEVEL SECURITY."""
    facts, others = (want.row_security, have.row_security) if on else (have.row_security, want.row_security)
    enabled = (ref for ref, one in facts.items() if one.enabled and one is not others.get(ref))
    for ref in sorted(ref for ref in enabled if not _enabled(have if on else want, ref)):
        what = "on" if on else "off"
        yield Statement(
            description=f"row-level security {what}: {ddl.label(ref)}",
            sql=ddl.row_security(ref, enabled=on),
            undo=ddl.row_security(ref, enabled=not on),
            lock=EXCLUSIVE,
            objects=(ref,),
            changes=(Change("+" if on else "-", "row_security", ddl.label(ref), "enabled"),),
            acts=(have.relation_owner(ref) or want.relation_owner(ref),),
        )


def _enabled(state: State, ref: ObjectRef) -> bool:
    found = state.row_security.get(ref)
    return found is not None and found.enabled


# -- which role belongs to which tenant


def tenants_gone(have: State, want: State) -> Iterator[Statement]:
    """DELETE of the rows of roles that are no tenants any more. They go before the roles do: a role that is created
    later under the same name must not find a row.
    """
    rows = [
        (role, key)
        for role, key in sorted(have.tenants.items())
        if want.tenants.get(role) != key and not have.tenancies.keys() - want.tenancies.keys()
    ]
    yield from _rows(have, rows, "-")


def tenants_come(have: State, want: State) -> Iterator[Statement]:
    """INSERT of the rows of new tenants. They come after the memberships."""
    rows = [(role, key) for role, key in sorted(want.tenants.items()) if have.tenants.get(role) != key]
    yield from _rows(want, rows, "+")


def _rows(state: State, rows: Sequence[tuple[str, str]], side: Side) -> Iterator[Statement]:
    for ref in sorted(state.tenancies)[:1]:
        make = partial(_some_rows, ref, state.objects[ref].owner, side)
        for start in range(0, len(rows), PER_STATEMENT):
            yield make(rows[start : start + PER_STATEMENT])


def _some_rows(ref: ObjectRef, owner: str, side: Side, rows: Sequence[tuple[str, str]]) -> Statement:
    add, remove = ddl.add_tenants(ref, owner, rows), ddl.remove_tenants(ref, owner, rows)
    who = f"role {rows[0][0]} is tenant {rows[0][1]}" if len(rows) == 1 else f"{len(rows)} roles are tenants"
    split: Callable[[], tuple[Statement, ...]] | None = None
    if len(rows) > 1:
        split = lambda: tuple(_some_rows(ref, owner, side, [row]) for row in rows)  # noqa: E731 (called later, and only if it is contended)
    return Statement(
        description=(who if side == "+" else f"no longer: {who}").replace("\n", "\\n"),
        sql=add if side == "+" else remove,
        undo=remove if side == "+" else add,
        lock="",
        changes=tuple(Change(side, "tenant", role, key) for role, key in rows),
        acts=(owner,),
        split=split,
    )
