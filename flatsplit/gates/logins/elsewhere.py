"""elsewhere: no other database of the cluster needs a role that the step ``leaves``."""

from __future__ import annotations

from typing import Any

from flatsplit import blueprint, ddl
from flatsplit.catalog import owned_elsewhere
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.logins.sessions import clients
from flatsplit.model import GateResult
from flatsplit.walks import used_elsewhere


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the databases that do. Not to be waived where the step drops the role and something depends on it."""
    leaving, database = asked.does.leaves(asked.context), asked.state.target.database
    for role in leaving:
        owned = owned_elsewhere(asked.session.driver, role) if role in asked.state.roles else ()
        used = sorted({one.database for one in clients(asked, (role,)) if one.database != database})
        parts = [f"owns or may do something in {used_elsewhere.listed(owned)}"] if owned else []
        parts += [f"is connected to {used_elsewhere.listed(used)}"] if used else []
        if parts:
            held = bool(owned) and role in asked.does.drops(asked.context)
            there = f"walk {asked.kind} {role} there too, as far as this step"
            if held:  # a role that something depends on cannot be dropped
                heir = ddl.ident(blueprint.owner(asked.config))
                drops = f"REASSIGN OWNED BY {ddl.ident(role)} TO {heir}; DROP OWNED BY {ddl.ident(role)};"
                fix = f"{there}; where flatsplit is not at work, let a superuser run there: {drops}"
            else:
                fix = f"{there}, and then waive this: LOGIN is the whole cluster's"
                # DropOwnedObjects() in pg_shdepend.c: since 16 memberships depend on who granted them
                if owned and any(key.grantor == role for key in asked.state.members):
                    fix += f"; no DROP OWNED there before: it would end the memberships that {role} has granted"
            return GateResult("elsewhere", False, f"{role} {' and '.join(parts)}", fix, waivable=not held)
    return GateResult("elsewhere", True, f"{' and '.join(leaving)} is not used by other databases")


GATE = Gate("elsewhere", judge, "no other database of the cluster uses the role that is left")
