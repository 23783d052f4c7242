"""Hazards in the operator: one that is no superuser, and what adopted roles bring along. Pure.

Sources: manual, "Role Attributes", "Role Membership", GRANT, ALTER DATABASE, ALTER SCHEMA.
:mod:`flatsplit.server.dry_run` tries what the operator may do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flatsplit import ddl
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.model import RoleFacts, State, versions
from flatsplit.rights.matrix import matrix
from flatsplit.server.lack import Lack
from flatsplit.walks import split
from flatsplit.walks.provider import administers
from flatsplit.walks.split.kind import through
from flatsplit.words import count

_NAMED = 20


@hazard(
    "operator-lacks",
    "blocker",
    None,
    looks_at="what the operator may do: statements on roles are run and undone, and roles acted as",
    why="This was tried and undone: the step would stop at it.",
    fix="Have an administrator run the grants that doctor prints.",
    manual="role-attributes.html",
    tries=True,
)
def operator_lacks(seen: Seen) -> Iterator[Found]:
    """Rights that the operator needs and an administrator can grant."""
    for step, found in _sorted(seen, remedied=True).items():
        yield Found(
            f"{seen.state.target.operator} lacks what {step} needs",
            tuple(found),
            why=f"Tried, and undone: {_reasons(found)}. The step would stop there.",
            fix="Have an administrator run:",
            step=step,
            sql=tuple(found),
        )


@hazard(
    "operator-statements",
    "warning",
    None,
    looks_at="what the operator may do: statements on roles are run and undone, and roles acted as",
    why="The operator may not run them, and an administrator could change that only by granting more than the walk "
    "needs. The step stops there, and goes on once somebody else has run them; a rollback does the same at their undo.",
    fix="Have a superuser, the owner or the service's support run them when the step says so.",
    manual="sql-grant.html",
    tries=True,
)
def operator_statements(seen: Seen) -> Iterator[Found]:
    """Statements that only somebody else can run."""
    for step, found in _sorted(seen, remedied=False).items():
        yield Found(
            f"somebody else has to run {count(len(found), 'statement')} of {step}",
            tuple(map(ddl.by_hand, found))[:_NAMED],
            why=f"{seen.state.target.operator} may not, and no grant of an administrator's would change that without "
            f"giving more than the walk needs: {_reasons(found)}. The step stops there, and goes on once it sees them "
            "done; a rollback does so at their undo.",
            step=step,
        )


@hazard(
    "operator-way-back",
    "warning",
    None,
    looks_at="what the operator may do: the undo of statements on roles is run too",
    why="The operator may take these away but may not give them again, so a rollback would stop there.",
    fix="Make sure that somebody who may run these can be reached, or take the rights away by other means.",
    manual="sql-alterrole.html",
    tries=True,
)
def operator_way_back(seen: Seen) -> Iterator[Found]:
    """Steps that the operator could take but not roll back."""
    steps: dict[str, dict[str, str]] = {}
    for lack in seen.lacks:
        if lack.back:
            steps.setdefault(lack.step, {})[lack.statement.undo] = lack.reason
    for step, found in steps.items():
        yield Found(
            f"{seen.state.target.operator} could not take all of {step} back",
            tuple(map(ddl.by_hand, found))[:_NAMED],
            why=f"What it takes away, it may not give: {_reasons(found)}. A rollback would stop there.",
            step=step,
        )


@hazard(
    "operator-monitor",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="whether the operator has what pg_read_all_stats gives",
    why="pg_stat_activity and pg_stat_statements hide clients, states and statements of other roles from it, so "
    "observe and rehearse see little.",
    fix="Have an administrator run: GRANT pg_monitor TO operator;",
    manual="predefined-roles.html",
    questions=("operator_surroundings",),
)
def operator_monitor(seen: Seen) -> Iterator[Found]:
    """An operator that cannot see who is connected."""
    operator = seen.state.target.operator
    for _, _, sees, _ in seen.rows("operator_surroundings"):
        if not sees and not seen.state.target.operator_superuser:
            yield Found(
                f"{operator} cannot see what other sessions do",
                fix="Have an administrator run:",
                sql=(f"GRANT pg_monitor TO {ddl.ident(operator)};",),
            )


@hazard(
    "adopted-excess",
    "warning",
    split.VERIFY,
    looks_at="what adopted roles could do at the end of the walk, and should not",
    why="What adopted roles held before is left as it is, so these rights stay, and verify waits because of them.",
    fix="REVOKE them by hand, or waive the gate `verified` with a reason.",
    manual="sql-revoke.html",
)
def adopted_excess(seen: Seen) -> Iterator[Found]:
    """Rights of adopted roles that the gate of ``verify`` will not accept."""
    context = seen.context
    if not context.adopted:
        return
    found = [
        check
        for check in matrix(through(seen.state, context, split.REVOKE_LEGACY), context, len(split.STEP_KEYS))
        if check.role in context.adopted and not check.expected and not check.ok
    ]
    if found:
        yield Found(
            f"{'; '.join(f'{check.role} can {check.act}' for check in found)}, and should not",
            tuple(f"{check.role} can {check.act}: {name}" for check in found for name in check.exceptions)[:_NAMED],
        )


def _sorted(seen: Seen, *, remedied: bool) -> dict[str, dict[str, str]]:
    """For each step what to run, with the server's error: grants that help, or else the statements themselves."""
    new = frozenset(seen.context.config.roles.new)
    steps: dict[str, dict[str, str]] = {}
    for lack in seen.lacks:
        if lack.back:
            continue
        grant = remedy(seen.state, lack, new)
        if bool(grant) == remedied:
            wanted = [grant or giving(lack)] if grant or lack.needed else _statements(lack)
            steps.setdefault(lack.step, {}).update(dict.fromkeys(wanted, lack.reason))
    return steps


