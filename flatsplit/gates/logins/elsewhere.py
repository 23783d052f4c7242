"""elsewhere: no other database of the cluster needs a role that the step ``leaves``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flatsplit import blueprint, ddl, membership
from flatsplit.catalog import owned_elsewhere
from flatsplit.config import format_duration
from flatsplit.gates.gate import Asked, Gate
from flatsplit.gates.logins.sessions import clients
from flatsplit.model import GateResult, RoleFacts
from flatsplit.server.sessions import server_clock
from flatsplit.walks import used_elsewhere
from flatsplit.words import span


def judge(asked: Asked[Any]) -> GateResult:
    """Closed with the databases that do, or lately did. Not to be waived where the step drops the role and something
    depends on it.
    """
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
    able = [role for role in leaving if asked.state.roles.get(role, RoleFacts()).login]
    return _seen_lately(asked, able) or _through_groups(asked, able) or _unused(leaving)


def _unused(leaving: Sequence[str]) -> GateResult:
    return GateResult("elsewhere", True, f"{' and '.join(leaving)} is not used by other databases")


def _seen_lately(asked: Asked[Any], able: Sequence[str]) -> GateResult | None:
    """Closed with the databases to which one was connected not long ago: a job there comes and goes, and its rights may
    all be a group's.
    """
    now, wanted = server_clock(asked.session.driver), asked.config.gates.drain
    for role in able:
        seen = asked.journal.logins_elsewhere(role, asked.state.target.database)
        lately = [(database, now - at) for database, at in seen if now - at < wanted]
        if lately:
            database, ago = lately[0]
            more = f", and to {used_elsewhere.listed([one for one, _ in lately[1:]])}" if lately[1:] else ""
            return GateResult(
                "elsewhere",
                False,
                f"{role} was connected to {database} {span(ago.total_seconds())} ago{more}; "
                f"{format_duration(wanted)} are required",
                f"let whoever that is log in as {_other(asked)}; call again in "
                f"{span((wanted - ago).total_seconds() + 1)} or later",
            )
    return None


def _through_groups(asked: Asked[Any], able: Sequence[str]) -> GateResult | None:
    """Open, with the other databases in which one has rights by a group: who logs in there only now and then is seen by
    nobody.
    """
    for role in able:
        groups = sorted(membership.reached(asked.state, role))
        there = {group: used_elsewhere.used(asked.state, group) for group in groups}
        if databases := sorted({database for some in there.values() for database in some}):
            by = used_elsewhere.listed([group for group, some in there.items() if some])
            where = used_elsewhere.listed(databases)
            return GateResult(
                "elsewhere",
                True,
                f"{role} has rights in {where} as {by}, and nobody is connected there as {role}, or was for "
                f"{format_duration(asked.config.gates.drain)} as far as `flatsplit observe` saw",
                f"where something logs in as {role} there, let it log in as {_other(asked)} first",
                notice=True,
            )
    return None


def _other(asked: Asked[Any]) -> str:
    coming = asked.does.comes(asked.context)
    return coming[0] if coming else "another role"


GATE = Gate("elsewhere", judge, "no other database of the cluster uses the role that is left")
