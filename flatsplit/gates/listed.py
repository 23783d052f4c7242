"""listed: every name in the role's list means something in this database."""

from __future__ import annotations

import shlex

from flatsplit import words
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult, WalkName
from flatsplit.walks.role import NAME, grant_list
from flatsplit.walks.role.context import Context

SHOWN = 3


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with names for which nothing would be granted: a typing error must not look like a grant."""
    context = asked.context
    where = heading(context.role, "grants")
    if context.special is None:
        fix = f"write it back into flatsplit.toml, or: flatsplit rollback {WalkName(NAME, context.role).option}"
        return GateResult("listed", False, f"flatsplit.toml has no {heading(context.role)} any more", fix)
    wrong = [f"{line.privilege} {quote(name)}" for line, name in grant_list.nothing(asked.state, context)]
    if wrong:
        what = f"{where} names what is not here: {words.listed(wrong, SHOWN)}"
        return GateResult("listed", False, what, "correct the names, written as in SQL with their schema")
    if lost := grant_list.lost_schemas(asked.state, context):
        what = f"{heading(context.role)} names what is not here: {words.listed([f'schema {name}' for name in lost])}"
        return GateResult("listed", False, what, "correct the names")
    special, own = context.special, [*grant_list.lines(context.config, context.special)]
    if not (own or special.schemas or special.create):
        fix = f"list what {context.role} may" + (
            f": flatsplit learn {shlex.quote(context.role)}" if special.like else ""
        )
        return GateResult("listed", False, f"{where} is empty", fix)
    given = grant_list.rights(asked.state, context)
    means = [words.count(len(given.objects), "object")] if given.objects or not given.columns else []
    means += [words.count(len(given.columns), "column")] if given.columns else []
    return GateResult("listed", True, f"{where} means {' and '.join(means)}, all here")


GATE = Gate("listed", judge, "every name in the role's list exists here")