def _statements(lack: Lack) -> list[str]:
    return [each.sql for each in lack.statements or (lack.statement,)]


def giving(lack: Lack) -> str:
    """The statement that gives a new owner what it lacks; "" where there is none."""
    return ddl.grant([lack.needed.on], lack.needed.letter, lack.needed.role) if lack.needed else ""


def _reasons(found: Mapping[str, str]) -> str:
    distinct = list(dict.fromkeys(found.values()))
    return "; ".join(distinct[:3]) + (f"; and {len(distinct) - 3} more" if distinct[3:] else "")


def remedy(state: State, lack: Lack, new: frozenset[str]) -> str:
    """The statement that gives the operator what it lacks; "" where only somebody else can do it."""
    operator = ddl.ident(state.target.operator)
    facts = state.roles.get(state.target.operator)
    if lack.needed:  # before create-roles the role does not exist yet
        return giving(lack) if lack.needed.role in state.roles else ""
    if lack.right == "CREATEDB":
        return f"ALTER ROLE {operator} CREATEDB;"
    if lack.right:
        return f"GRANT {lack.right} ON DATABASE {ddl.ident(state.target.database)} TO {operator};"
    if facts is not None and not facts.createrole and not state.target.membership_options:
        return f"ALTER ROLE {operator} CREATEROLE;"
    if lack.role:
        return _acting(state, lack.role, new)
    changes = lack.statement.changes
    if lack.statement.secrets and not changes:
        return _password(state, lack.statement.secrets[0], operator)
    kinds = {change.fact for change in changes}
    if "role" in kinds and facts is not None and not facts.createrole:
        return f"ALTER ROLE {operator} CREATEROLE;"
    if "rds_password" in lack.reason:
        return f"GRANT rds_password TO {operator};"
    if "member" in kinds:
        return _giving(state, lack, operator)
    if kinds == {"attribute"} and state.target.membership_options:
        role = changes[0].subject
        if role in state.roles and not administers(state, role):
            return _admin(role, operator)
        return _attributes(lack, facts, operator)
    if kinds == {"setting"} and changes[0].subject in state.roles and not administers(state, changes[0].subject):
        return _admin(changes[0].subject, operator)
    if kinds == {"setting"} and state.target.major >= versions.PARAMETER_GRANTS:
        name = changes[0].detail.split("=", 1)[0]
        return f"GRANT SET ON PARAMETER {ddl.ident(*name.split('.'))} TO {operator};"
    return ""


def _password(state: State, role: str, operator: str) -> str:
    """For another password of a role, which no superuser's is: what takes the attribute and, from 16 on, ADMIN."""
    facts, theirs = state.roles.get(state.target.operator), state.roles.get(role)
    if theirs is None or theirs.superuser:
        return ""
    rights = [] if facts is not None and facts.createrole else [f"ALTER ROLE {operator} CREATEROLE;"]
    rights += [] if administers(state, role) else [_admin(role, operator)]
    return " ".join(rights)


def _attributes(lack: Lack, facts: RoleFacts | None, operator: str) -> str:
    """From 16 on an attribute can be given or taken by roles that have it themselves (manual, "ALTER ROLE")."""
    words = {word.removesuffix(";").removeprefix("NO") for word in lack.statement.sql.split()}
    if "SUPERUSER" in words:
        return ""
    wanted = [word for word in ("CREATEDB", "BYPASSRLS", "REPLICATION") if word in words]
    missing = [word for word in wanted if facts is None or not getattr(facts, word.lower())]
    return f"ALTER ROLE {operator} {' '.join(missing)};" if missing else ""


def _acting(state: State, role: str, new: frozenset[str]) -> str:
    operator = ddl.ident(state.target.operator)
    facts = state.roles.get(state.target.operator)
    owner = state.roles.get(role)
    if owner is not None and owner.superuser:
        return ""
    if facts is not None and not facts.inherit and not state.target.membership_options:
        return f"ALTER ROLE {operator} INHERIT;"
    if role in new and role not in state.roles:
        return f"ALTER ROLE {operator} CREATEROLE;"
    return _admin(role, operator) if state.target.membership_options else f"GRANT {ddl.ident(role)} TO {operator};"


def _giving(state: State, lack: Lack, operator: str) -> str:
    """For a GRANT of membership. A REVOKE of what another role granted has to be run by that role or a superuser."""
    for role, facts in state.roles.items():
        if lack.statement.sql.startswith(f"GRANT {ddl.ident(role)} TO ") and not facts.superuser:
            return "" if administers(state, role) else _admin(role, operator)
    return ""


def _admin(role: str, operator: str) -> str:
    return f"GRANT {ddl.ident(role)} TO {operator} WITH ADMIN OPTION;"
