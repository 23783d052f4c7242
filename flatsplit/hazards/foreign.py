"""Hazards in what reaches out of the database, and in extensions that keep names of roles. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit.hazards.registry import Found, Seen, hazard, number


@hazard(
    "user-mappings",
    "warning",
    "grant-existing",
    looks_at="pg_user_mappings and pg_foreign_table",
    why="A foreign table is read with the mapping of the role that asks. Legacy's mappings are copied, password "
    "included, "
    "for app_user, app_migrator and app_readonly: all three then are the same user on the other side. Where "
    "legacy has none, app_user has none either.",
    fix="Give the new roles users of their own on the other server: ALTER USER MAPPING FOR app_user SERVER … "
    "OPTIONS (SET user …).",
    manual="sql-createusermapping.html",
    questions=("user_mappings",),
)
def user_mappings(seen: Seen) -> Iterator[Found]:
    """Foreign servers and who is who on them."""
    copied, none = [], []
    for server, wrapper, legacy, public, tables in seen.rows("user_mappings"):
        if legacy:
            copied.append(f"mapping of {seen.legacy} on server {server}")
        elif tables and not public and wrapper != "file_fdw":
            none.append(f"server {server}: {number(tables, 'foreign table')} without a mapping")
    if copied or none:
        title = (
            f"{number(len(copied), 'user mapping')} of {seen.legacy}"
            if copied
            else "foreign tables without a user mapping"
        )
        yield Found(title, (*copied, *none), severity="note" if copied and not none else "warning")


@hazard(
    "cron-jobs",
    "warning",
    "lock-legacy",
    looks_at="cron.job.username of pg_cron, in the database where it is installed",
    why="A job runs as the role whose name it holds. After lock-legacy that role may not log in, and the job fails "
    "silently: only cron.job_run_details says so.",
    fix="UPDATE cron.job SET username = 'app_user' (or app_migrator, for maintenance) WHERE jobid = …; "
    "before lock-legacy.",
    manual="user-manag.html",
    questions=("cron_jobs",),
    needs=("cron",),
)
def cron_jobs(seen: Seen) -> Iterator[Found]:
    """Jobs of pg_cron as legacy."""
    rows = seen.rows("cron_jobs")
    if rows:
        found = tuple(
            f"job {id_}{f' {name}' if name else ''}: {schedule} in {database}" for id_, name, schedule, database in rows
        )
        yield Found(f"{number(len(rows), 'job')} of pg_cron run{'s' if len(rows) == 1 else ''} as {seen.legacy}", found)


@hazard(
    "timescaledb",
    "note",
    "transfer-ownership",
    looks_at="_timescaledb_catalog.hypertable, pg_inherits and the owners of the chunks",
    why="ALTER TABLE … OWNER on a hypertable moves its chunks along, each locked too; new chunks belong to the "
    "hypertable's owner. Chunks with another owner stay behind. Jobs (policies) run as their own owner.",
    fix="Expect one lock for each chunk; ALTER TABLE the chunks of other owners by hand, and look at "
    "timescaledb_information.jobs.",
    manual="ddl-inherit.html",
    questions=("hypertables",),
    needs=("timescaledb",),
)
def timescaledb(seen: Seen) -> Iterator[Found]:
    """Hypertables and their chunks."""
    rows = seen.rows("hypertables")
    if rows:
        strange = any(others for _, _, others in rows)
        found = tuple(
            f"{name}: {number(chunks, 'chunk')}{f', {others} of another owner' if others else ''}"
            for name, chunks, others in rows
        )
        title = f"{number(len(rows), 'hypertable')} of TimescaleDB"
        yield Found(title, found, severity="warning" if strange else "note")


@hazard(
    "citus",
    "warning",
    "create-roles",
    looks_at="pg_dist_partition of Citus",
    why="Rights and owners of distributed tables hold on every worker. Citus passes on CREATE ROLE, GRANT and "
    "ALTER … OWNER only where it is set to, and refuses some inside a transaction with others.",
    fix="Check citus.enable_create_role_propagation, try the walk on a copy of the cluster, and look at one worker "
    "after "
    "each step.",
    manual="user-manag.html",
    questions=("distributed",),
    needs=("citus",),
)
def citus(seen: Seen) -> Iterator[Found]:
    """Distributed tables."""
    found = tuple(row[0] for row in seen.rows("distributed"))
    if found:
        yield Found(f"{number(len(found), 'table')} distributed by Citus", found)
