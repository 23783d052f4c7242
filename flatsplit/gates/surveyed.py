"""surveyed: it is known of every table in scope whether and how it belongs to tenants, and where the mapping can be."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult, WalkName
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.kind import schema_taken

_FIX = "flatsplit tenants --survey says what to write under [tenants.tables]"


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with what flatsplit.toml says wrongly, then with the tables that it does not mention."""
    survey = asked.context.survey
    if survey.wrong:
        return GateResult("surveyed", False, survey.wrong[0], _FIX)
    if survey.root is None or not survey.key_type:
        return GateResult("surveyed", False, "there is no root with a key", _FIX)
    if survey.undecided:
        first = survey.undecided[0]
        more = f" (and {len(survey.undecided) - 1} more)" if survey.undecided[1:] else ""
        return GateResult("surveyed", False, f"{ddl.label(first.ref)}: {first.why}{more}", _FIX)
    if taken := schema_taken(asked.state, asked.context):  # since the walk began, which asked for it then
        rename = f"ALTER SCHEMA {ddl.ident(asked.context.mapping.schema)} RENAME TO"
        back = f"or {WalkName(tenants.NAME).typed('rollback')} --all, and begin again with another [tenants] schema"
        return GateResult("surveyed", False, taken[0], f"call that one otherwise: {rename} …; {back}")
    return GateResult("surveyed", True, f"{len(survey.belongings)} tables have a kind")


GATE = Gate("surveyed", judge, "every table in scope has a kind")
