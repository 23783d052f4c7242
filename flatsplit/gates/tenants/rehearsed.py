"""rehearsed: what the application runs was tried as its own role, then as a tenant.

Both are rehearsals of the split's: ``flatsplit rehearse``, and with ``--as tenant`` as one of them.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

from flatsplit.gates import rehearsed
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.rehearsed import KEY
from flatsplit.journal import Journal
from flatsplit.model import GateResult
from flatsplit.rehearsal.sources.statistics import missing
from flatsplit.server.sessions import server_clock
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.kind import TENANTS

AS_TENANT = "tenant"


def judge(asked: Asked[Context]) -> GateResult:
    """As the last rehearsals say that are younger than the policies, or than the tenants' roles."""
    context, config = asked.context, asked.config
    early = TENANTS.place(asked.step) <= TENANTS.place(tenants.TENANT_RLS)
    since = asked.records[tenants.TENANT_POLICIES if early else tenants.TENANT_ROLES].finished_at
    mine = {context.application} if early else context.live.tenants.keys()
    role = context.application if early else AS_TENANT
    both = [*rehearsed.past(Journal(asked.session)), *rehearsed.past(asked.journal)]
    past = [replace(one, role=role) for one in sorted(both, key=lambda one: one.at) if one.role in mine]
    driver, what = asked.session.driver, "the policies came" if early else "there were tenants' roles"
    found = rehearsed.gate(past, role, since, server_clock(driver), config.gates, missing(driver), what)
    if early or (found.open and not found.notice):
        return found
    one = AS_TENANT if AS_TENANT not in asked.state.roles else shlex.quote(min(context.live.tenants))
    return replace(found, fix=found.fix.replace("flatsplit rehearse", f"flatsplit rehearse --as {one}"))


GATE = Gate(KEY, judge, "what the application runs was rehearsed as its own role, then as a tenant")
