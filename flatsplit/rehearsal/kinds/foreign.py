"""Extensions, foreign data wrappers, servers, user mappings."""

from __future__ import annotations

from flatsplit.model import ObjectRef
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.kinds.definitions import definitions
from flatsplit.rehearsal.values import Problem


def extension(ask: Ask) -> list[Problem]:
    """CREATE EXTENSION; with IF NOT EXISTS one that is there is said to be before anybody asks for privileges."""
    node = ask.node
    if node.if_not_exists and node.extname in ask.world.extensions:
        return []
    found = installs(ask, node.extname)
    if "cascade" in definitions(node.options):
        for name in ask.world.available.get(node.extname, (False, False, ()))[2]:
            if name not in ask.world.extensions:
                found += installs(ask, name)
    return found


def installs(ask: Ask, name: str) -> list[Problem]:
    """Superusers, or who may create in the database where it is trusted (execute_extension_script() in extension.c)."""
    known = ask.world.available.get(name)
    if known is None:
        return ask.unknown(f"extension {name} is not available on this server", f"extension {name}")
    superuser, trusted, _ = known
    if not superuser:
        return []
    if not trusted:
        return ask.superuser(f"extension {name} is not trusted: a superuser has to install it", f"extension {name}")
    return ask.holds(ask.database, "C")


def wrapper(ask: Ask) -> list[Problem]:
    """CREATE and ALTER FOREIGN DATA WRAPPER."""
    return ask.superuser()


def server(ask: Ask) -> list[Problem]:
    """CREATE SERVER: USAGE on the wrapper."""
    node = ask.node
    if node.if_not_exists and ObjectRef("server", "", node.servername) in ask.actor.goal.objects:
        return []
    ref = ObjectRef("foreign_data_wrapper", "", node.fdwname)
    if ref not in ask.actor.goal.objects:
        return ask.unknown(f"there is no foreign data wrapper {node.fdwname} (any more)", node.fdwname)
    return ask.holds(ref, "U")


def alter_server(ask: Ask) -> list[Problem]:
    """ALTER SERVER."""
    return ask.owns_plain("server", ask.node.servername)


def mapping(ask: Ask) -> list[Problem]:
    """User mappings: the server's owner; one's own with USAGE on it (user_mapping_ddl_aclcheck())."""
    node = ask.node
    ref = ObjectRef("server", "", node.servername)
    if ref not in ask.actor.goal.objects:
        missing_ok = "missing_ok" in node.DESCRIPTOR.fields_by_name and node.missing_ok
        return [] if missing_ok else ask.unknown(f"there is no server {node.servername} (any more)", node.servername)
    name = ask.named_role(node.user)
    skips = "missing_ok" in node.DESCRIPTOR.fields_by_name and node.missing_ok
    if ask.actor.owns(ref) or (
        skips and ObjectRef("user_mapping", "", node.servername, name) not in ask.actor.goal.mappings
    ):
        return []
    if name == ask.role:
        return ask.holds(ref, "U")
    return ask.owns(ref)


def imports(ask: Ask) -> list[Problem]:
    """IMPORT FOREIGN SCHEMA: USAGE on the server, CREATE on the schema."""
    node = ask.node
    return ask.holds(ObjectRef("server", "", node.server_name), "U") + ask.creates_in(node.local_schema)
