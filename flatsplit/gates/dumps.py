"""dumps: nobody whom row-level security is for dumps the database, which pg_dump refuses."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.gates.copies import copied
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where pg_stat_statements has seen a dump by such a role: pg_dump copies table by table."""
    found = copied(asked, r"^\s*copy\s.*\sto\s+stdout")
    if found is None:
        return GateResult("dumps", True, "pg_stat_statements is not there: nothing tells who dumps", notice=True)
    roles = sorted({role for role, _ in found})
    if not roles:
        return GateResult("dumps", True, "pg_stat_statements has seen no dump by a role that row-level security is for")
    more = f" (and {', '.join(roles[1:])})" if roles[1:] else ""
    fix = f"dump as {asked.context.owner}, or: ALTER ROLE {ddl.ident(roles[0])} BYPASSRLS;"
    return GateResult("dumps", False, f"{roles[0]}{more} copies tables out, as pg_dump does, and would be refused", fix)


GATE = Gate("dumps", judge)
