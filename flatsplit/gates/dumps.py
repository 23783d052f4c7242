"""dumps: no role that row-level security applies to dumps the database, which pg_dump refuses.

pg_stat_statements shows it, since pg_dump copies table by table, and so does a look while pg_dump is connected.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flatsplit import blueprint, ddl
from flatsplit.gates.copies import copied
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.walks.tenants.context import Context

_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where such a role has dumped. A dump seen under app_user may have been made by a member of it."""
    found = copied(asked, r"^\s*copy\s.*\sto\s+stdout")
    roles = sorted({role for role, _ in found or ()} | _seen(asked))
    if not roles and found is None:
        return GateResult("dumps", True, "pg_stat_statements is not there: nothing tells who dumps", notice=True)
    if not roles:
        return GateResult("dumps", True, "pg_stat_statements has seen no dump by a role that row-level security is for")
    more = f" (and {', '.join(roles[1:])})" if roles[1:] else ""
    fix = f"dump as {asked.context.owner}, or: ALTER ROLE {ddl.ident(roles[0])} BYPASSRLS;"
    return GateResult("dumps", False, f"{roles[0]}{more} copies tables out, as pg_dump does, and would be refused", fix)


def _seen(asked: Asked[Context]) -> set[str]:
    """The application's role and the reader, where pg_dump was seen connected as one of them."""
    who, roles = blueprint.who(asked.config), asked.state.roles
    return {
        role
        for role in (who.application, who.reader)
        if role in roles
        and not roles[role].bypassrls
        and any(name == "pg_dump" for name, _ in asked.journal.clients(role, _EVER, server_clock(asked.session.driver)))
    }


GATE = Gate("dumps", judge, "no role that row-level security applies to dumps the database, which pg_dump refuses")
