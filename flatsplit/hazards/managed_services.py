"""Hazards of managed services and of Kubernetes operators: who the administrators are, what keeps the operator from
setting passwords, and who puts roles back. Pure.

Sources: the services' pages on their administrator roles; the operators' code that brings roles and databases in line
with a manifest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flatsplit import blueprint, ddl
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.model import State, versions
from flatsplit.walks import split
from flatsplit.walks.provider import administers, recognise


@hazard(
    "managed-service",
    "note",
    split.CREATE_ROLES,
    looks_at="pg_roles: the administrator roles by which services are known",
    why="Nobody outside the service is a superuser. dba can at most be a member of the service's administrator role.",
    fix="After create-roles have an administrator grant that role to dba.",
    manual="predefined-roles.html",
)
def managed_service(seen: Seen) -> Iterator[Found]:
    """The service itself."""
    provider = recognise(seen.state)
    if provider is None:
        return
    dba = blueprint.administrator(seen.context.config)
    lacks = "SUPERUSER, pg_authid and server files" + (
        ", and BYPASSRLS" if seen.state.target.major < versions.CREATEROLE_WITH_ADMIN else ""
    )
    given = administers(seen.state, provider.group) or not dba
    grant = f"GRANT {ddl.ident(provider.group)} TO {ddl.ident(dba)};"
    yield Found(
        f"this server is {provider.name}, by its roles {provider.group} and {provider.superuser}",
        (provider.group,),
        why=f"Nobody outside the service is a superuser. {dba or 'The operator'} can at most be a member of "
        f"{provider.group}: it lacks {lacks}.",
        fix="Nothing." if given else f"After create-roles have an administrator run: {grant}",
    )


@hazard(
    "service-administrators",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_auth_members: the new roles within the service's administrator role",
    why="Who creates users with the service's console, API or Terraform provider may find them in the administrator "
    "role: such a user can create roles and make itself more than the split lets it be.",
    fix="REVOKE that role from them, and create users with SQL instead.",
    manual="role-membership.html",
)
def service_administrators(seen: Seen) -> Iterator[Found]:
    """New roles that the service has made administrators."""
    provider, programs = recognise(seen.state), blueprint.programs(seen.context.config)
    if provider is None:
        return
    inside = _within(seen.state, provider.group)
    split = [name for name in programs if name in inside]
    if split:
        cures = [ddl.end_membership(seen.state, provider.group, name) for name in split]
        yield Found(
            f"{', '.join(split)} {'is' if len(split) == 1 else 'are'} in {provider.group}",
            tuple(split),
            fix=" ".join([*cures, "Create users with SQL instead."]),
        )


@hazard(
    "legacy-administrator",
    "warning",
    split.GRANT_EXISTING,
    looks_at="pg_auth_members: legacy within the service's administrator role",
    why="app_migrator becomes a member of legacy's groups, so migrations would run with an administrator's rights.",
    fix="REVOKE that role from legacy if nothing needs it, before grant-existing.",
    manual="role-membership.html",
)
def legacy_administrator(seen: Seen) -> Iterator[Found]:
    """Legacy is an administrator of the service."""
    provider = recognise(seen.state)
    if provider is not None and seen.legacy in _within(seen.state, provider.group) and not seen.context.retired:
        yield Found(
            f"{seen.legacy} is in {provider.group}",
            (seen.legacy,),
            fix=f"{ddl.end_membership(seen.state, provider.group, seen.legacy)} if nothing needs it, before "
            "grant-existing.",
        )


@hazard(
    "legacy-signs-in-by-token",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_auth_members: legacy in the service's role for logins by token",
    why="Members log in by tokens of the service and not by passwords. app_migrator becomes a member of legacy's "
    "groups, app_user does not.",
    fix='Set auth = "external" and grant that role to app_user, or take it from app_migrator.',
    manual="role-membership.html",
)
def legacy_signs_in_by_token(seen: Seen) -> Iterator[Found]:
    """Legacy has no password at all."""
    provider = recognise(seen.state)
    if provider is None or not provider.sign_in:
        return
    if any(key.role == provider.sign_in and key.member == seen.legacy for key in seen.state.members):
        yield Found(
            f"{seen.legacy} is in {provider.sign_in}",
            (seen.legacy,),
            fix=f'Set auth = "external" and GRANT {provider.sign_in} TO app_user, or take it from app_migrator.',
        )


@hazard(
    "rds-restricted-passwords",
    "blocker",
    split.ENABLE_LOGIN,
    looks_at="rds.restrict_password_commands, and whether the operator is in rds_password",
    why="rds.restrict_password_commands is on: only members of rds_password may set a password or VALID UNTIL.",
    fix="GRANT rds_password TO operator;",
    manual="sql-alterrole.html",
    questions=("operator_surroundings",),
)
def rds_restricted_passwords(seen: Seen) -> Iterator[Found]:
    """The operator may not set passwords."""
    target = seen.state.target
    for restricted, may, _, _ in seen.rows("operator_surroundings"):
        if restricted and not may and seen.context.config.auth == "password" and not target.operator_superuser:
            yield Found(
                f"{target.operator} may not set passwords", fix=f"GRANT rds_password TO {ddl.ident(target.operator)};"
            )


@hazard(
    "legacy-entra",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_shseclabel: a label of pgaadauth on legacy",
    why="It logs in by tokens because of its security label, which other roles do not inherit: the new roles would "
    "ask for passwords.",
    fix='Set auth = "external" and label the new roles, or move the application to passwords at the switch.',
    manual="sql-security-label.html",
    questions=("operator_surroundings",),
)
def legacy_entra(seen: Seen) -> Iterator[Found]:
    """Legacy is registered with the service by a label."""
    for _, _, _, entra in seen.rows("operator_surroundings"):
        if entra:
            yield Found(f"{seen.legacy} is a Microsoft Entra principal", (seen.legacy,))


class Keeper(NamedTuple):
    """Software that keeps roles as a manifest outside the database says, known by a role that it makes."""

    name: str
    mark: str
    replication: bool
    """Whether that role has REPLICATION: the name alone could be anybody's."""
    does: str


