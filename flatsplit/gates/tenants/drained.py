"""drained: nobody works as the application's role any more, except applications that need no tenant's row.

Sessions of its members count as well. Where pg_stat_statements is in use, a job that runs between two looks is noticed
too. It does not record the application's name: where the configuration names applications that stay, only the sessions
seen by looks count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from flatsplit import ddl, membership
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.connection import APPLICATION_NAME
from flatsplit.evidence.coverage import coverage
from flatsplit.gates import quiet
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import Backend, GateResult, ObjectRef
from flatsplit.server.sessions import read_sessions, server_clock
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed while the application's role would still see all rows after the step, while somebody works as it, and
    until nobody has for as long as the step rests.
    """
    role, stays = asked.context.application, frozenset(asked.context.tenants.stays)
    if (seeing := _seeing(asked)) is not None:
        return GateResult("drained", False, *seeing)
    acting = _acting(asked)
    if found := _here(asked, acting, stays):
        return _left(found, role, asked.context.tenants.stays)
    return quiet.since_begun("drained", asked, _quiet(asked, acting, asked.begun, stays), asked.rest)


def _seeing(asked: Asked[Context]) -> tuple[str, str] | None:
    """The problem and the fix, where the application's role would still see all rows after the step; else None."""
    role, state = asked.context.application, asked.state
    facts = state.roles.get(role)
    if facts is not None and (facts.bypassrls or facts.superuser):
        word = "SUPERUSER" if facts.superuser else "BYPASSRLS"
        return f"{role} has {word}: no policy holds for it", f"ALTER ROLE {ddl.ident(role)} NO{word};"
    becomes = membership.becomes(state, role)
    for ref in sorted(asked.context.apart):
        named = state.policies.get(ObjectRef("policy", ref.schema, ref.name, tenants.EVERYONE), frozenset())
        for other in sorted(named & becomes):
            return (
                f"{role} is a member of {other}, who sees all rows of {ddl.label(ref)}: it would go on seeing them",
                ddl.end_membership(state, other, role),
            )
    return None


def _acting(asked: Asked[Context]) -> Mapping[str, tuple[str, ...]]:
    """The application's role and the members that work as it, each with the role they act as. Without the operator,
    who may be a member for this work, and without the roles of this walk.
    """
    role, apart = asked.context.application, {asked.state.target.operator, *asked.context.made}
    return dict.fromkeys((role, *sorted(membership.acting(asked.state, role, apart))), (role,))


def _here(asked: Asked[Context], acting: Mapping[str, tuple[str, ...]], stays: Collection[str]) -> list[Backend]:
    found = read_sessions(asked.session.driver, acting, "")
    return [
        one
        for one in found
        if one.role in acting
        and one.database == asked.state.target.database
        and one.application not in (*stays, APPLICATION_NAME)
    ]


def _left(found: Sequence[Backend], role: str, stays: Sequence[str]) -> GateResult:
    first = found[0]
    who = first.role if first.role == role else f"{first.role}, a member of {role}"
    name = first.application or "no application_name"
    alike = sum(one.role == first.role for one in found)
    more = f" (and {len(found) - alike} of others)" if found[alike:] else ""
    names = ", ".join(map(quote, (*stays, first.application)))
    stay = f"; or, where it needs no tenant's row, name it: [tenants] stays = [{names}]"
    return GateResult(
        "drained",
        False,
        f"{alike} session{'' if alike == 1 else 's'} of {who}: {name} from {first.client}{more}",
        f"give what still runs as {role} a role of its own: {heading('NAME')} in flatsplit.toml, "
        f"flatsplit begin role NAME{stay if first.application else ''}",
    )


def _quiet(
    asked: Asked[Context], acting: Mapping[str, tuple[str, ...]], started: datetime, stays: Collection[str]
) -> quiet.Quiet:
    role, database, largest = asked.context.application, asked.state.target.database, asked.config.gates.largest_hole
    if not stays:
        return quiet.quiet(asked.session, asked.journal, role, acting, database, started, largest)
    now = server_clock(asked.session.driver)
    last = asked.journal.last_seen(role, database, stays)
    seen = last is not None and last >= started
    since = last if last is not None and seen else started
    return quiet.Quiet(role, since, seen, coverage(since, now, asked.journal.look_times(since), largest))


GATE = Gate(
    "drained", judge, "nobody works as the application's role any more, apart from those that need no tenant's row"
)
