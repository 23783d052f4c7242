"""Hazards in what legacy is: its attributes, memberships and members. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit.model import Finding, ObjectRef, State
from flatsplit.steps import Context

_ATTRIBUTES = ("superuser", "createdb", "createrole", "replication", "bypassrls")
_GOES_TO = {
    "superuser": "nobody but dba",
    "createdb": "app_migrator",
    "createrole": "nobody but dba",
    "replication": "nobody: give replication clients a role of their own",
    "bypassrls": "app_user and app_migrator",
}


def judge(state: State, context: Context) -> Iterator[Finding]:
    """Findings about the role itself."""
    legacy = context.legacy
    facts = context.baseline.roles.get(legacy)
    if facts is None:
        return
    held = [name for name in _ATTRIBUTES if getattr(facts, name)]
    if context.bootstrap and context.config.retire != "revoke":
        yield Finding(
            "bootstrap-retire",
            "blocker",
            f'retire = "{context.config.retire}" is not possible: {legacy} is the bootstrap superuser',
            "PostgreSQL can neither drop the bootstrap superuser nor take SUPERUSER from it, "
            "so it can become neither nothing nor a restricted role.",
            'Set retire = "revoke" in flatsplit.toml: legacy then ends NOLOGIN and owning nothing.',
            step="create-roles",
        )
    if context.bootstrap:
        yield Finding(
            "legacy-bootstrap",
            "warning",
            f"{legacy} is the cluster's bootstrap superuser",
            "PostgreSQL can neither drop nor demote it, and records no dependencies on it. Only its use ends: "
            "it will own nothing of the application's and may not log in. Extensions that it installed stay with it.",
            "Make sure that another superuser can log in before lock-legacy.",
            step="lock-legacy",
        )
    elif held:
        yield Finding(
            "legacy-attributes",
            "warning",
            f"{legacy} has {', '.join(name.upper() for name in held)}",
            "Attributes are not inherited. "
            + "; ".join(f"{name.upper()} goes to {_GOES_TO[name]}" for name in held)
            + ". revoke-legacy takes them away from legacy, rollback gives them back.",
            "Check that nothing but the roles named relies on them.",
            tuple(name.upper() for name in held),
            step="revoke-legacy",
        )
    if not state.target.membership_options and not facts.inherit and not facts.superuser:
        yield Finding(
            "bridge-noinherit",
            "blocker",
            f"{legacy} is NOINHERIT, so the bridge would give it nothing",
            "After its objects move to app_migrator, legacy works through a membership. A NOINHERIT role does not "
            "use its memberships, so the running application would lose every right.",
            f"ALTER ROLE {legacy} INHERIT; (check first that none of its memberships was meant to be dormant)",
            step="transfer-ownership",
        )
    predefined = sorted({key.role for key in state.members if key.member == legacy and key.role.startswith("pg_")})
    if predefined:
        yield Finding(
            "legacy-predefined-roles",
            "warning",
            f"{legacy} is a member of {', '.join(predefined)}",
            "app_migrator becomes a member too. app_user does not: these roles reach far beyond one application.",
            "If the application itself needs one of them, grant it to app_user by hand.",
            tuple(predefined),
            step="grant-existing",
        )
    groups = sorted(
        {
            key.role
            for key in state.members
            if key.member == legacy and not key.role.startswith("pg_") and key.role not in context.config.roles.new
        }
    )
    if groups:
        yield Finding(
            "legacy-memberships",
            "note",
            f"{legacy} is a member of {', '.join(groups)}",
            "app_migrator becomes a member too. app_user gets the reading and writing rights that these roles hold "
            "on single objects, not the membership: that could let it alter or drop what they own.",
            "Nothing, if that is what the application needs.",
            tuple(groups),
            step="grant-existing",
        )
    members = sorted(
        {
            key.member
            for key in state.members
            if key.role == legacy and key.member not in context.config.roles.new and key.member != state.target.operator
        }
    )
    if members:
        yield Finding(
            "legacy-members",
            "note",
            f"{', '.join(members)} can act as {legacy}",
            "They become members of app_migrator with the same options; revoke-legacy ends their membership in legacy.",
            "If they only read, make them members of app_readonly instead.",
            tuple(members),
            step="transfer-ownership",
        )
    yield from _elsewhere(state, context)
    yield from _new_roles(state, context)


def _elsewhere(state: State, context: Context) -> Iterator[Finding]:
    facts = state.roles.get(context.legacy)
    others = sorted({*(facts.elsewhere if facts else ()), *state.databases.get(context.legacy, ())})
    if others:
        yield Finding(
            "legacy-elsewhere",
            "warning",
            f"{context.legacy} is also used by {len(others)} other database{'s' if len(others) > 1 else ''}",
            "Roles belong to the whole cluster: locking legacy ends its use everywhere.",
            "Cut those databases over first, or give them a role of their own; the gate `elsewhere` waits for it.",
            tuple(others),
            step="lock-legacy",
        )


def _new_roles(state: State, context: Context) -> Iterator[Finding]:
    roles = context.config.roles
    adopted = sorted(context.adopted)
    if adopted:
        yield Finding(
            "roles-adopted",
            "note",
            f"{', '.join(adopted)} existed before and {'is' if len(adopted) == 1 else 'are'} adopted",
            "Adopted roles keep their passwords, attributes, cluster-wide settings and everything they hold; "
            "rollback leaves that untouched. Whoever knows such a role's password now gets into this database too.",
            "Nothing, if these roles are meant for this application.",
            tuple(adopted),
            step="create-roles",
        )
    if not state.target.operator_superuser:
        yield Finding(
            "operator-self-grants",
            "note",
            f"{state.target.operator} is no superuser",
            f"Where a statement needs an owner's rights, its transaction first makes {state.target.operator} a member "
            f"of {context.legacy} or {roles.app_migrator} and ends that membership before it commits.",
            "Nothing, if the operator may do that; what it may not do stops the step with the missing right.",
            step="create-roles",
        )
    owner = state.objects.get(ObjectRef("database", "", state.target.database))
    if context.config.database_owner == "keep" and owner is not None and owner.owner == context.legacy:
        yield Finding(
            "database-kept",
            "blocker" if context.config.retire == "drop" else "warning",
            f"database {state.target.database} would stay with {context.legacy}",
            'database_owner = "keep" leaves the database to legacy, '
            "which can then still drop it and cannot be dropped itself.",
            'Set database_owner = "app_migrator" or "dba" in flatsplit.toml.',
            step="transfer-ownership",
        )
