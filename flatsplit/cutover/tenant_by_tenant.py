"""``next --tenant`` and ``rollback --tenant``: let single tenants in before the others, or hold them back.

Whether a tenant is let in is read from its role. A role that is held back has that in its comment, so that the missing
LOGIN is not taken for drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from flatsplit.connection import operator_lock
from flatsplit.cutover.interaction import Confirm, Passwords, Reporter
from flatsplit.cutover.outcome import AdvanceResult
from flatsplit.cutover.tenants import carry_out, context_of, require_roles, roles_of, spelled_keys
from flatsplit.differ import diff
from flatsplit.errors import Refused, UsageError
from flatsplit.gates import judge
from flatsplit.gates.tenants.rings import GONE
from flatsplit.model import State
from flatsplit.planning import machine
from flatsplit.server.sessions import read_sessions
from flatsplit.walks import tenants
from flatsplit.walks.tenants.kind import TENANTS
from flatsplit.walks.tenants.tenant_login import holding, inside

if TYPE_CHECKING:
    from flatsplit.cutover.next import AdvanceOptions
    from flatsplit.cutover.walk import Walk


def let_in(
    walk: Walk,
    keys: Sequence[str],
    options: AdvanceOptions,
    *,
    reporter: Reporter,
    confirm: Confirm,
    passwords: Passwords,
) -> AdvanceResult:
    """Let these tenants log in, and leave the others as they are. The gates are those of ``tenant-login``.

    Raises UsageError before that step's turn or for a tenant without a role, and Refused where the step has to be
    approved first.
    """
    with operator_lock(walk.session):
        situation = walk.situation()
        roles = roles_of(situation, spelled_keys(walk, situation, keys))
        situation = replace(situation, live=_with_passwords(walk, situation.live, roles))
        if situation.done < TENANTS.place(tenants.TENANT_LOGIN) - 1:
            raise UsageError(
                f"tenants are let in from {tenants.TENANT_LOGIN} on, and the walk has not come to it yet",
                "flatsplit next --walk tenants takes its next step",
            )
        if situation.config.gates.require_approval and situation.states[tenants.TENANT_LOGIN] != "done":
            raise Refused(
                f"[gates] require_approval wants {tenants.TENANT_LOGIN} approved before anybody is let in",
                f"{situation.typed('plan')} {tenants.TENANT_LOGIN}; who is to wait all the same: "
                "flatsplit rollback --tenant KEY",
            )
        step, context = situation.kind.step(tenants.TENANT_LOGIN), context_of(situation)
        entering = holding(situation.live, context, roles, held=False)
        out = situation.live.tenants.keys() - inside(situation.live, context) - {*roles}
        then = replace(situation, live=holding(entering, context, out, held=True))  # the gates judge only these tenants
        gates = [
            replace(gate, waived=options.reason)
            if not gate.open and gate.waivable and gate.key in options.waive
            else gate
            for gate in judge(walk.asked(then, step.key, logs=options.logs), step.gates)
        ]
        for gate in gates:
            reporter.gate(gate)
        if closed := tuple(gate for gate in gates if not gate.passes):
            return AdvanceResult((), machine.next_step(situation.states), waiting=closed, walk=situation.name)
        statements = diff(situation.live, entering)
        result = carry_out(
            walk, situation, statements, "tenants let in", roles, reporter, confirm, passwords, tenants.TENANT_LOGIN
        )
        with walk.session.transaction():
            for gate in gates if result.outcomes else ():
                if gate.waived:
                    told = {"gate": gate.key, "reason": gate.waived, "closed": gate.reason}
                    walk.journal.event("waived", step.key, f"gate {gate.key} waived: {gate.waived}", told)
        return result


def hold_back(walk: Walk, keys: Sequence[str], *, reporter: Reporter, confirm: Confirm) -> AdvanceResult:
    """Keep these tenants from logging in; the steps leave them out until they are let in by name.

    Raises Refused while they are connected, and after ``tenant-close``, as the application's role sees none of their
    rows then.
    """
    with operator_lock(walk.session):
        situation = walk.situation()
        require_roles(situation)
        roles, live = roles_of(situation, spelled_keys(walk, situation, keys)), situation.live
        application = context_of(situation).application
        if tenants.TENANT_CLOSE in situation.states and situation.entered(tenants.TENANT_CLOSE):
            raise Refused(
                f"{application} sees no tenant's row any more: tenant {keys[0]!r} could not go back to it",
                f"take {tenants.TENANT_CLOSE} back first: flatsplit rollback --walk tenants",
            )
        found = read_sessions(walk.session.driver, {role: (role,) for role in roles}, roles[0])
        if used := [one for one in found if one.role in roles and one.database == live.target.database]:
            raise Refused(
                f"{used[0].role} is still connected (process {used[0].pid})",
                f"move its connections back to {application} first",
            )
        if pool := context_of(situation).pool:
            reporter.note(f"sessions of {pool} that act as one of them go on until they RESET ROLE or end")
        kept = sorted(inside(live, context_of(situation)) & {*roles}) if not pool else []
        statements = diff(live, holding(live, context_of(situation), roles, held=True))
        result = carry_out(
            walk, situation, statements, "tenants held back", roles, reporter, confirm, None, tenants.TENANT_LOGIN
        )
        if result.outcomes:
            with walk.session.transaction():
                message = f"held back: {', '.join(roles)}"
                walk.journal.event(GONE, tenants.TENANT_LOGIN, message, {"roles": roles, "kept": kept})
        return result


def _with_passwords(walk: Walk, live: State, roles: Sequence[str]) -> State:
    """The State in which roles that were let in before they were held back have the password that they had then.

    An operator that is no superuser cannot read whether a role without LOGIN has one.
    """
    context = walk.config.tenants
    if live.target.operator_superuser or context is None or context.auth != "password":
        return live
    kept = {role for event in walk.journal.events(GONE) for role in event.details.get("kept", ())}
    known = {role: live.roles[role]._replace(password=True) for role in kept.intersection(roles) if role in live.roles}
    return live.but(roles={**live.roles, **known})
