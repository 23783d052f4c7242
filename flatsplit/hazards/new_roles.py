"""Hazards in the new roles: names that exist already, roles that are adopted. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl
from flatsplit.hazards.registry import Found, Seen, below, hazard
from flatsplit.model import ObjectRef, RoleFacts
from flatsplit.walks import split


@hazard(
    "roles-adopted",
    "note",
    split.CREATE_ROLES,
    looks_at="pg_roles: the names under [roles] that were there before flatsplit",
    why="Adopted roles keep their passwords, attributes, cluster-wide settings and everything they hold; "
    "rollback leaves that untouched. Whoever knows such a role's password now gets into this database too.",
    fix="Nothing, if these roles are meant for this application; else choose other names under [roles] before init.",
    manual="sql-createrole.html",
)
def roles_adopted(seen: Seen) -> Iterator[Found]:
    """Names that exist already."""
    adopted = sorted(seen.context.adopted)
    if adopted:
        yield Found(
            f"{', '.join(adopted)} existed before and {'is' if len(adopted) == 1 else 'are'} adopted", tuple(adopted)
        )


@hazard(
    "legacy-labels",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_shseclabel: security labels of legacy's that a new role of programs has not",
    why="A security label is the role's own; members do not inherit it. A module that goes by labels treats the new "
    "roles like any other: one that hides columns from roles with a label shows them to app_user, one that lets "
    "labelled roles in does not know it.",
    fix="SECURITY LABEL … ON ROLE … IS … for the new roles that are to be treated alike, before enable-login.",
    manual="sql-security-label.html",
    questions=("role_labels",),
)
def legacy_labels(seen: Seen) -> Iterator[Found]:
    """Labels that stay behind."""
    labels = {(role, provider): label for role, provider, label in seen.rows("role_labels")}
    mine = {provider: label for (role, provider), label in labels.items() if role == seen.legacy}
    lacking = [
        (role, provider)
        for role in blueprint.programs(seen.context.config)
        for provider in mine
        if (role, provider) not in labels
    ]
    if lacking and not seen.context.retired:
        providers = sorted({provider for _, provider in lacking})
        cures = (
            f"SECURITY LABEL FOR {ddl.ident(provider)} ON ROLE {ddl.ident(role)} IS {ddl.literal(mine[provider])};"
            for role, provider in lacking
        )
        yield Found(
            f"{seen.legacy} has a security label of {', '.join(providers)}, which no new role inherits",
            tuple(f"{role}: no label of {provider}" for role, provider in lacking),
            fix=below("For those that are to be treated alike, after create-roles and before enable-login:", cures),
        )


@hazard(
    "adopted-elsewhere",
    "warning",
    split.CREATE_ROLES,
    looks_at="pg_shdepend: other databases in which an adopted role owns or may do something",
    why="One leaked password then reads two databases. Whoever changes the password for one application locks the "
    "other one out.",
    fix="Choose names of its own for this application under [roles], unless both are one application.",
    manual="user-manag.html",
)
def adopted_elsewhere(seen: Seen) -> Iterator[Found]:
    """Adopted roles that another application uses."""
    found = []
    for name in sorted(seen.context.adopted):
        facts = seen.context.baseline.roles[name]
        found += [f"{name} in database {other}" for other in facts.elsewhere]
    if found and any(name != blueprint.administrator(seen.context.config) for name in seen.context.adopted):
        yield Found("adopted roles are used by other databases too", tuple(found))


def _powers(facts: RoleFacts) -> list[str]:
    words = ("superuser", "createrole", "createdb", "replication", "bypassrls")
    return [word.upper() for word in words if getattr(facts, word)]


@hazard(
    "adopted-powerful",
    "warning",
    split.CREATE_ROLES,
    looks_at="pg_roles and pg_auth_members: attributes and memberships of an adopted app_user or app_readonly",
    why="The split promises that these two can neither change the schema nor act as somebody else. "
    "What an adopted role can already, flatsplit does not take away.",
    fix="REVOKE those memberships and ALTER ROLE … NOSUPERUSER NOCREATEROLE …, or choose other names under [roles].",
    manual="role-attributes.html",
)
def adopted_powerful(seen: Seen) -> Iterator[Found]:
    """Adopted roles with more rights than they should have."""
    who = blueprint.who(seen.context.config)
    found, cures = [], []
    for name in (who.application, who.reader):
        if name not in seen.context.adopted or name not in seen.state.roles:
            continue
        facts = seen.state.roles[name]
        legacy = seen.context.baseline.roles.get(seen.legacy)
        carried = {"BYPASSRLS"} if legacy is not None and legacy.bypassrls else set()
        powers = [word for word in _powers(facts) if word not in carried]
        groups = sorted({key.role for key in seen.state.members if key.member == name})
        cures += [f"ALTER ROLE {ddl.ident(name)} {' '.join(f'NO{word}' for word in powers)};"] if powers else []
        cures += [ddl.end_membership(seen.state, group, name) for group in groups]
        found += [f"{name} is {word}" for word in powers]
        found += [f"{name} is a member of {group}" for group in groups]
    if found:
        fix = below("Choose other names under [roles], or:", cures)
        yield Found("an adopted role can do more than it should", tuple(found), fix=fix)


@hazard(
    "role-name-case",
    "note",
    split.CREATE_ROLES,
    looks_at="names under [roles] against all names in pg_roles, upper and lower case apart",
    why="SQL folds names without quotes to lower case, connection strings and pg_hba.conf do not: "
    "GRANT … TO App_User speaks of app_user, user=App_User of App_User. Names over 63 bytes are cut, so two may "
    "meet.",
    fix="Use lower-case names under [roles], or quote them everywhere.",
    manual="sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS",
)
def role_name_case(seen: Seen) -> Iterator[Found]:
    """Names that are easily confused with others."""
    new = seen.context.config.roles.new
    twins = [
        f"{name} and {other}"
        for name in new
        for other in sorted(seen.state.roles)
        if other != name and other.lower() == name.lower()
    ]
    folded = [name for name in new if name != name.lower()]
    if twins or folded:
        title = "role names that differ only in case" if twins else "role names that need quotes in SQL"
        yield Found(title, (*twins, *folded), severity="warning" if twins else "note")


@hazard(
    "operator-self-grants",
    "note",
    split.CREATE_ROLES,
    looks_at="pg_roles.rolsuper of the operator",
    why="Where a statement needs an owner's rights, its transaction first makes the operator a member "
    "of legacy or app_migrator and ends that membership before it commits.",
    fix="Nothing, if the operator may do that; what it may not do stops the step with the missing right.",
    manual="role-membership.html",
)
def operator_self_grants(seen: Seen) -> Iterator[Found]:
    """The operator is an ordinary role."""
    target, who = seen.state.target, blueprint.who(seen.context.config)
    if not target.operator_superuser and seen.legacy in seen.context.baseline.roles:
        yield Found(
            f"{target.operator} is no superuser",
            why=f"Where a statement needs an owner's rights, its transaction first makes {target.operator} a member "
            f"of {seen.legacy} or {who.owner} and ends that membership before it commits.",
        )


@hazard(
    "dba-not-superuser",
    "note",
    split.CREATE_ROLES,
    looks_at="pg_roles.rolsuper of dba, or of the operator who will create it",
    why="The operator is not one either, so dba gets what the operator can give: membership in app_migrator, and "
    "CREATEDB and CREATEROLE where the operator has them.",
    fix="On a managed service grant it the service's administrator role by hand.",
    manual="role-attributes.html",
)
def dba_not_superuser(seen: Seen) -> Iterator[Found]:
    """A dba that is no superuser."""
    name = blueprint.administrator(seen.context.config)
    facts = seen.state.roles.get(name)
    superuser = facts.superuser if facts is not None else seen.state.target.operator_superuser
    if name and not superuser and seen.legacy in seen.context.baseline.roles:
        yield Found(f"{name} is no superuser")


@hazard(
    "database-kept",
    "blocker",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_database.datdba, and `database_owner` and `retire` in flatsplit.toml",
    why='database_owner = "keep" leaves the database to legacy, '
    "which can then still drop it and cannot be dropped itself.",
    fix='Set database_owner = "app_migrator" or "dba" in flatsplit.toml.',
    manual="sql-dropdatabase.html",
)
def database_kept(seen: Seen) -> Iterator[Found]:
    """Legacy would still own the database."""
    config, database = seen.context.config, seen.state.target.database
    owner = seen.state.objects.get(ObjectRef("database", "", database))
    kept = config.database_owner == "keep" and owner is not None and owner.owner == seen.legacy
    if kept and seen.legacy in seen.context.baseline.roles:
        yield Found(
            f"database {database} would stay with {seen.legacy}",
            severity="blocker" if config.retire == "drop" else "warning",
            toml=('[cutover] database_owner = "app_migrator"',),
        )


@hazard(
    "password-policy",
    "blocker",
    split.ENABLE_LOGIN,
    looks_at="what the server says to CREATE ROLE and ALTER ROLE … PASSWORD with a SCRAM verifier, run and undone",
    why="A module watches over passwords (check_password_hook) and refuses verifiers, which are all that flatsplit "
    "ever sends: it does not let the server, or its log, see a password.",
    fix='Set auth = "external" in flatsplit.toml, so that enable-login gives LOGIN alone, and set the passwords as the '
    "policy wants them; or have the policy take verifiers until enable-login is done.",
    manual="auth-password.html",
    verifies=True,
)
def password_policy(seen: Seen) -> Iterator[Found]:
    """Verifiers that the server refuses."""
    if seen.refusals:
        said = "; ".join(dict.fromkeys(refusal.reason for refusal in seen.refusals))
        yield Found(
            f"a password policy refuses verifiers: {said}",
            tuple(f"{refusal.role}: {refusal.reason}" for refusal in seen.refusals),
            toml=('[roles] auth = "external"',),
        )
