"""isolated: the last proof found that tenants are kept apart, and nothing it depends on has changed since.

It ages like rehearsals. Its digest covers row-level security, policies, memberships, rights and tenants, so any change
of these closes the gate until there is another proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flatsplit.config import format_duration
from flatsplit.errors import FlatsplitError
from flatsplit.evidence.isolation import EVENT, read_facts
from flatsplit.gates.gate import Asked, Gate
from flatsplit.journal import EventRecord
from flatsplit.model import GateResult
from flatsplit.server.sessions import server_clock
from flatsplit.words import span

FIX = "flatsplit tenants --prove --rows"
"""With the counts that the gate ``consistent`` reads from the same proof: a later one without them would close it."""


def last(asked: Asked[Any]) -> EventRecord | None:
    """The last proof on record."""
    return next(reversed(asked.journal.events(EVENT)), None)


def judge(asked: Asked[Any]) -> GateResult:
    """By the last proof, if it is about the present policies and rights."""
    proof = last(asked)
    if proof is None:
        return GateResult("isolated", False, "nobody has proved that tenants are kept apart", FIX)
    said, config = proof.details, asked.context.config
    passed = server_clock(asked.session.driver) - proof.at
    ago = f"{proof.message}, {span(passed.total_seconds())} ago"
    if not said["tenants"]:
        return GateResult("isolated", False, f"{ago}: none had a role then", FIX)
    if not said["isolated"]:
        return GateResult("isolated", False, f"{ago}: {_wrong(said)}", f"{FIX} names each; mend it and prove it anew")
    if timedelta(0) < config.gates.rehearsal_age < passed:
        return GateResult("isolated", False, f"{ago}, longer than {format_duration(config.gates.rehearsal_age)}", FIX)
    try:
        survey = asked.context.survey
        # As just read; this also works for an operator who may write nothing
        tenants = dict(asked.context.live.tenants)
        schemas = {*config.schemas, survey.tenants.schema}
        now = read_facts(asked.session.driver, survey.tenants.group, tenants, schemas, acts=False).digest
    except FlatsplitError as error:
        why = f"{ago}; it cannot be told whether that still holds: {error.what}"
        return GateResult("isolated", False, why, error.fix)
    if now != said["digest"]:
        return GateResult("isolated", False, f"{ago}; policies, rights or tenants have changed since", FIX)
    holes = said["open_holes"]
    if holes:
        more = f" and {len(holes) - 1} more" if holes[1:] else ""
        fix = f"close it ({FIX} says why it is one), or take it on: --waive isolated --reason WHY"
        return GateResult("isolated", False, f"{ago}; there is a way around: {holes[0]}{more}", fix)
    return GateResult("isolated", True, ago)


def _wrong(said: Mapping[str, Any]) -> str:
    return f"{said['breaches']:,} in the catalog, {said['failures']:,} acts that came out wrong"


GATE = Gate("isolated", judge, "the last proof found tenants kept apart, and nothing that it covers has changed since")
