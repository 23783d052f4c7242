"""Hazards in legacy itself: its attributes, memberships and members. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl
from flatsplit.config import format_name
from flatsplit.hazards.registry import REGISTRY, Found, Seen, as_lines, decide, few, hazard
from flatsplit.walks import split
from flatsplit.walks.other_databases import abroad
from flatsplit.walks.split import restricted
from flatsplit.walks.split.owners import dormant
from flatsplit.words import count

_ATTRIBUTES = ("superuser", "createdb", "createrole", "replication", "bypassrls")
_GOES_TO = {
    "superuser": "nobody but dba",
    "createdb": blueprint.OWNER.key,
    "createrole": "nobody but dba",
    "replication": "nobody: give replication clients a role of their own",
    "bypassrls": "app_user and app_migrator",
}
SOON_DAYS = 30
"""A password that ends within so many days may end during the walk."""


@hazard(
    "bootstrap-retire",
    "blocker",
    split.CREATE_ROLES,
    looks_at="whether legacy is the role with oid 10, and `retire` in flatsplit.toml",
    why="PostgreSQL can neither drop the bootstrap superuser nor take SUPERUSER from it, "
    "so it can become neither nothing nor a restricted role.",
    fix='Set retire = "revoke" in flatsplit.toml: legacy then ends NOLOGIN and owning nothing.',
    manual="app-initdb.html",
)
def bootstrap_retire(seen: Seen) -> Iterator[Found]:
    """Legacy cannot be retired as configured."""
    retire = seen.context.config.retire
    if seen.context.bootstrap and retire != "revoke":
        yield Found(
            f'retire = "{retire}" is not possible: {seen.legacy} is the bootstrap superuser',
            toml=('[cutover] retire = "revoke"',),
        )


@hazard(
    "legacy-bootstrap",
    "warning",
    split.LOCK_LEGACY,
    looks_at="whether legacy is the role with oid 10",
    why="PostgreSQL can neither drop nor demote it, and records no dependencies on it. Only its use ends: "
    "it will own nothing of the application's and may not log in. Extensions that it installed stay with it.",
    fix="Make sure that another superuser can log in before lock-legacy.",
    manual="database-roles.html",
)
def legacy_bootstrap(seen: Seen) -> Iterator[Found]:
    """Legacy is the bootstrap superuser."""
    if seen.context.bootstrap and seen.legacy in seen.context.baseline.roles:
        yield Found(f"{seen.legacy} is the cluster's bootstrap superuser")


@hazard(
    "legacy-attributes",
    "warning",
    split.REVOKE_LEGACY,
    looks_at="pg_roles: rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls of legacy",
    why="Attributes are not inherited through memberships. "
    "revoke-legacy takes them away from legacy, rollback gives them back.",
    fix="Check that nothing but the roles named relies on them.",
    manual="role-membership.html",
)
def legacy_attributes(seen: Seen) -> Iterator[Found]:
    """Attributes that no membership passes on."""
    facts = seen.context.baseline.roles.get(seen.legacy)
    held = [name for name in _ATTRIBUTES if getattr(facts, name, False)]
    if held and not seen.context.bootstrap:
        yield Found(
            f"{seen.legacy} has {', '.join(name.upper() for name in held)}",
            tuple(name.upper() for name in held),
            why="Attributes are not inherited. "
            + "; ".join(f"{name.upper()} goes to {_GOES_TO[name]}" for name in held)
            + ". revoke-legacy takes them away from legacy, rollback gives them back.",
        )


@hazard(
    "bridge-noinherit",
    "blocker",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_roles.rolinherit of legacy, on servers before 16",
    why="After its objects move to app_migrator, legacy works through a membership. A NOINHERIT role does not "
    "use its memberships, so the running application would lose every right.",
    fix="ALTER ROLE legacy INHERIT; (check first that none of its memberships was meant to be dormant)",
    manual="role-membership.html",
)
def bridge_noinherit(seen: Seen) -> Iterator[Found]:
    """The bridge would give legacy nothing. Since 16 flatsplit grants it WITH INHERIT TRUE, whatever the role's
    attribute.
    """
    for name in dormant(seen.state, seen.context):
        yield Found(
            f"{name} is NOINHERIT, so the bridge would give it nothing",
            fix=f"ALTER ROLE {format_name(name)} INHERIT; "
            "(check first that none of its memberships was meant to be dormant)",
            sql=(f"ALTER ROLE {format_name(name)} INHERIT;",),
        )


@hazard(
    "legacy-predefined-roles",
    "blocker",
    split.GRANT_EXISTING,
    looks_at="pg_auth_members: roles named pg_… that legacy is a member of, and roles that lead to one of them, to "
    "SUPERUSER, CREATEROLE, REPLICATION or BYPASSRLS, or to what the system or an extension keeps from PUBLIC",
    why="These roles reach far beyond one application, and no ordinary owner is a member of them. A new role becomes a "
    "member only if flatsplit.toml says so.",
    fix="Name the roles under [grants.app_migrator] member in flatsplit.toml, or under [grants.app_user]; or leave "
    'them behind: [hazards.accept] "legacy-predefined-roles" = "why".',
    manual="predefined-roles.html",
)
def legacy_predefined_roles(seen: Seen) -> Iterator[Found]:
    """Server-wide rights that the new roles do not get by themselves."""
    given = {of for _, of in restricted.configured(seen.context)}
    given.update(of for _, names in seen.context.config.become for of in names)
    beyond = {} if seen.legacy not in seen.context.baseline.roles else restricted.memberships(seen.state, seen.context)
    open_ = {role: leads for role, leads in beyond.items() if role not in given}
    if open_:
        names = tuple(open_)
        lines = {(blueprint.OWNER.key, "member"): [format_name(name) for name in names]}
        leads = "; ".join(f"{role} is or leads to {few(to)}" for role, to in open_.items() if to != (role,))
        yield Found(
            f"{seen.legacy} is a member of {few(names)}",
            names,
            why=REGISTRY["legacy-predefined-roles"].why + (f" {leads}." if leads else ""),
            fix=decide("legacy-predefined-roles", lines),
            toml=as_lines(lines),
        )


@hazard(
    "become-inherits",
    "note",
    split.GRANT_EXISTING,
    looks_at="[become] in flatsplit.toml on a server before 16, and pg_roles.rolinherit of the new roles it names",
    why="Since 16 a membership can be given for SET ROLE alone. Before, whoever is INHERIT has the rights of a role "
    "that it may become at any moment, without SET ROLE: a forgotten SET ROLE goes unnoticed.",
    fix="Nothing, if that is how legacy has them today. Otherwise take the walk on 16 or later.",
    manual="role-membership.html",
)
def become_inherits(seen: Seen) -> Iterator[Found]:
    """Memberships for SET ROLE that also give rights without it."""
    if seen.state.target.membership_options:
        return
    for purpose, names in seen.context.config.become:
        role = str(getattr(seen.context.config.roles, purpose))
        facts = seen.projected.roles.get(role)
        if names and facts is not None and facts.inherit and not facts.superuser:
            yield Found(f"{role} will have the rights of {few(names)} without SET ROLE too", tuple(names))


@hazard(
    "legacy-memberships",
    "note",
    split.GRANT_EXISTING,
    looks_at="pg_auth_members: roles that legacy is a member of",
    why="app_migrator becomes a member too. app_user gets the reading and writing rights that these roles hold "
    "on single objects, not the membership: that could let it alter or drop what they own.",
    fix="Nothing, if that is what the application needs; where its sessions become one of them with SET ROLE: "
    "[become] app_user = [that role] in flatsplit.toml.",
    manual="role-membership.html",
)
def legacy_memberships(seen: Seen) -> Iterator[Found]:
    """Groups that legacy belongs to."""
    apart = abroad(seen.legacy, seen.state).union(seen.context.config.roles.new)
    apart = apart.union(restricted.memberships(seen.state, seen.context))
    apart = apart.union(restricted.out_of_reach(seen.state, seen.context))
    groups = tuple(name for name in _groups(seen) if name not in apart)
    if groups:
        yield Found(f"{seen.legacy} is a member of {', '.join(groups)}", groups)


@hazard(
    restricted.OUT_OF_REACH,
    "blocker",
    split.GRANT_EXISTING,
    looks_at="pg_auth_members: roles that legacy is a member of and of which the operator has no ADMIN OPTION (16 and "
    "later), such as a service's own",
    why="app_migrator is to be a member too, and the operator can neither make it one nor take the membership from "
    "legacy.",
    fix="GRANT that role TO operator WITH ADMIN OPTION; or leave it behind: [hazards.accept] "
    '"memberships-out-of-reach" = "why nobody needs it". Then no new role gets it, and legacy keeps it without a '
    "login.",
    manual="role-membership.html",
)
def memberships_out_of_reach(seen: Seen) -> Iterator[Found]:
    """Groups of legacy's that the operator cannot grant to others."""
    names = restricted.out_of_reach(seen.state, seen.context)
    if names:
        operator = ddl.ident(seen.state.target.operator)
        grants = tuple(f"GRANT {ddl.ident(name)} TO {operator} WITH ADMIN OPTION;" for name in names)
        listed = "\n".join(grants)
        yield Found(
            f"{seen.state.target.operator} can make nobody a member of {few(names)}, which {seen.legacy} is",
            names,
            fix=f"Have an administrator run:\n{listed}\nor leave it behind in flatsplit.toml, so that no new role gets "
            f'it:\n[hazards.accept]\n"{restricted.OUT_OF_REACH}" = "why nobody needs it"',
            sql=grants,
        )


