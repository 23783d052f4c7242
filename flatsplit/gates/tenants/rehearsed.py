"""rehearsed: the application's statements were rehearsed as its own role, and later as a tenant.

Both are done by ``flatsplit rehearse``, the second with ``--as tenant``.
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
    """Judged by the last rehearsals. Up to ``tenant-rls`` these are as the application's role, since the policies were
    created; later as a tenant, since the tenants' roles were created.
    """
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
