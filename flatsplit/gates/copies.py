"""copies: no role that row-level security applies to loads rows with COPY … FROM, which would be refused."""

from __future__ import annotations

from psycopg import errors, sql

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.asking import ask
from flatsplit.walks.tenants.context import Context

_FIX = "let it load as {owner}, or use INSERT; COPY … FROM into a table with row-level security is for its owner alone"

_COPIES = """
SELECT r.rolname::text, s.query
FROM {}(true) AS s
JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND s.query ~* %s AND NOT r.rolsuper AND NOT r.rolbypassrls AND r.rolname <> %s
ORDER BY 1, 2
"""


def judge(asked: Asked[Context]) -> GateResult:
    """Closed where pg_stat_statements has seen such a COPY; open with a notice where nothing could have seen one."""
    found = copied(asked, r"^\s*copy\s.*\sfrom\s")
    if found is None:
        return GateResult("copies", True, "pg_stat_statements is not there: nothing tells who uses COPY", notice=True)
    if not found:
        return GateResult(
            "copies", True, "pg_stat_statements has seen no COPY … FROM by a role that does not own the table"
        )
    role, query = found[0]
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    text = " ".join(query.split())[:120]
    return GateResult("copies", False, f"{role} ran {text}{more}", _FIX.format(owner=asked.context.owner))


def copied(asked: Asked[Context], pattern: str) -> list[tuple[str, str]] | None:
    """(role, statement) of these COPYs, without those of the owner and of exempt roles, and without those by which
    flatsplit itself reads which tenants there are, and whose role is whose. None where nothing tells.
    """
    driver = asked.session.driver
    found = ask(driver, "counters")
    if not found:
        return None
    query = sql.SQL(_COPIES).format(sql.Identifier(found[0][0], "pg_stat_statements"))
    try:
        with driver.transaction():
            rows = driver.execute(query, (pattern, asked.context.owner)).fetchall()
    except (errors.ObjectNotInPrerequisiteState, errors.InsufficientPrivilege):
        return None
    tables, ours = {ref.name for ref in asked.context.apart}, _ours(asked.context)
    told = [(role, text) for role, text in rows if text and " ".join(text.split()) not in ours]
    return [(role, text) for role, text in told if any(name in text for name in tables)]


def _ours(context: Context) -> set[str]:
    """What Look.copied() runs, on one line."""
    root = context.survey.root
    read = [(context.mapping, ("role", "tenant")), *([(root.ref, root.primary_key[:1])] if root is not None else [])]
    tables = ((ddl.ident(ref.schema, ref.name), ", ".join(map(ddl.ident, columns))) for ref, columns in read)
    return {" ".join(f"COPY {table} ({columns}) TO STDOUT".split()) for table, columns in tables}


GATE = Gate("copies", judge, "no role that row-level security applies to loads rows with COPY … FROM, which it forbids")
