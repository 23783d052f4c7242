"""Settings of the server that only superusers and members of pg_read_all_settings may see (GUC_SUPERUSER_ONLY in
guc.h).

SHOW and current_setting() of one fail, also with missing_ok; pg_settings and SHOW ALL leave it out.
"""

from __future__ import annotations

from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.remedies import member
from flatsplit.rehearsal.uses import RelationUse, RoutineUse, Uses
from flatsplit.rehearsal.values import Outcome, Problem
from flatsplit.rights.inherited import Inherited

HIDDEN = frozenset(
    {
        *("config_file", "data_directory", "dynamic_library_path", "extension_control_path", "external_pid_file"),
        *("hba_file", "ident_file", "jit_provider", "krb_server_keyfile", "log_directory", "log_filename"),
        *("oauth_validator_libraries", "output_plugin_libraries", "primary_conninfo", "session_preload_libraries"),
        *("shared_preload_libraries", "ssl_ciphers", "ssl_dh_params_file", "ssl_ecdh_curve", "ssl_groups"),
        *("ssl_max_protocol_version", "ssl_min_protocol_version", "ssl_passphrase_command", "ssl_tls13_ciphers"),
        *("stats_temp_directory", "unix_socket_directories"),
    }
)
"""Those of all majors from 13 to 18."""


def sees(rights: Inherited) -> bool:
    """Whether a role may see all settings."""
    return rights.superuser or not rights.closure.isdisjoint({"pg_read_all_settings", "pg_monitor"})


def shown(actor: Actor, name: str) -> list[Problem]:
    """Problems of SHOW, of one setting or of ``all``."""
    if name.lower() == "all":
        return _left_out(actor, "SHOW ALL", "silent")
    return _refused(actor, f"SHOW {name}", name)


def called(actor: Actor, call: RoutineUse) -> list[Problem]:
    """Problems of current_setting(), and of the function behind pg_settings."""
    if call.name == "current_setting":
        name = call.constants[0] if call.constants else None
        return _refused(actor, f"current_setting('{name}')", name) if name is not None else []
    return _left_out(actor, f"{call.name}()", "silent") if call.name == "pg_show_all_settings" else []


def rows(actor: Actor, use: RelationUse, uses: Uses) -> list[Problem]:
    """Problems of a query of pg_settings, for rows by name or all of them."""
    if use.name != "pg_settings":
        return []
    asked = [one for one in uses.compared if any(column == "name" for _, column in one.columns) and one.equal]
    named = {constant.lower() for one in asked for constant in one.constants}
    if named and named.isdisjoint(HIDDEN):
        return []
    return _left_out(actor, "pg_settings", "silent" if named or not asked else "unknown")


def _refused(actor: Actor, what: str, name: str) -> list[Problem]:
    if name.lower() not in HIDDEN or sees(actor.rights):
        return []
    reason = f"{what} is for superusers and members of pg_read_all_settings, and {actor.role} is neither"
    return [Problem("denied", reason, name.lower(), "MEMBERSHIP", _remedy(actor))]


def _left_out(actor: Actor, what: str, outcome: Outcome) -> list[Problem]:
    if sees(actor.rights) or not sees(actor.legacy):
        return []
    reason = f"{what} leaves out settings for {actor.role}, such as data_directory, that {actor.before} was shown"
    return [Problem(outcome, reason, "pg_settings", "MEMBERSHIP", _remedy(actor), differs=True)]


def _remedy(actor: Actor) -> str:
    return member(actor.section, actor.role, "pg_read_all_settings")
