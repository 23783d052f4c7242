"""Hazards in the server: locks, transactions, connections, timeouts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from flatsplit import blueprint, ddl
from flatsplit.config import format_name
from flatsplit.hazards.registry import Found, Seen, below, few, hazard
from flatsplit.model import RELATIONS, ObjectRef, SettingKey
from flatsplit.walks import split
from flatsplit.words import about, count

LONG = timedelta(minutes=1)
"""A transaction that is open for longer is reported, such as one of pg_dump."""

_UNITS = {"": 1.0, "us": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0, "h": 3_600_000.0, "d": 86_400_000.0}
_TIMEOUTS = ("statement_timeout", "lock_timeout", "transaction_timeout")


@hazard(
    "lock-budget",
    "blocker",
    split.CREATE_ROLES,
    looks_at="deadlock_timeout of the server, `lock_timeout` in flatsplit.toml",
    why="In a deadlock the server would then cancel the application's statement instead of flatsplit's.",
    fix="Lower lock_timeout in flatsplit.toml.",
    manual="runtime-config-locks.html#GUC-DEADLOCK-TIMEOUT",
    questions=("server",),
)
def lock_budget(seen: Seen) -> Iterator[Found]:
    """The lock budget compared with deadlock_timeout."""
    deadlock_ms = seen.rows("server")[0][0]
    budget = seen.context.config.locks.lock_timeout.total_seconds() * 1000
    if deadlock_ms is not None and budget >= deadlock_ms:
        yield Found(f"lock_timeout ({budget:.0f}ms) is not below deadlock_timeout ({deadlock_ms}ms)")


@hazard(
    "server-untested",
    "warning",
    split.CREATE_ROLES,
    looks_at="server_version_num",
    why="flatsplit has not been tried on this major: what is new in it, kinds of objects, privileges and attributes, "
    "may be missing from plans and verdicts.",
    fix="Use a flatsplit that names this major, or take the whole walk on a copy of the database first.",
    manual="release.html",
)
def server_untested(seen: Seen) -> Iterator[Found]:
    """A server that is newer than flatsplit."""
    if seen.state.target.untested:
        yield Found(f"PostgreSQL {seen.state.target.major} is newer than what flatsplit was tried on")


@hazard(
    "unknown-kinds",
    "blocker",
    split.CREATE_ROLES,
    looks_at="pg_class.relkind, pg_proc.prokind and pg_type.typtype of everything outside the system's schemas",
    why="flatsplit does not know this kind of object, so no step would move it or grant anything on it: the new roles "
    "would meet it without rights, and the old role would keep it.",
    fix="Use a flatsplit that knows it, or drop it. To go on all the same, see to its owner and its privileges by hand "
    "in each step.",
    manual="catalog-pg-class.html",
    questions=("unknown_kinds",),
)
def unknown_kinds(seen: Seen) -> Iterator[Found]:
    """Objects of kinds that the reader of the catalog does not know."""
    found = tuple(f"{name} ({what})" for what, name in seen.rows("unknown_kinds"))
    if found:
        yield Found(f"flatsplit does not know what kind of object this is: {few(found)}", found)


@hazard(
    "standby",
    "warning",
    split.CREATE_ROLES,
    looks_at="pg_is_in_recovery()",
    why="A standby is read-only: roles, privileges and owners are changed on the primary and arrive here by replay.",
    fix="Connect to the primary for everything but looking.",
    manual="hot-standby.html#HOT-STANDBY-USERS",
    questions=("server",),
)
def standby(seen: Seen) -> Iterator[Found]:
    """A standby, on which nothing can be changed."""
    if seen.rows("server")[0][1]:
        yield Found("this server is a standby")


@hazard(
    "prepared-transactions",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_prepared_xacts of this database",
    why="Prepared transactions keep their locks until somebody ends them, also across restarts.",
    fix="Look at pg_prepared_xacts; COMMIT PREPARED or ROLLBACK PREPARED them.",
    manual="sql-prepare-transaction.html",
    questions=("prepared",),
)
def prepared_transactions(seen: Seen) -> Iterator[Found]:
    """Prepared transactions, which hold locks without a session."""
    rows = seen.rows("prepared")
    if rows:
        yield Found(
            f"{count(len(rows), 'prepared transaction')} hold{'s' if len(rows) == 1 else ''} locks",
            tuple(f"{gid} of {owner}, {about(age)} old" for gid, owner, age in rows),
            fix=below(
                "Ask whose they are; as who prepared them, in this database, COMMIT PREPARED or:",
                (f"ROLLBACK PREPARED {ddl.literal(gid)};" for gid, *_ in rows),
            ),
        )


@hazard(
    "detach-pending",
    "blocker",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_inherits.inhdetachpending of partitions that change hands",
    why="DETACH PARTITION CONCURRENTLY was interrupted between its two transactions. Until it has come to its end the "
    "server refuses every ALTER TABLE of the partition, so the step would stop in its middle.",
    fix="Finish it, as the owner of both.",
    manual="sql-altertable.html",
    questions=("pending_detach",),
    since=14,
)
def detach_pending(seen: Seen) -> Iterator[Found]:
    """Partitions that cannot change hands at the moment."""
    rows = [row for row in seen.rows("pending_detach") if row[2] in seen.context.owners]
    if rows:
        yield Found(
            f"{count(len(rows), 'partition')} {'is' if len(rows) == 1 else 'are'} detached by half",
            tuple(ddl.label(ObjectRef("table", schema, name)) for schema, name, *_ in rows),
            sql=tuple(
                f"ALTER TABLE {ddl.ident(*table)} DETACH PARTITION {ddl.ident(schema, name)} FINALIZE;"
                for schema, name, _, *table in rows
            ),
        )


@hazard(
    "long-transactions",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_stat_activity.xact_start of this database, older than a minute or `retry_for`",
    why="ALTER … OWNER waits for every transaction that has used the table, also one that is only idle. flatsplit "
    "gives up after each lock_timeout and tries again until retry_for; long dumps and reports make that take long.",
    fix="Take transfer-ownership at another hour, or end what is idle in transaction: SELECT "
    "pg_terminate_backend(pid).",
    manual="explicit-locking.html",
    questions=("long_transactions",),
    needs=("activity",),
)
def long_transactions(seen: Seen) -> Iterator[Found]:
    """Transactions that have been open for long."""
    limit = min(LONG, seen.context.config.locks.retry_for).total_seconds()
    found = tuple(
        f"pid {pid}, {role or 'a worker'}{f' ({program})' if program else ''}: {state or 'active'} for {about(age)}"
        for pid, role, program, state, age in seen.rows("long_transactions")
        if age > limit
    )
    if found:
        cures = [
            f"SELECT pg_catalog.pg_terminate_backend({pid});"
            for pid, *_, state, age in seen.rows("long_transactions")
            if age > limit and (state or "").startswith("idle")
        ]
        fix = "Take transfer-ownership at another hour"
        fix = below(f"{fix}, or end what is idle in transaction:", cures) if cures else f"{fix}."
        yield Found(f"{count(len(found), 'transaction')} open for more than {about(limit)}", found, fix=fix)


@hazard(
    "max-locks",
    "note",
    split.REVOKE_LEGACY,
    looks_at="max_locks_per_transaction × (max_connections + max_prepared_transactions) against the number of "
    "relations",
    why="One transaction that touches every relation (REASSIGN OWNED, DROP OWNED, pg_dump) can run out of shared "
    "memory. flatsplit works in small batches; scripts written by hand do not.",
    fix="Let flatsplit do it; for pg_dump and scripts raise max_locks_per_transaction (a restart).",
    manual="runtime-config-locks.html#GUC-MAX-LOCKS-PER-TRANSACTION",
    questions=("server",),
)
def max_locks(seen: Seen) -> Iterator[Found]:
    """More relations than the lock table has room for."""
    _, _, locks, connections, prepared, *_ = seen.rows("server")[0]
    relations = sum(
        len(group.refs)
        for group in seen.state.groups
        if group.kind in RELATIONS and group.facts.owner in seen.context.owners
    )
    room = locks * (connections + prepared)
    if relations > room:
        yield Found(f"{relations:,} relations, and room for about {room:,} locks")


@hazard(
    "connection-arithmetic",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="max_connections and what is reserved of it, pg_database.datconnlimit, sessions now, and those of legacy "
    "and its members",
    why="A pool is per role. During the switch the pools of legacy and of app_user are both open, and with "
    "app_migrator "
    "there is one more for good: as many sessions as legacy has now have to fit once again.",
    fix="Make the pools smaller before the switch, switch clients one after the other, or raise max_connections "
    "(a restart) or the database's CONNECTION LIMIT.",
    manual="runtime-config-connection.html#GUC-MAX-CONNECTIONS",
    questions=("server", "connections"),
)
def connection_arithmetic(seen: Seen) -> Iterator[Found]:
    """Two pools of connections where there was one."""
    _, _, _, most, _, reserved, _ = seen.rows("server")[0]
    everywhere, here, legacy, legacy_here, limit, _ = seen.rows("connections")[0]
    found = []
    if legacy and everywhere + legacy > most - reserved:
        found.append(f"server: {everywhere} now and {legacy} more, of {most} with {reserved} reserved")
    if legacy_here and limit >= 0 and here + legacy_here > limit:
        found.append(f"database {seen.state.target.database}: {here} now and {legacy_here} more, of {limit}")
    if found:
        yield Found("the pools of legacy and app_user do not fit side by side", tuple(found))


@hazard(
    "connection-limits",
    "note",
    split.ENABLE_LOGIN,
    looks_at="pg_roles.rolconnlimit of legacy, pg_database.datconnlimit",
    why="Limits are not inherited. app_user gets legacy's limit; app_migrator and app_readonly have none, so together "
    "they may open more than before.",
    fix="ALTER ROLE … CONNECTION LIMIT for the new roles as they are to share it.",
    manual="sql-createrole.html",
    questions=("connections",),
)
def connection_limits(seen: Seen) -> Iterator[Found]:
    """Limits on sessions. None applies to a superuser (InitPostgres() and InitializeSessionUserId())."""
    *_, database, role = seen.rows("connections")[0]
    legacy = seen.context.baseline.roles.get(seen.legacy)
    if legacy is not None and legacy.superuser:
        yield from _ignored(seen, database, role)
        return
    found = []
    if role is not None and role > 0:  # enable-login does not carry 0 over
        found.append(f"role {seen.legacy}: {role}")
    if database >= 0:
        found.append(f"database {seen.state.target.database}: {database}")
    if found:
        who = blueprint.who(seen.context.config)
        most = role if role is not None and role > 0 else database
        cures = (
            f"ALTER ROLE {ddl.ident(name)} CONNECTION LIMIT {max(most // part, 1)};"
            for name, part in ((who.application, 2), (who.owner, 4), (who.reader, 4))
        )
        fix = below("After enable-login, as they are to share it, for example:", cures)
        yield Found(f"connection limits: {'; '.join(found)}", tuple(found), fix=fix)


def _ignored(seen: Seen, database: int, role: int | None) -> Iterator[Found]:
    """Limits that did not apply to a superuser and will apply to app_user."""
    name, user = seen.state.target.database, blueprint.application(seen.context.config)
    found, cures = [], []
    if role is not None and role > 0:  # enable-login does not carry 0 over
        found.append(f"role {seen.legacy}: {role}")
        cures.append(f"ALTER ROLE {format_name(seen.legacy)} CONNECTION LIMIT -1;")
    if database >= 0:
        found.append(f"database {name}: {database}")
        cures.append(f"ALTER DATABASE {format_name(name)} CONNECTION LIMIT -1;")
    if found:
        yield Found(
            f"connection limits that {seen.legacy}, a superuser, ignores begin to hold for {user}",
            tuple(found),
            severity="warning",
            why=f"No limit holds for a superuser. {user} gets the role's, and the database's holds for it: sessions "
            "beyond it are refused.",
            fix=f"Before enable-login: {' '.join(cures)} Or raise them to what the pools need.",
        )


@hazard(
    "short-timeouts",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="statement_timeout, lock_timeout and transaction_timeout of legacy, the database and the server, against "
    "`lock_timeout` in flatsplit.toml",
    why="Statements of the application may wait behind flatsplit for up to its lock_timeout. With a shorter timeout "
    "of their own they are cancelled instead.",
    fix="Set lock_timeout in flatsplit.toml to less than half of the application's shortest timeout.",
    manual="runtime-config-client.html#GUC-STATEMENT-TIMEOUT",
    questions=("timeouts",),
)
def short_timeouts(seen: Seen) -> Iterator[Found]:
    """Timeouts of the application below the lock budget."""
    budget = seen.context.config.locks.lock_timeout.total_seconds() * 1000
    database = seen.state.target.database
    defaults = {name: value for name, _, value in seen.rows("timeouts")}
    found = []
    for name in _TIMEOUTS:
        value, where = defaults.get(name, "0"), "the server"
        for key, of in (  # the last one counts (manual, "Setting Parameters")
            (SettingKey("", ""), "all roles"),
            (SettingKey("", database), f"database {database}"),
            (SettingKey(seen.legacy, ""), f"role {seen.legacy}"),
            (SettingKey(seen.legacy, database), f"role {seen.legacy} in database {database}"),
        ):
            own = dict(seen.state.settings.get(key, ())).get(name)
            value, where = (own, of) if own is not None else (value, where)
        time = milliseconds(value)
        if 0 < time <= budget:
            found.append(f"{name} = {value} of {where}")
    if found:
        yield Found(f"the application gives up sooner than {budget:.0f}ms", tuple(found))


def milliseconds(value: str) -> float:
    """A time setting of pg_db_role_setting in milliseconds, which is the unit of a plain number; 0 for an
    invalid one.
    """
    match = re.fullmatch(r"\s*([0-9.]+)\s*(us|ms|s|min|h|d)?\s*", value)
    if match is None:
        return 0.0
    try:
        return float(match[1]) * _UNITS[match[2] or ""]
    except ValueError:
        return 0.0
