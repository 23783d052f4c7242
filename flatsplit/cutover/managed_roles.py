"""The roles that the walks of a database made or manage: those of programs, logins of groups, special roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flatsplit import blueprint
from flatsplit.model import SPLIT, RoleFacts, SettingKey, State
from flatsplit.planning.situation import Situation as AnySituation
from flatsplit.rights.gifts import POWERS, Managed
from flatsplit.walks import group, role, split

if TYPE_CHECKING:
    from flatsplit.cutover.situation import Situation


def managed(situation: Situation) -> Iterator[Managed]:
    """Those whose walk has taken its first step, with what each was before."""
    first = situation.turned(SPLIT)
    if first.done >= split.ORDINAL[split.CREATE_ROLES]:
        before = first.context.baseline
        for name in blueprint.programs(first.config):
            # Some migrations make roles and subscriptions
            powers = POWERS[:1] if name == blueprint.owner(first.config) else POWERS
            yield _managed(name, before, powers)
    for one in begun(first, group.NAME, group.CREATE_LOGINS):
        for login in one.context.logins:
            acts_as = one.context.role if one.context.group.as_group else ""
            yield _managed(login, one.context.baseline)._replace(acts_as=acts_as)
    for one in begun(first, role.NAME, role.CREATE_ROLE):
        yield _managed(one.context.role, one.context.baseline)


def logins_made(situation: Situation) -> Iterator[blueprint.Role]:
    """The logins that walks have made for groups, each with the purpose of its group."""
    first = situation.turned(SPLIT)
    purposes = {one.name: one.purpose for one in blueprint.roles(first.config)}
    for one in begun(first, group.NAME, group.CREATE_LOGINS):
        for login in one.context.logins:
            if login not in one.context.baseline.roles:
                yield blueprint.Role(login, purposes[one.context.role])


def begun(first: Situation, kind: str, step: str) -> Iterator[AnySituation[Any]]:
    """The kept walks of this kind that have taken this step."""
    for link in first.others:
        if link.name.kind == kind and step in link.kind.keys[: link.done]:
            yield first.turned(link.name)


def _managed(name: str, before: State, powers: tuple[str, ...] = POWERS) -> Managed:
    keys = (SettingKey(name, ""), SettingKey(name, before.target.database))
    began = ((key, value) for key in keys for one, value in before.settings.get(key, ()) if one == "role")
    let_in = (key.role for key, options in before.members.items() if key.member == name and options.admin)
    return Managed(name, powers, before.roles.get(name, RoleFacts()), frozenset(began), let_in=frozenset(let_in))