KEEPERS = (
    Keeper(
        "CloudNativePG",
        "streaming_replica",
        True,
        "Roles of its manifest (managed roles, DatabaseRole) get their LOGIN back and lose each membership that is not "
        "written there, and a Database gets its owner back. So the running application could lose the bridge, which is "
        "all its rights.",
    ),
    Keeper(
        "the Postgres operator of Zalando",
        "robot_zmon",
        False,
        "At each sync users of its manifest get LOGIN and password back, and databases their owner.",
    ),
    Keeper(
        "PGO, the Postgres operator of Crunchy Data, or one made from it",
        "_crunchyrepl",
        True,
        "Users of its manifest get their options, LOGIN among them, and their password back, and all rights on their "
        "databases, CREATE SCHEMA among them.",
    ),
)


@hazard(
    "roles-kept-elsewhere",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_roles: roles by which Kubernetes operators are known",
    why="Such an operator brings roles and databases in line with a manifest again and again. What the walk changed "
    "and the manifest says otherwise is turned back, minutes or a restart later and without a word.",
    fix="Let the manifest say before each step what the step will do; look at flatsplit status after its next sync.",
    manual="role-attributes.html",
)
def roles_kept_elsewhere(seen: Seen) -> Iterator[Found]:
    """A manifest that may turn back what the walk does."""
    if seen.context.retired:
        return
    migrator = blueprint.owner(seen.context.config)
    for keeper in KEEPERS:
        mark = seen.state.roles.get(keeper.mark)
        if mark is None or (keeper.replication and not mark.replication):
            continue
        yield Found(
            f"{keeper.name} looks after this server, by its role {keeper.mark}",
            (keeper.mark,),
            why=f"{keeper.does} What the walk changed and the manifest still says otherwise is turned back without a "
            "word.",
            fix=f"Where its manifest names {seen.legacy} or this database: before transfer-ownership let it say that "
            f"{seen.legacy} is a member of {migrator}, and that {migrator} owns the database; before lock-legacy, that "
            f"{seen.legacy} may not log in. Name no new role there that flatsplit is to give a password. After "
            "its next sync look at flatsplit status.",
        )


def _within(state: State, group: str) -> frozenset[str]:
    """Roles that are members of a group, directly or through others."""
    found = {group}
    while True:
        more = {key.member for key in state.members if key.role in found} - found
        if not more:
            return frozenset(found - {group})
        found |= more
