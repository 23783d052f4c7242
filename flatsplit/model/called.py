"""Remembered facts about roles under the present names of the roles, some of which were renamed or dropped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from flatsplit.model.facts import Acl, ObjectFacts
from flatsplit.model.state import State

Called = Mapping[str, str | None]
"""Present names by former names; None where the role was dropped. A role that is not in it has kept its name."""


def mentioned(state: State) -> Iterator[str]:
    """Every role that a fact is about, or that is its grantor or grantee; some more than once."""
    for key in state.members:
        yield from key
    yield from (key.role for key in state.settings)
    yield from (item.grantee for acl in _acls(state) for item in acl)
    yield from (item.grantor for acl in _acls(state) for item in acl)
    yield from (ref.creator for ref in state.defaults)
    yield from (role for named in state.policies.values() for role in named)
    yield from (ref.args for ref in state.mappings)


def called_now(state: State, now: Called) -> State:
    """The same facts about the remaining roles. What was granted to or by a dropped role cannot be granted again and is
    left out.

    So is a membership that a dropped role granted, from 16 on. Before, the server keeps it when that role goes, and
    only records who granted it: there the operator grants it again.
    """
    anybody = None if state.target.membership_options else state.target.grantor

    def name(role: str) -> str | None:
        return now.get(role, role)

    def acl(items: Acl) -> Acl:
        found = []
        for item in items:
            grantee, grantor = name(item.grantee), name(item.grantor)
            if grantee is not None and grantor is not None:
                found.append(item._replace(grantee=grantee, grantor=grantor))
        return tuple(found)

    made: dict[int, ObjectFacts] = {}  # equal facts stay one Python object
    for group in state.groups:
        owner = name(group.facts.owner) or group.facts.owner
        made[id(group.facts)] = group.facts._replace(owner=owner, acl=acl(group.facts.acl))
    members = {}
    for key, options in state.members.items():
        role, member, grantor = name(key.role), name(key.member), name(key.grantor) or anybody
        if role is not None and member is not None and grantor is not None:
            members[key._replace(role=role, member=member, grantor=grantor)] = options
    policies = {
        ref: frozenset(one for role in named if (one := name(role)) is not None)
        for ref, named in state.policies.items()
    }
    return replace(
        state,
        members=members,
        settings={
            key._replace(role=one): row for key, row in state.settings.items() if (one := name(key.role)) is not None
        },
        objects={ref: made[id(facts)] for ref, facts in state.objects.items()},
        columns={ref: acl(items) for ref, items in state.columns.items()},
        defaults={
            ref._replace(creator=one): acl(items)
            for ref, items in state.defaults.items()
            if (one := name(ref.creator)) is not None
        },
        policies={ref: named for ref, named in policies.items() if named},
        mappings=frozenset(ref._replace(args=one) for ref in state.mappings if (one := name(ref.args)) is not None),
    )


def _acls(state: State) -> Iterator[Acl]:
    for group in state.groups:
        yield group.facts.acl
    yield from state.columns.values()
    yield from state.defaults.values()
