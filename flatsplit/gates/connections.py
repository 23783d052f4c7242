"""connections: the server has room for the pools of all tenants that are connected at once."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.hazards.tenant_pool import MEMBERS
from flatsplit.model import GateResult
from flatsplit.server.asking import ask
from flatsplit.walks.tenants.context import Context

_FIX = (
    "say how many tenants are connected at once: [tenants] active = N; or raise max_connections. Where a pooler holds "
    "the sum down (max_db_connections), waive this"
)


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where the connections of as many tenants as are connected at once, and the present ones, do not fit.

    The limits are those of the roles: [tenants] connection_limit at the time when they were made.
    """
    context, state = asked.context, asked.state
    if context.pool:
        return _pool(context)
    roles = sorted(context.live.tenants.keys() & state.roles.keys() - context.held)
    free = [role for role in roles if state.roles[role].connection_limit < 0]
    if free:
        return GateResult(
            "connections",
            False,
            f"{free[0]} may take every connection that the server has",
            f"ALTER ROLE {ddl.ident(free[0])} CONNECTION LIMIT 5; or waive this, where a pooler holds the sum down",
        )
    limits = sorted((state.roles[role].connection_limit for role in roles), reverse=True)
    active = context.tenants.active or len(limits)
    wanted = sum(limits[:active])
    most, reserved, others = ask(asked.session.driver, "connections", {"roles": roles})[0]
    said = (
        f"{min(active, len(limits)):,} tenants may have {wanted:,} connections, {others:,} are others', "
        f"{reserved:,} are kept back: {wanted + others + reserved:,} of max_connections = {most:,}"
    )
    fits = wanted + others + reserved <= most
    return GateResult("connections", fits, said, "" if fits else _FIX)


def _pool(context: Context) -> GateResult:
    """The gate for one pool, which has a size of its own; the cost is its many memberships."""
    number = len(context.live.tenants.keys() - context.held)
    if number <= MEMBERS:
        return GateResult("connections", True, f"one pool logs in, {context.pool}: its size is the limit")
    return GateResult(
        "connections",
        False,
        f"{context.pool} would be a member of {number:,} roles: the first SET ROLE of each session, and again after "
        "any GRANT or CREATE ROLE in the cluster, takes milliseconds at 1,000 and tenths of a second at 10,000",
        "waive this; or take the walk back (flatsplit rollback --walk tenants --all) and begin it again with "
        '[tenants] connect = "login"',
    )


GATE = Gate("connections", judge, "max_connections has room for the tenants that are connected at once")
