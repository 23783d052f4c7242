"""Settings that a session has whatever the role, the database and PGOPTIONS say: flatsplit's own, and those of scripts
for psql.
"""

from __future__ import annotations

from typing import Final

_MEANING: Final = (
    ("quote_all_identifiers", "off"),  # first, since it changes how SET stores a list and what pg_get_*def prints
    ("search_path", "pg_catalog, pg_temp"),
    ("standard_conforming_strings", "on"),
    ('"TimeZone"', "'UTC'"),
    ('"DateStyle"', "'ISO, MDY'"),
    ('"IntervalStyle"', "'postgres'"),
    ("client_min_messages", "notice"),  # PostgreSQL only warns where it refuses a GRANT
    ("row_security", "on"),
    ("array_nulls", "on"),  # else NULL within an array becomes a word
    ("transform_null_equals", "off"),
    ("statement_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("default_transaction_isolation", "'read committed'"),
    ("default_transaction_deferrable", "off"),
)
"""What a statement means, and whether it is ended."""
_OF_PROGRAM: Final = (
    ("client_encoding", "'UTF8'"),
    ("default_table_access_method", "heap"),  # the journal is updated, and has keys
    ("jit", "off"),  # compiling a query of the catalog takes longer than running it
    ("lock_timeout", "0"),
    # an operator whose machine has failed must not hold the one-operator lock for hours
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
)
"""What only a session of the program itself needs."""
_SINCE: Final = (
    (140000, "idle_session_timeout", "0"),
    (160000, "createrole_self_grant", "''"),  # otherwise CREATE ROLE grants memberships that no plan shows
    (170000, "transaction_timeout", "0"),
)
# Who may not see how synchronous a standby is sees NULL there
STATE: Final = """
    SELECT pg_catalog.pg_is_in_recovery(),
        pg_catalog.current_setting('synchronous_standby_names') <> ''
        AND pg_catalog.current_setting('synchronous_commit') NOT IN ('off', 'local')
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_stat_replication WHERE coalesce(sync_state, 'sync') IN ('sync', 'quorum')
        ),
        pg_catalog.current_setting('synchronous_standby_names') <> ''
        AND pg_catalog.current_setting('synchronous_commit') NOT IN ('off', 'local')
"""
"""Whether the server is a standby, whether a commit would wait for one in vain, and whether it waits for one at all."""


def of_statements(version: int, *, write: bool = True) -> list[str]:
    """SET statements, without semicolons, after which a server of this version understands and ends statements as
    flatsplit expects.
    """
    pins = [*_MEANING, ("default_transaction_read_only", "off" if write else "on")]
    pins += [(name, value) for since, name, value in _SINCE if version >= since]
    return _statements(pins)


def of_program(application: str) -> list[str]:
    """The others that a session of the program has besides, which calls itself ``application``."""
    return _statements([("application_name", f"'{application}'"), *_OF_PROGRAM])


def _statements(pins: list[tuple[str, str]]) -> list[str]:
    return [f"SET SESSION {name} = {value}" for name, value in pins]
