"""twins-alike: the login that is to be used can do what the former one can, and no more."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import Acl, GateResult, State
from flatsplit.server.asking import ask
from flatsplit.walks import used_elsewhere
from flatsplit.walks.rotate.context import Context
from flatsplit.walks.rotate.prepare import ALIKE, memberships
from flatsplit.words import listed, more

SHOWN = 3


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with what only one of them has."""
    former, coming = asked.context.former, asked.context.coming
    found = list(differences(asked.state, former, coming))
    if not found and (wanted := _elsewhere(asked)):
        what = f"in another database {coming} has not the settings of {former}, so its sessions differ there"
        return GateResult("twins-alike", False, what, " ".join(wanted))
    if not found:
        return GateResult("twins-alike", True, f"{coming} has the rights and the settings of {former}")
    group = ddl.ident(asked.context.role)
    return GateResult(
        "twins-alike",
        False,
        f"{former} and {coming} are not alike: {listed(found, SHOWN, apart='; ')}",
        f"give to the group what both need (GRANT … TO {group};) and take it from the twins",
    )


def _elsewhere(asked: Asked[Context]) -> list[str]:
    """What gives the coming login the settings of the former one for other databases, which no State holds.

    Without its setting ``role`` for such a database, what it creates there would be its own.
    """
    former, coming = asked.context.former, asked.context.coming
    rows: dict[str, dict[tuple[str, str], str]] = {former: {}, coming: {}}
    for role, database, name, value in ask(asked.session.driver, "settings_elsewhere", {"roles": [former, coming]}):
        rows[role][database, name] = ddl.withheld(name, value)
    now, then = rows[coming], rows[former]
    gone = [ddl.reset_setting(coming, *place) for place in now if place not in then]
    return gone + [ddl.set_setting(coming, *place, value) for place, value in then.items() if now.get(place) != value]


def differences(state: State, one: str, other: str) -> Iterator[str]:
    """What only one of them has, other than LOGIN, password and comment; each in a few words."""
    if one not in state.roles or other not in state.roles:
        yield f"there is no role {other if one in state.roles else one}"
        return
    now, then = state.roles[one], state.roles[other]
    for name in (*ALIKE, "superuser"):
        if getattr(now, name) != getattr(then, name):
            yield f"{name.replace('_', ' ')} {getattr(now, name)} and {getattr(then, name)}"
    if memberships(state, one) != memberships(state, other):
        yield "members of other roles"
    if elsewhere := set(now.elsewhere) ^ set(then.elsewhere):
        yield f"rights in database {used_elsewhere.listed(sorted(elsewhere))}"
    mine, theirs = (
        {key.database: row for key, row in state.settings.items() if key.role == name} for name in (one, other)
    )
    if mine != theirs:
        yield "settings"
    for group in state.groups:
        first = group.refs[0]
        where = ddl.label(first) + more(len(group.refs) - 1)
        if {group.facts.owner} & {one, other}:
            yield f"{group.facts.owner} owns {where}"
        if _of(group.facts.acl, one) != _of(group.facts.acl, other):
            yield f"rights on {where}"
    for ref, acl in state.columns.items():
        if _of(acl, one) != _of(acl, other):
            yield f"rights on {ddl.label(ref)}"
    for default, acl in state.defaults.items():
        if default.creator in (one, other) or _of(acl, one) != _of(acl, other):
            yield "default privileges"
            break
    for ref, named in state.policies.items():
        if (one in named) != (other in named):
            yield f"policy {ref.args} on {ref.name}"
    for ref in state.mappings:
        twin = ref._replace(args=other if ref.args == one else one)
        if ref.args in (one, other) and twin not in state.mappings:
            yield f"a user mapping of server {ref.name}"


def _of(acl: Acl, role: str) -> list[tuple[str, str]]:
    return sorted((item.privileges, item.grantable) for item in acl if item.grantee == role)


GATE = Gate("twins-alike", judge, "both logins of the pair can do exactly the same")
