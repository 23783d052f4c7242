"""Clients that still use the old role, directly or as members of it, and how to move them. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit import blueprint
from flatsplit.model import Backend, GateKey, GateResult, State
from flatsplit.server.sessions import NOBODY, looks_pooled
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.members import leading, moving
from flatsplit.words import span


def gate(key: GateKey, clients: Sequence[Backend], state: State, context: Context) -> GateResult:
    """A closed gate that names the first of these sessions. There is at least one."""
    live = [client for client in clients if not looks_pooled(client)]
    first = (live or clients)[0]
    alike = sum(client.role == first.role for client in clients)
    name = first.application or "no application_name"
    who = f"{alike} session{'' if alike == 1 else 's'} of {_who(first, context)}"
    others = len(clients) - alike
    more = f" (and {others} more of others)" if others else ""
    user = blueprint.application(context.config)
    if first.role == NOBODY:
        fix = (
            f"what it began as {context.legacy} it can go on with; once the pool lets it go, or: "
            f"SELECT pg_terminate_backend({first.pid});"
        )
        return GateResult(key, False, f"{who}: {name} from {first.client}{more}", fix)
    if first.role != context.legacy:
        return GateResult(key, False, f"{who}: {name} from {first.client}{more}", _move(first.role, state, context))
    if not live:
        idle = span(min(client.idle_for for client in clients))
        return GateResult(
            key,
            False,
            f"{who}, all idle for {idle} or longer: {name} from {first.client}; as a pool keeps them{more}",
            f"once the pool logs in as {user}, let it drop these: RELOAD, then RECONNECT on PgBouncer's console "
            f"(database {first.database}), or restart the pool",
        )
    idle = f"; {len(clients) - len(live)} others are idle" if len(live) < len(clients) else ""
    return GateResult(
        key,
        False,
        f"{who}: {name} from {first.client}{f', {first.state}' if first.state else ''}{idle}{more}",
        f"switch them to {user}; an idle connection of a pool goes with RELOAD or a restart of the pool",
    )


def _who(client: Backend, context: Context) -> str:
    if client.role in (context.legacy, NOBODY):
        return client.role
    return f"{client.role}, a member of {context.legacy}"


def _move(login: str, state: State, context: Context) -> str:
    """The statement that moves a member to the new role. It takes effect at once, in open sessions too."""
    member = leading(state, context, login)
    return (
        f"let it log in as another, or make it the new role's: {moving(state, context, member)} "
        f"(flatsplit doctor says more: legacy-members)"
    )
