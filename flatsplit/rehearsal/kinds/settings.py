"""Settings: SET, ALTER ROLE SET, ALTER DATABASE SET, ALTER SYSTEM, and SET of a routine."""

from __future__ import annotations

from flatsplit.model import ObjectRef
from flatsplit.rehearsal.grammar import Node
from flatsplit.rehearsal.kinds import named
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.values import Problem


def sets(ask: Ask, node: Node) -> list[Problem]:
    """Problems with a setting that only superusers may change, unless SET on it was granted (15 and later)."""
    name = node.name.lower()
    if ask.actor.may_set(name):
        return []
    return ask.superuser(f"only a superuser may set {name}, or who was granted SET on it (15 and later)", name)


def of_role(ask: Ask) -> list[Problem]:
    """ALTER ROLE … SET: for the role itself, otherwise as ALTER ROLE (AlterRoleSet() in user.c)."""
    node = ask.node
    found: list[Problem] = []
    if node.HasField("role"):
        name = ask.named_role(node.role)
        if name != ask.role:
            found += named.role(ask, name)
    elif node.database:
        found += named.database(ask, node.database)
    else:
        found += ask.superuser("ALTER ROLE ALL SET is for superusers only")
    return found or sets(ask, node.setstmt)


def of_database(ask: Ask) -> list[Problem]:
    """ALTER DATABASE … SET."""
    return named.database(ask, ask.node.dbname) or sets(ask, ask.node.setstmt)


def of_system(ask: Ask) -> list[Problem]:
    """ALTER SYSTEM: superusers, or ALTER SYSTEM on the parameter (15 and later)."""
    facts = ask.facts(ObjectRef("parameter", "", ask.node.setstmt.name.lower()))
    if facts is not None and ask.actor.rights.has(facts, "A"):
        return []
    return ask.superuser()