def _groups(seen: Seen) -> list[str]:
    if seen.legacy not in seen.context.baseline.roles:
        return []
    return sorted({key.role for key in seen.state.members if key.member == seen.legacy})


@hazard(
    "legacy-elsewhere",
    "warning",
    split.LOCK_LEGACY,
    looks_at="pg_shdepend and pg_database.datdba: legacy in other databases",
    why="Roles belong to the whole cluster: locking legacy ends its use everywhere.",
    fix="Give them a role of their own. Or walk each of them as far as `verify`; then the gate `elsewhere` may be "
    'waived in one after the other, with retire = "drop" only in the last.',
    manual="user-manag.html",
)
def legacy_elsewhere(seen: Seen) -> Iterator[Found]:
    """Other databases in which legacy owns something or has rights."""
    facts = seen.state.roles.get(seen.legacy)
    others = facts.elsewhere if facts else ()
    if seen.context.bootstrap:  # it owns what initdb creates
        others = tuple(name for name in others if name not in ("postgres", "template0", "template1"))
    if others and seen.legacy in seen.context.baseline.roles:
        yield Found(f"{seen.legacy} is also used by {count(len(others), 'other database')}", others)


@hazard(
    "valid-until",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_roles.rolvaliduntil of legacy",
    why="The end of a password's validity is not inherited. flatsplit gives app_user and app_migrator the same end "
    "as legacy has; what has passed already is not carried over.",
    fix="ALTER ROLE legacy VALID UNTIL 'infinity' before enable-login, or put the date into the calendar "
    "for the new roles.",
    manual="sql-createrole.html",
    questions=("expiry",),
)
def valid_until(seen: Seen) -> Iterator[Found]:
    """Passwords that end soon, perhaps during the walk."""
    for until, days, here, _, legacy in seen.rows("expiry"):
        if not legacy:
            continue
        if here and days < 0:
            yield Found(
                f"the password of {seen.legacy} has been invalid since {until}",
                (seen.legacy,),
                why="Whoever still works as legacy has a session from before, or logs in without a password. "
                "The new roles get no such end.",
                fix="Find out how legacy logs in; the new roles will need passwords, or the same lines of pg_hba.conf.",
            )
        elif here:
            yield Found(
                f"the password of {seen.legacy} is valid until {until}, and so will be those of the new roles",
                (seen.legacy,),
                severity="warning" if days <= SOON_DAYS else "note",
                sql=(f"ALTER ROLE {format_name(seen.legacy)} VALID UNTIL 'infinity';",),
            )
