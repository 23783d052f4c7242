"""Databases, tablespaces, access methods, event triggers, languages, subscriptions, publications."""

from __future__ import annotations

from flatsplit.model import versions
from flatsplit.rehearsal.grammar import inner
from flatsplit.rehearsal.kinds import named
from flatsplit.rehearsal.kinds.answers import MEMBERSHIP
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.kinds.definitions import definitions
from flatsplit.rehearsal.values import Problem


def create_database(ask: Ask) -> list[Problem]:
    """CREATE DATABASE: CREATEDB, and to be able to become its owner (createdb() in dbcommands.c)."""
    if not ask.attribute("createdb"):
        return ask.lacking(f"{ask.what} needs CREATEDB, which {ask.role} has not", "", "CREATEDB")
    options = definitions(ask.node.options)
    kind, owner = inner(options["owner"]) if "owner" in options else ("", None)
    if kind == "string" and owner is not None and owner.sval in ask.actor.goal.roles and not ask.can_set(owner.sval):
        return ask.lacking(f"{ask.role} cannot SET ROLE {owner.sval}, the owner", owner.sval, MEMBERSHIP)
    return []


def drop_database(ask: Ask) -> list[Problem]:
    """DROP DATABASE."""
    return named.database(ask, ask.node.dbname, missing_ok=ask.node.missing_ok)


def alter_database(ask: Ask) -> list[Problem]:
    """ALTER DATABASE, REFRESH COLLATION VERSION."""
    return named.database(ask, ask.node.dbname)


def drop_tablespace(ask: Ask) -> list[Problem]:
    """DROP TABLESPACE and ALTER TABLESPACE SET."""
    node = ask.node
    missing_ok = "missing_ok" in node.DESCRIPTOR.fields_by_name and node.missing_ok
    return ask.owns_plain("tablespace", node.tablespacename, missing_ok=missing_ok)


def move_all(ask: Ask) -> list[Problem]:
    """ALTER TABLE ALL IN TABLESPACE … SET TABLESPACE: of what it owns (AlterTableMoveAll() in tablecmds.c)."""
    found = ask.tablespace(ask.node.new_tablespacename)
    return found or ask.unknown(f"{ask.what}: it is for the owner of each that is moved", ask.node.orig_tablespacename)


def event_trigger(ask: Ask) -> list[Problem]:
    """ALTER EVENT TRIGGER."""
    return ask.owns_plain("event_trigger", ask.node.trigname)


def create_publication(ask: Ask) -> list[Problem]:
    """CREATE PUBLICATION: CREATE on the database, and to own each table; everything else is for superusers."""
    return ask.holds(ask.database, "C") + _published(ask)


def _published(ask: Ask) -> list[Problem]:
    from postgast import pg_query_pb2

    node = ask.node
    if node.for_all_tables:
        return ask.superuser("a publication FOR ALL TABLES is for superusers only")
    found: list[Problem] = []
    for each in (one.publication_obj_spec for one in node.pubobjects):
        kind = pg_query_pb2.PublicationObjSpecType.Name(each.pubobjtype)
        if kind in ("PUBLICATIONOBJ_TABLES_IN_SCHEMA", "PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA"):
            found += ask.superuser("a publication FOR TABLES IN SCHEMA is for superusers only")
        elif each.HasField("pubtable"):
            found += ask.owns_relation(each.pubtable.relation)
    return found


def alter_publication(ask: Ask) -> list[Problem]:
    """ALTER PUBLICATION: its owner, who owns what is added (AlterPublication() in publicationcmds.c)."""
    from postgast import pg_query_pb2

    found = ask.owns_plain("publication", ask.node.pubname)
    action = pg_query_pb2.AlterPublicationAction.Name(ask.node.action)
    return found or ([] if action == "AP_DropObjects" else _published(ask))


def create_subscription(ask: Ask) -> list[Problem]:
    """CREATE SUBSCRIPTION: superusers; since 16 pg_create_subscription with CREATE on the database."""
    if ask.actor.major < versions.SUBSCRIPTION_CREATORS:
        return ask.superuser()
    if "pg_create_subscription" not in ask.actor.rights.closure:
        group = "pg_create_subscription"
        return ask.lacking(f"{ask.what} needs {group}, which {ask.role} has not", group, MEMBERSHIP)
    return ask.holds(ask.database, "C")


def subscription(ask: Ask) -> list[Problem]:
    """ALTER and DROP SUBSCRIPTION."""
    node = ask.node
    missing_ok = "missing_ok" in node.DESCRIPTOR.fields_by_name and node.missing_ok
    return ask.owns_plain("subscription", node.subname, missing_ok=missing_ok)
