"""What the server's own functions and views do less of for a role that is no superuser, without an ACL that says so."""

from __future__ import annotations

from flatsplit.model import ObjectRef, versions
from flatsplit.rehearsal import catalogs
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.uses import RoutineUse
from flatsplit.rehearsal.values import Outcome, Problem

_SIGNALS = frozenset({"pg_terminate_backend", "pg_cancel_backend"})

# pgstatfuncs.c, HAS_PGSTAT_PERMISSIONS: sessions of other roles are shown without query, state and client
_WATCHES = frozenset({"pg_stat_get_activity", "pg_stat_get_wal_senders", "pg_stat_get_wal_receiver"})
_WATCHED = frozenset(
    {
        *("pg_stat_activity", "pg_stat_replication", "pg_stat_ssl", "pg_stat_gssapi", "pg_stat_wal_receiver"),
        *("pg_stat_statements", "pg_stat_statements_info"),
    }
)

# guc_tables.c, GUC_SUPERUSER_ONLY: an error without pg_read_all_settings
HIDDEN = frozenset(
    {
        *("data_directory", "config_file", "hba_file", "ident_file", "external_pid_file", "unix_socket_directories"),
        *("log_directory", "log_filename", "shared_preload_libraries", "local_preload_libraries"),
        *("session_preload_libraries", "dynamic_library_path", "krb_server_keyfile", "archive_command"),
    }
)

# dblink.c, dblink_security_check(): a role that is no superuser has to give a password
DIALS = frozenset({"dblink_connect", "dblink", "dblink_exec"})


def call(actor: Actor, use: RoutineUse) -> list[Problem]:
    """Problems of a call as this owner, without those that any ordinary owner has."""
    rights = actor.rights
    if rights.superuser:
        return []
    if use.name in DIALS:
        return _dblink(actor, use)
    if use.schema not in ("", "pg_catalog"):
        return []
    if use.name in _SIGNALS:
        if actor.context.legacy in rights.closure or not catalogs.signals(actor, use):
            return []
        return [_problem("denied", f"{use.name}() would reach sessions of {actor.role} only", use.name)]
    if use.name in _WATCHES:
        return watched(actor, "pg_stat_activity")
    first = (use.constants[:1] or (None,))[0]
    if use.name == "set_config" and first is not None:
        return setting(actor, first.lower())
    if use.name == "current_setting" and first is not None:
        return shown(actor, first.lower())
    return []


PARAMETER = "SET"
"""The privilege on a setting, which [grants] can give."""


def setting(actor: Actor, name: str) -> list[Problem]:
    """Problems of changing a setting that only a superuser may set, or who was granted it (15 and later)."""
    facts = actor.goal.objects.get(ObjectRef("parameter", "", name))
    if name not in actor.world.superuser_settings or actor.rights.superuser:
        return []
    if facts is not None and actor.rights.has(facts, "s"):
        return []
    can_be_granted = actor.major >= versions.PARAMETER_GRANTS
    said = _problem("denied", f"{actor.role} may not set {name}", name)
    return [said._replace(privilege=PARAMETER) if can_be_granted else said]


def shown(actor: Actor, name: str) -> list[Problem]:
    """Problems of reading a setting that not everybody may see."""
    if name not in HIDDEN or actor.rights.superuser or "pg_read_all_settings" in actor.rights.closure:
        return []
    return [_problem("denied", f"{actor.role} may not see the setting {name}", name)]


def watched(actor: Actor, view: str) -> list[Problem]:
    """Problems of looking at sessions and statements of other roles."""
    if view not in _WATCHED and not view.startswith("pg_stat_progress_"):
        return []
    if actor.rights.superuser or "pg_read_all_stats" in actor.rights.closure:
        return []
    return [_problem("silent", f"{view} hides from {actor.role} what sessions of other roles do", view)]


def _dblink(actor: Actor, use: RoutineUse) -> list[Problem]:
    texts = [text for text in use.constants[:2] if text is not None]
    strings = [text for text in texts if "=" in text or text.startswith(("postgres://", "postgresql://"))]
    if any("password" in text for text in strings):
        return []
    if strings:
        return [_problem("denied", f"{use.name}() asks {actor.role} for a password, as no superuser is", use.name)]
    return [_problem("unknown", f"{use.name}() connects, which without a password is for superusers", use.name)]


def _problem(outcome: Outcome, reason: str, what: str) -> Problem:
    return Problem(outcome, reason, what, "OWNER")
