"""holes: nothing leads around the policies, checked before the tenants get their first right."""

from __future__ import annotations

from flatsplit.evidence.isolation.facts import read_ways
from flatsplit.evidence.isolation.holes import open_ways
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.walks.tenants.context import Context

_FIX = "close it, or take it on: --waive holes --reason WHY"


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first way to other tenants' rows that PUBLIC's rights open. The proof finds all other ways."""
    survey = asked.context.survey
    schemas = {*asked.config.schemas, survey.tenants.schema}
    found = open_ways(read_ways(asked.session.driver, survey.tenants.group, schemas), survey)
    if not found:
        return GateResult("holes", True, "nothing that everybody may do leads around the policies")
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return GateResult("holes", False, f"{found[0].what}{more}", found[0].fix or _FIX)


GATE = Gate("holes", judge, "nothing leads around the policies")
