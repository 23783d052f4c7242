"""Memberships that matter in other databases only: they reach across the cluster, while most rights do not.

Where legacy serves two databases, the walk of one makes it a member of that database's app_migrator. In the other one
that looks like any membership. Carried over, it would let one application's migration tool own the other's tables, and
the second walk would make the two members of each other; taken away, it would break the first walk's bridge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit.model import JOURNAL_SCHEMA, State


def abroad(member: str, state: State, *others: State) -> frozenset[str]:
    """Roles that ``member`` is a member of, in this State or the others, and that matter in other databases only.

    They have rights in other databases, none in this one, and are members of nothing that the member does not have
    otherwise.
    """
    direct = {key.role for each in (state, *others) for key in each.members if key.member == member}
    foreign = {name for name in direct if _foreign(state, name)}
    if not foreign:
        return frozenset()  # as in most databases, which are spared the look at all objects below
    away = foreign.difference(at_work(state))
    return frozenset(name for name in away if state.member_of(name) <= direct)


def _foreign(state: State, name: str) -> bool:
    facts = state.roles.get(name)
    if facts is None or name.startswith("pg_"):
        return False
    return bool(facts.elsewhere) and not (facts.superuser or facts.createrole or facts.bypassrls)


def at_work(state: State) -> Iterator[str]:
    """Roles that own something in this database, have rights in it, or have a setting for it.

    Reading flatsplit's own tables does not count: every role that could dump the database is given that.
    """
    for group in state.groups:
        if JOURNAL_SCHEMA in (group.schema, group.refs[0].name if group.kind == "schema" else ""):
            continue
        yield group.facts.owner
        yield from (item.grantee for item in group.facts.acl)
    for acl in state.columns.values():
        yield from (item.grantee for item in acl)
    for ref, acl in state.defaults.items():
        yield ref.creator
        yield from (item.grantee for item in acl)
    yield from _flat(state.policies.values())
    yield from (ref.args for ref in state.mappings)
    yield from (key.role for key in state.settings if key.database == state.target.database)


def _flat(several: Iterable[Iterable[str]]) -> Iterator[str]:
    for each in several:
        yield from each
