"""``rehearse --as tenant``: tries, as one real tenant, what the application runs as its own role."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flatsplit import blueprint
from flatsplit.errors import UsageError
from flatsplit.model import WalkName
from flatsplit.rehearsal import set_role
from flatsplit.rehearsal.leakproof import slower
from flatsplit.rehearsal.rehearse import Company
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.sources.files import read_file
from flatsplit.rehearsal.sources.statistics import read_statistics
from flatsplit.rehearsal.values import Progress, Rehearsal, Verdict
from flatsplit.walks import tenants
from flatsplit.walks.tenants.context import Context
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk

WORD = "tenant"
"""One of them, whichever."""
_GIVEN = ("hidden", "shared")
"""Kinds of tables on which tenants hold less than the application, by decision."""
_LEAVE = "leave the statement to the application, in a session of its own role"
_COPIES = re.compile(r"\s*copy\b", re.IGNORECASE)


def tenant_of(situation: Situation, role: str | None) -> str:
    """The role of the tenant that ``role`` means; "" where it means none. Raises UsageError where no tenant has a role
    yet.
    """
    live = situation.live
    if role in live.tenants:
        return str(role)
    if role != WORD or role in live.roles:
        return ""
    there = sorted(live.tenants.keys() & live.roles.keys())
    if not there:
        raise UsageError(
            "no tenant has a role yet, and one is tried as it is",
            f"flatsplit next --walk tenants --through {tenants.TENANT_ROLES} makes them; nobody can use them then",
        )
    return there[0]


def rehearse(walk: Walk, situation: Situation, tenant: str, file: Path | None, progress: Progress) -> Rehearsal:
    """Rehearse as that tenant what the application and legacy ran, or the statements of a file."""
    if all(record.walk.kind != tenants.NAME for record in walk.kept):
        raise UsageError("no walk over tenants is kept here, which would say whose a row is", "flatsplit begin tenants")
    mine = situation.turned(WalkName(tenants.NAME))
    context: object = mine.context
    assert isinstance(context, Context)
    application, legacy = blueprint.application(situation.config), situation.config.legacy_role
    database = situation.live.target.database
    acting, _ = set_role.others(situation.live, situation.context)
    roles = (application, legacy, *acting)
    if file is not None:
        kind, statements = read_file(file, frozenset(roles), database, frozenset())
        source = f"{kind} {file}"
    else:
        statements = read_statistics(walk.session.driver, roles)
        source = f"pg_stat_statements of {', '.join(roles)} in {database}"
    goal = mine.desired(max(mine.done, mine.kind.place(tenants.TENANT_ROLES)))
    apart = frozenset(ref for one in context.apart.values() for ref in context.kept_apart(one))
    company = Company(walk.session, situation.live, goal, situation.context, tenant, before=application, apart=apart)
    found = company.rehearse(set_role.of(statements, roles), source, situation.config.locks.lock_timeout, progress)
    kinds = {shown(ref): one.kind for ref, one in context.told.items()}
    verdicts = tuple(
        replace(_advised(each, kinds), slower=slower(company.actor, each.query, context.apart.keys()))
        for each in found.verdicts
    )
    told = count(len(context.apart), "table")
    point = (
        f"of {told} {tenant} sees only its own rows, where {application} sees all: as intended, so no verdict counts it"
    )
    return replace(found, verdicts=verdicts, notes=(*found.notes, point), grants={})


def _advised(verdict: Verdict, kinds: Mapping[str, str]) -> Verdict:
    """The verdict with advice for a tenant, which is given no rights of its own: either the kind of the table has to
    change, or the application goes on with its own role.
    """
    if verdict.verdict == "migrator":
        return verdict
    kind = kinds.get(verdict.object, "")
    remedy = ""
    if verdict.verdict == "denied" and kind in _GIVEN:
        remedy = f"it is {kind}: flatsplit.toml [tenants.tables] says what tenants reach; or {_LEAVE}"
    elif verdict.verdict == "denied":
        remedy = f"INSERT instead of COPY, or {_LEAVE}" if _COPIES.match(verdict.query) else _LEAVE
    elif verdict.verdict == "silent" and kind:
        remedy = "a policy of somebody else's is for tenants, too; flatsplit tenants --prove names it, and what to do"
    return replace(verdict, remedy=remedy, sql=(), toml=())
