"""Roles that are another database's affair. Memberships reach across the cluster, most roles' work does not.

Where legacy serves two databases, the walk of one makes it a member of that database's app_migrator. Seen from the
other one that is a membership like any: carried over, it would let one application's migration tool own the other's
tables, and the second walk would tie the two into a circle; taken away, it would break the first walk's bridge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit.model import JOURNAL_SCHEMA, State


def abroad(member: str, state: State, *others: State) -> frozenset[str]:
    """Roles that ``member`` is a member of, in this State or the others, and that only matter in other databases.

    They hold something in others, nothing in this one, and lead to nothing more than the member's other memberships.
    """
    direct = {key.role for each in (state, *others) for key in each.members if key.member == member}
    foreign = {name for name in direct if _foreign(state, name)}
    if not foreign:
        return frozenset()  # as almost everywhere; the look at all objects below is not for nothing then
    away = foreign.difference(at_work(state))
    return frozenset(name for name in away if state.member_of(name) <= direct)


def _foreign(state: State, name: str) -> bool:
    facts = state.roles.get(name)
    if facts is None or name.startswith("pg_"):
        return False
    return bool(facts.elsewhere) and not (facts.superuser or facts.createrole or facts.bypassrls)


def at_work(state: State) -> Iterator[str]:
    """Roles that own something in this database, may do something in it or have a setting for it.

    To read flatsplit's own tables is to do nothing: whoever could dump the database is let into them.
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
