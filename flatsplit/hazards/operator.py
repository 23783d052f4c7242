"""Hazards in who walks: an operator without a superuser's rights, and the managed service that made it so.

Sources: manual, "Role Attributes", "Role Membership", GRANT, ALTER DATABASE, ALTER SCHEMA; the services' pages on
their administrator roles. What the operator may do is tried by :mod:`flatsplit.evidence.ability`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

import psycopg

from flatsplit import ddl
from flatsplit.evidence.ability import Lack, try_operator
from flatsplit.evidence.matrix import matrix
from flatsplit.model import Finding, State
from flatsplit.steps import STEPS, Context, through
from flatsplit.steps.provider import Provider, administers, recognise

_NAMED = 20


def find(conn: psycopg.Connection[Any], state: State, context: Context) -> Iterator[Finding]:
    """All of them. Tries what the operator may do, in a transaction that is rolled back."""
    query = resources.files(__package__).joinpath("queries/operator_surroundings.sql").read_bytes()
    restricted, may, sees, entra = conn.execute(query, {"legacy": context.legacy}).fetchall()[0]
    yield from excess(state, context)
    lacks = try_operator(conn, state, context)
    yield from judge(state, context, lacks)
    provider = recognise(state)
    if provider is not None:
        yield from service(state, context, provider)
    yield from passwords(state, context, restricted=restricted and not may, entra=entra)
    if not state.target.operator_superuser and not sees:
        yield _monitor(state)


def judge(state: State, context: Context, lacks: tuple[Lack, ...]) -> Iterator[Finding]:
    """What was tried and did not work, by the step that it would stop."""
    new = frozenset(context.config.roles.new)
    for step in dict.fromkeys(lack.step for lack in lacks):
        here = [lack for lack in lacks if lack.step == step]
        grants: dict[str, str] = {}
        by_others: dict[str, str] = {}
        back: dict[str, str] = {}
        for lack in here:
            if lack.back:
                back[lack.statement.undo] = lack.reason
            elif grant := remedy(state, lack, new):
                grants[grant] = lack.reason
            else:
                for statement in lack.statements or (lack.statement,):
                    by_others[statement.sql] = lack.reason
        yield from _findings(state, step, grants, by_others, back)


def excess(state: State, context: Context) -> Iterator[Finding]:
    """Rights that adopted roles brought along and that the gate of ``verify`` will not let pass."""
    if not context.adopted:
        return
    found = [
        check
        for check in matrix(through(state, context, len(STEPS)), context, len(STEPS))
        if check.role in context.adopted and not check.expected and not check.ok
    ]
    if found:
        yield Finding(
            "adopted-excess",
            "warning",
            f"{'; '.join(f'{check.role} can {check.act}' for check in found)}, and should not",
            "What adopted roles held before is left as it is, so these rights stay, and verify waits because of them.",
            "REVOKE them by hand, or waive the gate `verified` with a reason.",
            tuple(f"{check.role} can {check.act}: {name}" for check in found for name in check.exceptions)[:_NAMED],
            step="verify",
        )


def _findings(
    state: State, step: str, grants: dict[str, str], by_others: dict[str, str], back: dict[str, str]
) -> Iterator[Finding]:
    operator = state.target.operator
    if grants:
        yield Finding(
            "operator-lacks",
            "blocker",
            f"{operator} lacks what {step} needs",
            "Tried, and undone: " + _reasons(grants) + ". The step would stop there.",
            "Have an administrator run: " + " ".join(grants),
            tuple(grants),
            step=step,
        )
    if by_others:
        yield Finding(
            "operator-statements",
            "warning",
            f"somebody else has to run {len(by_others)} statement{'s' if len(by_others) > 1 else ''} of {step}",
            f"{operator} may not, and no grant of an administrator's would change that without giving more than the "
            f"walk needs: {_reasons(by_others)}. The step stops there, and goes on once it sees them done.",
            "Have a superuser, the owner or the service's support run them when the step says so.",
            tuple(by_others)[:_NAMED],
            step=step,
        )
    if back:
        yield Finding(
            "operator-way-back",
            "warning",
            f"{operator} could not take all of {step} back",
            f"What it takes away, it may not give: {_reasons(back)}. A rollback would stop there.",
            "Have at hand who may run these, or take the rights away by other means.",
            tuple(back)[:_NAMED],
            step=step,
        )


def _reasons(found: dict[str, str]) -> str:
    distinct = list(dict.fromkeys(found.values()))
    return "; ".join(distinct[:3]) + (f"; and {len(distinct) - 3} more" if distinct[3:] else "")


def remedy(state: State, lack: Lack, new: frozenset[str]) -> str:
    """The statement that gives the operator what it lacks; "" where only somebody else can do it."""
    operator = ddl.ident(state.target.operator)
    facts = state.roles.get(state.target.operator)
    if lack.right == "CREATEDB":
        return f"ALTER ROLE {operator} CREATEDB;"
    if lack.right:
        return f"GRANT {lack.right} ON DATABASE {ddl.ident(state.target.database)} TO {operator};"
    if facts is not None and not facts.createrole and not state.target.membership_options:
        return f"ALTER ROLE {operator} CREATEROLE;"
    if lack.role:
        return _acting(state, lack.role, new)
    changes = lack.statement.changes
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
        for word in ("CREATEDB", "BYPASSRLS", "REPLICATION"):
            if word in lack.statement.sql.split():  # 16 lets those pass it on who have it
                return f"ALTER ROLE {operator} {word};"
    if kinds == {"setting"} and changes[0].subject in state.roles and not administers(state, changes[0].subject):
        return _admin(changes[0].subject, operator)
    if kinds == {"setting"} and state.target.major >= 15:
        name = changes[0].detail.split("=", 1)[0]
        return f"GRANT SET ON PARAMETER {ddl.ident(*name.split('.'))} TO {operator};"
    return ""


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
    """For a GRANT of membership. A REVOKE of what another has granted is for that other, or a superuser, to run."""
    for role, facts in state.roles.items():
        if lack.statement.sql.startswith(f"GRANT {ddl.ident(role)} TO ") and not facts.superuser:
            return "" if administers(state, role) else _admin(role, operator)
    return ""


def _admin(role: str, operator: str) -> str:
    return f"GRANT {ddl.ident(role)} TO {operator} WITH ADMIN OPTION;"


def service(state: State, context: Context, provider: Provider) -> Iterator[Finding]:
    """The service itself, and whom it has put into its administrator role."""
    roles = context.config.roles
    group = ddl.ident(provider.group)
    given = administers(state, provider.group)
    lacks = "SUPERUSER, pg_authid and server files" + (", and BYPASSRLS" if state.target.major < 16 else "")
    yield Finding(
        "managed-service",
        "note",
        f"this server is {provider.name}, by its roles {provider.group} and {provider.superuser}",
        f"Nobody outside the service is a superuser. {roles.dba or 'The operator'} can at most be a member of "
        f"{provider.group}: it lacks {lacks}.",
        "Nothing."
        if given or not roles.dba
        else f"After create-roles have an administrator run: GRANT {group} TO {ddl.ident(roles.dba)};",
        (provider.group,),
        step="create-roles",
    )
    inside = _within(state, provider.group)
    split = [name for name in (roles.app_user, roles.app_migrator, roles.app_readonly) if name in inside]
    if split:
        yield Finding(
            "service-administrators",
            "warning",
            f"{', '.join(split)} {'is' if len(split) == 1 else 'are'} in {provider.group}",
            f"Who creates users with the service's console, API or Terraform provider may find them in "
            f"{provider.group}: such a user can create roles and make itself more than the split lets it be.",
            " ".join(f"REVOKE {group} FROM {ddl.ident(name)};" for name in split) + " Create users with SQL instead.",
            tuple(split),
            step="enable-login",
        )
    if context.legacy in inside and not context.retired:
        yield Finding(
            "legacy-administrator",
            "warning",
            f"{context.legacy} is in {provider.group}",
            f"app_migrator becomes a member of legacy's groups, so migrations would run with the rights of "
            f"{provider.group}.",
            f"REVOKE {group} FROM {ddl.ident(context.legacy)}; if nothing needs it, before grant-existing.",
            (context.legacy,),
            step="grant-existing",
        )
    if provider.sign_in and any(key.role == provider.sign_in and key.member == context.legacy for key in state.members):
        yield Finding(
            "legacy-signs-in-by-token",
            "warning",
            f"{context.legacy} is in {provider.sign_in}",
            "Its members log in by tokens of the service and not by passwords. app_migrator becomes a member of "
            "legacy's groups, app_user does not.",
            f'Set auth = "external" and GRANT {provider.sign_in} TO app_user, or take it from app_migrator.',
            (context.legacy,),
            step="enable-login",
        )


def passwords(state: State, context: Context, *, restricted: bool, entra: bool) -> Iterator[Finding]:
    """Where the service stands between the operator and the passwords of new roles."""
    operator = ddl.ident(state.target.operator)
    if restricted and context.config.auth == "password" and not state.target.operator_superuser:
        yield Finding(
            "rds-restricted-passwords",
            "blocker",
            f"{state.target.operator} may not set passwords",
            "rds.restrict_password_commands is on: only members of rds_password may set a password or VALID UNTIL.",
            f"GRANT rds_password TO {operator};",
            step="enable-login",
        )
    if entra:
        yield Finding(
            "legacy-entra",
            "warning",
            f"{context.legacy} is a Microsoft Entra principal",
            "It logs in by tokens because of its security label, which other roles do not inherit: the new roles "
            "would ask for passwords.",
            'Set auth = "external" and label the new roles, or move the application to passwords at the switch.',
            (context.legacy,),
            step="enable-login",
        )


def _within(state: State, group: str) -> frozenset[str]:
    """Roles that are members of a group, directly or through others."""
    found = {group}
    while True:
        more = {key.member for key in state.members if key.role in found} - found
        if not more:
            return frozenset(found - {group})
        found |= more


def _monitor(state: State) -> Finding:
    return Finding(
        "operator-monitor",
        "warning",
        f"{state.target.operator} cannot see what other sessions do",
        "pg_stat_activity and pg_stat_statements hide clients, states and statements of other roles from it, so "
        "observe and rehearse see little.",
        f"GRANT pg_monitor TO {ddl.ident(state.target.operator)};",
        step="switch-connections",
    )
