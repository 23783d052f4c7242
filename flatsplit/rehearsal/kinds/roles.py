"""Roles and memberships, default privileges, and what belongs to roles."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.model import versions
from flatsplit.rehearsal.kinds import named
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.kinds.definitions import definitions
from flatsplit.rehearsal.values import Problem

_ATTRIBUTES = {"isreplication": "replication", "bypassrls": "bypassrls"}


def create(ask: Ask) -> list[Problem]:
    """CREATE ROLE (CreateRole() in user.c)."""
    if not ask.attribute("createrole"):
        return ask.lacking(f"{ask.what} needs CREATEROLE, which {ask.role} has not", "", "CREATEROLE")
    return _attributes(ask)


def _attributes(ask: Ask) -> list[Problem]:
    """Attributes that only a superuser may give, or since 16 a role that has them."""
    options = definitions(ask.node.options)
    found: list[Problem] = []
    if "superuser" in options:
        found += ask.superuser("only a superuser may make superusers")
    for option, attribute in _ATTRIBUTES.items():
        if option in options and not (ask.actor.major >= versions.CREATEROLE_WITH_ADMIN and ask.attribute(attribute)):
            found += ask.superuser(f"{ask.role} may not give {attribute.upper()} to anybody")
    if "createdb" in options and ask.actor.major >= versions.CREATEROLE_WITH_ADMIN and not ask.attribute("createdb"):
        found += ask.lacking(f"{ask.role} may not give CREATEDB to anybody", "", "CREATEDB")
    return found


def alter(ask: Ask) -> list[Problem]:
    """ALTER ROLE: every role may change its own password; otherwise as CREATE ROLE."""
    name = ask.named_role(ask.node.role)
    if name == ask.role and definitions(ask.node.options).keys() <= {"password"}:
        return []
    return named.role(ask, name) or _attributes(ask)


def drop(ask: Ask) -> list[Problem]:
    """DROP ROLE."""
    found: list[Problem] = []
    for each in ask.node.roles:
        name = ask.named_role(each.role_spec)
        if name in ask.actor.goal.roles:
            found += named.role(ask, name)
        elif not ask.attribute("createrole"):
            found += ask.lacking(f"{ask.what} needs CREATEROLE, which {ask.role} has not", name, "CREATEROLE")
    return found


def membership(ask: Ask) -> list[Problem]:
    """GRANT and REVOKE of a role: ADMIN OPTION on it, before 16 also CREATEROLE (AddRoleMems() in user.c)."""
    found: list[Problem] = []
    for each in ask.node.granted_roles:
        name = each.access_priv.priv_name
        facts = ask.actor.goal.roles.get(name)
        if facts is not None and facts.superuser:
            found += ask.superuser(f"{name} is a superuser", name)
        elif not named.admin(ask, name) and not (
            ask.actor.major < versions.CREATEROLE_WITH_ADMIN and ask.attribute("createrole")
        ):
            found += ask.lacking(f"{ask.what} needs ADMIN OPTION on {name}, which {ask.role} has not", name, "ADMIN")
    return found


def defaults(ask: Ask) -> list[Problem]:
    """ALTER DEFAULT PRIVILEGES: for itself and for roles whose privileges it has, in any schema (aclchk.c). Of a role
    that creates nothing they are about nothing, although the server takes the statement.
    """
    options = definitions(ask.node.options)
    roles = [each.role_spec for each in options["roles"].list.items] if "roles" in options else []
    if _owns_nothing(ask) and all(ask.named_role(each) == ask.role for each in roles):
        return ask.lacking(f"{ask.what} is about what {ask.role} will create, which is nothing")
    return [problem for each in roles for problem in ask.acts_for(each)]


def _owns_nothing(ask: Ask) -> bool:
    """Whether the role is one of the four that live on single privileges."""
    return any(each.name == ask.role and each.purpose.named for each in blueprint.roles(ask.actor.context.config))


def drop_owned(ask: Ask) -> list[Problem]:
    """DROP OWNED. By a role that owns nothing and was granted its rights by others it drops nothing, and mostly fails:
    only who granted them can take them away (ExecGrant_common() in aclchk.c).
    """
    if not ask.is_migrator and any(ask.named_role(each.role_spec) == ask.role for each in ask.node.roles):
        return ask.lacking(f"{ask.what} is for the owner of objects, and {ask.role} owns none", ask.role)
    return _acts_for_all(ask)


def reassign(ask: Ask) -> list[Problem]:
    """REASSIGN OWNED: the privileges of the old owners and of the new one."""
    return _acts_for_all(ask) + ask.acts_for(ask.node.newrole)


def _acts_for_all(ask: Ask) -> list[Problem]:
    return [problem for each in ask.node.roles for problem in ask.acts_for(each.role_spec)]
