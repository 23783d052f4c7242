"""``rehearse``: rehearses statements for a role, and records the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flatsplit import blueprint
from flatsplit.config import PURPOSES, Special
from flatsplit.cutover import as_tenant
from flatsplit.errors import UsageError
from flatsplit.gates import rehearsed
from flatsplit.model import State, WalkName
from flatsplit.rehearsal import set_role
from flatsplit.rehearsal.rehearse import Company
from flatsplit.rehearsal.sources.files import read_file
from flatsplit.rehearsal.sources.statistics import read_statistics
from flatsplit.rehearsal.values import Progress, Rehearsal
from flatsplit.walks import role as role_walk
from flatsplit.walks import split, tenants
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context as RoleContext

if TYPE_CHECKING:
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk


def rehearse(walk: Walk, *, file: Path | None, role: str | None, progress: Progress) -> Rehearsal:
    """Rehearse what legacy ran, or the statements of a file, as app_user, ``role`` or a tenant. A summary
    is recorded.
    """
    situation = walk.situation()
    tenant = as_tenant.tenant_of(situation, role)
    if tenant:
        found = as_tenant.rehearse(walk, situation, tenant, file, progress)
        _record(walk, found, file, WalkName(tenants.NAME))
        return found
    name = _role(situation, role)
    legacy = situation.config.legacy_role
    database = situation.live.target.database
    acting, became = set_role.others(situation.live, situation.context)
    special = situation.config.special_role(name)
    if special is not None:
        acting, became, legacy = (), (), name
    if file is not None:
        kind, statements = read_file(file, frozenset({legacy, *acting}), database, frozenset(became))
        source = f"{kind} {file}"
    else:
        statements = read_statistics(walk.session.driver, [legacy, *acting, *became])
        besides = sorted({each.role for each in statements if each.role})
        source = f"pg_stat_statements of {', '.join([legacy, *besides])} in {database}"
    statements = set_role.of(statements, (legacy, *acting))
    if special is not None:
        alone = grant_list.alone(situation.desired(situation.done), RoleContext(situation.config, situation.live, name))
        company = Company(walk.session, situation.live, alone, situation.context, name)
        company.tries = not _bridged(situation.live, special)
    else:
        goal = _ahead(situation, situation.desired(max(situation.done, split.ORDINAL[split.ENABLE_LOGIN])))
        company = Company(walk.session, situation.live, goal, situation.context, name)
    found = company.rehearse(statements, source, situation.config.locks.lock_timeout, progress)
    _record(walk, found, file, WalkName(role_walk.NAME, found.role))
    return found


def _role(situation: Situation, role: str | None) -> str:
    """The role with this name, or with this purpose."""
    roles = situation.config.roles
    who = blueprint.who(situation.config)
    if role is None:
        return who.application
    if role in roles.new or role in situation.live.roles:
        return role
    if role in PURPOSES and getattr(roles, role):
        return str(getattr(roles, role))
    raise UsageError(f"there is no role {role!r}", f"name one of {', '.join(roles.new)}")


def _ahead(situation: Situation, goal: State) -> State:
    """The State with the row-level security that a walk over tenants is about to enable; its policies exist already."""
    if all(link.name.kind != tenants.NAME for link in situation.others):
        return goal
    mine = situation.turned(WalkName(tenants.NAME))
    if mine.done < mine.kind.place(tenants.TENANT_POLICIES):
        return goal
    return mine.kind.through(goal, mine.context, mine.kind.place(tenants.TENANT_RLS))


def _bridged(live: State, special: Special) -> bool:
    """Whether the role still has another one's rights, so that trying as the role would not try its list."""
    return bool(special.like) and any(key[:2] == (special.like, special.name) for key in live.members)


def _record(walk: Walk, found: Rehearsal, file: Path | None, mine: WalkName) -> None:
    """Record the summary in the journal of the walk it is about, where that is kept; else in that of the split."""
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.summary.items() if count)
    details = {
        "role": found.role,
        "basis": found.basis,
        "source": found.source,
        "file": "" if file is None else str(file),
        "summary": dict(found.summary),
        "ok": found.ok,
    }
    kept = any(record.walk == mine for record in walk.kept)
    with walk.session.transaction():
        (walk.journal_of(mine) if kept else walk.journal).event(
            rehearsed.EVENT, None, f"as {found.role}: {counts}", details
        )
