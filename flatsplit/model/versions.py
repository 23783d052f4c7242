"""What a major version of PostgreSQL can, by name: the first major that does. Pure.

Source: the release notes of each, and the files of PostgreSQL's source that are named where a version is asked for. A
question has one name even where several came with the same major, so that each can be looked up by itself.
"""

from __future__ import annotations

from typing import Final

NEWEST_TESTED: Final = 18
"""The newest on which all of this is tried."""

DATABASE_OWNER: Final = 14
"""pg_database_owner, a group of one: whoever owns the database."""
TOP_LEVEL: Final = 14
"""pg_stat_statements tells what a client sent from what a function ran."""
PROCEDURE_MODES: Final = 14
"""The arguments of a procedure are named with IN, since there are OUT ones too (ruleutils.c)."""
ORIGINS_BY_EXECUTE: Final = 14
"""Functions of replication origins ask for EXECUTE and no longer for a superuser (origin.c)."""
PARAMETER_GRANTS: Final = 15
"""GRANT SET ON PARAMETER."""
CHECKPOINTERS: Final = 15
"""Members of pg_checkpoint may run CHECKPOINT, which before only superusers did (utility.c)."""
MEMBER_OPTIONS: Final = 16
"""Each membership says INHERIT and SET for itself and is kept per grantor (user.c)."""
CREATEROLE_WITH_ADMIN: Final = 16
"""CREATEROLE alone reaches no role: ADMIN on it, and the attributes that one has oneself, are asked for (user.c)."""
SUBSCRIPTION_CREATORS: Final = 16
"""Subscriptions of roles that are no superusers, by pg_create_subscription."""
LOCK_BY_PRIVILEGE: Final = 16
"""Who may INSERT may take ROW EXCLUSIVE and all below; before, each privilege stood for one mode (lockcmds.c)."""
GENERIC_PLANS: Final = 16
"""EXPLAIN (GENERIC_PLAN): a statement with parameters is planned without values for them."""
MAINTAIN: Final = 17
"""The privilege, and pg_maintain."""
EVENT_TRIGGERS_SETTING: Final = 17
"""event_triggers can be off for a session."""
INITIAL_PRIVILEGES_FOLLOW: Final = 17
"""pg_init_privs has dependencies, and DROP OWNED and REASSIGN OWNED mind it (pg_shdepend.c)."""
STATEMENTS_SINCE: Final = 17
"""pg_stat_statements tells since when it counts each statement."""
TRIGGERS_AS_QUEUED: Final = 18
"""An AFTER trigger runs as who was the user when its event was queued (trigger.c)."""
GRANT_LOCKS: Final = 18
"""GRANT and REVOKE hold what they are about with ACCESS SHARE (objectNamesToOids() in aclchk.c)."""
LARGE_OBJECT_DEFAULTS: Final = 18
"""ALTER DEFAULT PRIVILEGES … ON LARGE OBJECTS."""
NOT_NULL_CONSTRAINTS: Final = 18
"""NOT NULL is a constraint with a name and an inheritance of its own (tablecmds.c)."""


def major_of(server_version: int) -> int:
    """The major of what the protocol calls server_version: 13 of 130023."""
    return server_version // 10000
