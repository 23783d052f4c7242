"""statistics: pg_stat_statements, which counts per role, has room for every tenant's statements.

Where it has not, it drops the rarest again and again, and with them the evidence of rehearsals and gates.
"""

from __future__ import annotations

from psycopg import errors, sql

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.asking import ask
from flatsplit.walks.tenants.context import Context

_STATEMENTS = """
SELECT count(DISTINCT s.queryid) FROM {}(false) AS s
WHERE s.userid = (SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = %s)
  AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
"""


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where the application's statements, once for each tenant, are more than it keeps."""
    found, room = ask(asked.session.driver, "counters"), ask(asked.session.driver, "remembered")[0][0]
    if not found or room is None:
        return GateResult("statistics", True, "pg_stat_statements is not there", notice=True)
    query = sql.SQL(_STATEMENTS).format(sql.Identifier(found[0][0], "pg_stat_statements"))
    try:
        with asked.session.driver.transaction():
            row = asked.session.driver.execute(query, (asked.context.application,)).fetchone()
    except (errors.ObjectNotInPrerequisiteState, errors.InsufficientPrivilege):
        row = None
    if row is None:
        return GateResult("statistics", True, "pg_stat_statements may not be read", notice=True)
    tenants = len(asked.context.live.tenants)
    wanted = tenants * row[0]
    said = f"{tenants:,} tenants × {row[0]:,} statements of {asked.context.application} are {wanted:,}"
    if wanted <= room:
        return GateResult("statistics", True, f"{said}; pg_stat_statements.max is {room:,}")
    return GateResult(
        "statistics",
        False,
        f"{said}, and pg_stat_statements keeps {room:,}: it would forget what the gates go by",
        f"pg_stat_statements.max = {wanted} and a restart of the server; or waive this",
    )


GATE = Gate("statistics", judge, "pg_stat_statements has room for every tenant's statements, which it counts per role")
