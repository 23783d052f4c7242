"""Hazards in connections out of the database, and in extensions that store names of roles. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flatsplit import blueprint, ddl, words
from flatsplit.config import format_name
from flatsplit.config.text import quote
from flatsplit.hazards.registry import Found, Row, Seen, below, few, hazard
from flatsplit.walks import split
from flatsplit.walks.split.members import heir, leading
from flatsplit.words import count


@hazard(
    "user-mappings",
    "warning",
    split.GRANT_EXISTING,
    looks_at="pg_user_mappings and pg_foreign_table",
    why="A foreign table is read with the mapping of the role that asks. Legacy's mappings are copied, password "
    "included, for app_user, app_migrator and app_readonly: all three then are the same user on the other side. Where "
    "legacy has none, app_user has none either.",
    fix="Give the new roles users of their own on the other server: ALTER USER MAPPING FOR app_user SERVER … "
    "OPTIONS (SET user …).",
    manual="sql-createusermapping.html",
    questions=("user_mappings",),
)
def user_mappings(seen: Seen) -> Iterator[Found]:
    """Foreign servers, with the user mappings for them."""
    copied, none = [], []
    user, there = blueprint.application(seen.context.config), "user 'its name there', password 'its password there'"
    cures = []
    facts = seen.context.baseline.roles.get(seen.legacy)
    asked = []
    for server, wrapper, legacy, public, tables, required in seen.rows("user_mappings"):
        if wrapper == "postgres_fdw" and required and facts is not None and facts.superuser:
            asked.append(server)
        if legacy:
            copied.append(f"mapping of {seen.legacy} on server {server}")
            options = there.replace("user ", "SET user ").replace("password ", "SET password ", 1)
            cures.append(f"ALTER USER MAPPING FOR {ddl.ident(user)} SERVER {ddl.ident(server)} OPTIONS ({options});")
        elif tables and not public and wrapper != "file_fdw":
            none.append(f"server {server}: {count(tables, 'foreign table')} without a mapping")
            cures.append(f"CREATE USER MAPPING FOR {ddl.ident(user)} SERVER {ddl.ident(server)} OPTIONS ({there});")
    if copied or none:
        title = (
            f"{count(len(copied), 'user mapping')} of {seen.legacy}"
            if copied
            else "foreign tables without a user mapping"
        )
        fix = below("Where the new roles are to be others there, after grant-existing:", cures)
        yield Found(title, (*copied, *none), severity="note" if copied and not none else "warning", fix=fix)
    if asked:
        who = blueprint.who(seen.context.config)
        yield Found(
            f"{seen.legacy} needs no password on server {few(asked)}, {who.application} does",
            tuple(f"server {server}" for server in asked),
            severity="warning",
            why="postgres_fdw connects for a superuser as it can. For anybody else it insists on a password in the "
            "mapping, and on the other server's asking for it: where that trusts the address, or takes a certificate "
            "or a password file, foreign tables fail from the switch on, and views of them from transfer-ownership on, "
            "with the error: password is required.",
            fix=below(
                "Let the other server ask for the password (scram-sha-256 in its pg_hba.conf); or, as a superuser and "
                "after grant-existing:",
                (
                    f"ALTER USER MAPPING FOR {ddl.ident(role)} SERVER {ddl.ident(server)} "
                    "OPTIONS (ADD password_required 'false');"
                    for server in asked
                    for role in (who.application, who.owner)
                ),
            ),
        )


@hazard(
    "mappings-log-in-as-legacy",
    "warning",
    split.LOCK_LEGACY,
    looks_at="option user of pg_user_mappings, and host, port and dbname of their servers, where they are PostgreSQL's",
    why="The foreign server is this very server, and the mapping logs in to it as the old role: foreign tables "
    "and dblink fail once that may not log in.",
    fix="ALTER USER MAPPING … OPTIONS (SET user …, SET password …) before lock-legacy.",
    manual="sql-alterusermapping.html",
    holds=True,
)
def mappings_log_in_as_legacy(seen: Seen) -> Iterator[Found]:
    """Connections from the server to itself."""
    mappings = (one for one in seen.held.holders if one.what == "mapping" and one.role == seen.legacy)
    rows = [(one.place, one.name, one.sure) for one in mappings]
    user = blueprint.application(seen.context.config)
    sure = [(role, server) for role, server, here in rows if here]
    if unseen := [one for one in seen.held.unseen if one.kind == "mapping"]:
        yield Found(
            f"{words.listed([one.what for one in unseen])} could not be looked at",
            tuple(one.what for one in unseen),
            severity="note",
            why=f"Their options are hidden from {seen.state.target.operator}: one of them may log in here as "
            f"{seen.legacy}, and fail once that may not log in.",
            fix=f"Look {unseen[0].look}",
        )
    if not rows:
        return
    cures = [
        f"ALTER USER MAPPING FOR {'PUBLIC' if not role else format_name(role)} SERVER {format_name(server)} "
        f"OPTIONS (SET user {ddl.literal(user)});"
        for role, server, _ in rows
    ]
    yield Found(
        f"{count(len(rows), 'user mapping')} log{'s' if len(rows) == 1 else ''} in as {seen.legacy}"
        + ("" if sure else ", maybe to this server"),
        tuple(
            f"mapping of {role or 'PUBLIC'} on server {server}{'' if here else ', by another host name'}"
            for role, server, here in rows
        ),
        severity="warning" if sure else "note",
        fix=f"After enable-login and before lock-legacy: {' '.join(cures)} And SET password where it has one.",
    )


@hazard(
    "cron-elsewhere",
    "warning",
    split.LOCK_LEGACY,
    looks_at="cron.database_name, and cron.job in that database",
    why="pg_cron keeps the jobs of all databases in one. Those that run as the old role fail silently after "
    "lock-legacy.",
    fix="Look there, and give them another role before lock-legacy.",
    manual="user-manag.html",
    questions=("cron_database",),
)
def cron_elsewhere(seen: Seen) -> Iterator[Found]:
    """Jobs of pg_cron that are stored in another database of the cluster."""
    for place, jobs in seen.rows("cron_database"):
        database = seen.state.target.database
        if place == database:
            continue
        condition = f"username = {ddl.literal(seen.legacy)}"
        look = f"SELECT jobid, jobname, schedule, database FROM cron.job WHERE {condition}"  # noqa: S608 (to be read)
        if jobs is None:
            yield Found(
                f"pg_cron keeps its jobs in database {place}, which could not be looked at",
                (f"database {place}",),
                severity="note",
                fix=f"In database {place}: {look}; and before lock-legacy give what is there another username.",
            )
        elif jobs:
            yield from _members_jobs(seen, jobs, f"In database {place}: ")
            jobs = [job for job in jobs if job[4] == seen.legacy]
        if jobs:
            user = ddl.literal(blueprint.application(seen.context.config))
            cure = f"UPDATE cron.job SET username = {user} WHERE {condition};"  # noqa: S608 (to be read)
            yield Found(
                f"{count(len(jobs), 'job')} of pg_cron, in database {place}, run{'s' if len(jobs) == 1 else ''} as "
                f"{seen.legacy}",
                _jobs(jobs),
                fix=f"In database {place}, after enable-login and before lock-legacy: {cure} "
                "(or the migration tool's role, for maintenance)",
            )


@hazard(
    "cron-jobs",
    "warning",
    split.LOCK_LEGACY,
    looks_at="cron.job.username of pg_cron, in the database where it is installed",
    why="A job runs as the role whose name it holds. After lock-legacy that role may not log in, and the job fails "
    "silently: only cron.job_run_details says so.",
    fix="UPDATE cron.job SET username = 'app_user' (or app_migrator, for maintenance) WHERE jobid = …; "
    "before lock-legacy.",
    manual="user-manag.html",
    questions=("cron_jobs",),
    needs=("cron", "jobs"),
)
def cron_jobs(seen: Seen) -> Iterator[Found]:
    """Jobs of pg_cron as legacy."""
    rows = seen.rows("cron_jobs")
    own = [row for row in rows if row[4] == seen.legacy]
    if own:
        title = f"{count(len(own), 'job')} of pg_cron run{'s' if len(own) == 1 else ''} as {seen.legacy}"
        user, owner = blueprint.application(seen.context.config), blueprint.owner(seen.context.config)
        said = f"After enable-login and before lock-legacy (as {owner} those that change the structure):"
        yield Found(title, _jobs(own), fix=below(said, [ddl.run_jobs_as(user, (row[0] for row in own))]))
    yield from _members_jobs(seen, rows)


@hazard(
    "workers-log-in-as-legacy",
    "warning",
    split.LOCK_LEGACY,
    looks_at="settings that name the role of an extension's background worker: pg_partman_bgw.role, "
    "squeeze.worker_role, pg_net.username",
    why="Such a worker starts as the role that the server's configuration names. After lock-legacy that role may not "
    "log in: the worker ends with a line in the server's log, and partitions for new rows are no longer made.",
    fix="Name app_migrator there, after enable-login and before lock-legacy.",
    manual="bgworker.html",
    questions=("worker_roles",),
)
def workers(seen: Seen) -> Iterator[Found]:
    """Background workers that start as legacy, or as a member of it."""
    rows, owner = seen.rows("worker_roles"), blueprint.owner(seen.context.config)
    found = [name for name, role in rows if role == seen.legacy]
    if found:
        lines = [f"ALTER SYSTEM SET {name} = {ddl.literal(owner)};" for name in found] + ["SELECT pg_reload_conf();"]
        title = f"{count(len(found), 'background worker')} of extensions would start no more as {seen.legacy}"
        said = "After enable-login and before lock-legacy; those that have started want a restart of the server:"
        yield Found(title, tuple(found), fix=below(said, lines))
    if theirs := [(name, role) for name, role in rows if _narrowed(seen, role)]:
        user, step = blueprint.application(seen.context.config), _narrowing(seen)
        members = sorted({leading(seen.state, seen.context, role) for _, role in theirs})
        named = [f'{quote(one)} = "{blueprint.OWNER.key}"' for one in members]
        yield Found(
            f"{count(len(theirs), 'background worker')} of extensions start{'s' if len(theirs) == 1 else ''} as "
            f"{few(sorted({role for _, role in theirs}))}, with the rights of {seen.legacy}",
            tuple(f"{name} = {role}" for name, role in theirs),
            why=f"A member of {seen.legacy} has its rights until {step}, and those of {user} from then on: partitions "
            "for new rows are no longer made, and only the server's log says so.",
            fix=below("In flatsplit.toml:", ["[members]", *named]),
            step=step,
        )


def _narrowed(seen: Seen, role: str) -> bool:
    """Whether a role that acts as legacy will have no more than app_user's rights in the end."""
    context = seen.context
    more = {*context.config.roles.new} - {blueprint.application(context.config)}
    return role != seen.legacy and heir(context, leading(seen.state, context, role)) not in more


def _narrowing(seen: Seen) -> split.StepKey:
    return split.LOCK_LEGACY if seen.context.config.retire == "repurpose" else split.REVOKE_LEGACY


def _jobs(rows: Sequence[Row], *, named: bool = False) -> tuple[str, ...]:
    return tuple(
        f"job {id_}{f' {name}' if name else ''}: {schedule} in {database}{f' as {role}' if named else ''}"
        for id_, name, schedule, database, role in rows
    )


def _members_jobs(seen: Seen, rows: Sequence[Row], where: str = "") -> Iterator[Found]:
    """Jobs of members of legacy. They go on, later with the rights of app_user alone."""
    context, user, step = seen.context, blueprint.application(seen.context.config), _narrowing(seen)
    theirs = [row for row in rows if _narrowed(seen, row[4])]
    if not theirs:
        return
    cure = ddl.run_jobs_as(blueprint.owner(context.config), (row[0] for row in theirs))
    roles = sorted({row[4] for row in theirs})
    run = "runs" if len(theirs) == 1 else "run"
    yield Found(
        f"{count(len(theirs), 'job')} of pg_cron {run} as {few(roles)}, with the rights of {seen.legacy}",
        _jobs(theirs, named=True),
        why=f"A member of {seen.legacy} has its rights until {step}, and those of {user} from then on: a job that "
        "changes the structure, or vacuums or refreshes what it no longer owns, fails silently.",
        fix=f"Nothing, if it reads and writes rows. Else, after enable-login: {where}{cure}",
        step=step,
    )


@hazard(
    "timescaledb",
    "note",
    split.TRANSFER_OWNERSHIP,
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
            f"{name}: {count(chunks, 'chunk')}{f', {others} of another owner' if others else ''}"
            for name, chunks, others in rows
        )
        title = f"{count(len(rows), 'hypertable')} of TimescaleDB"
        yield Found(title, found, severity="warning" if strange else "note")


@hazard(
    "citus",
    "warning",
    split.CREATE_ROLES,
    looks_at="pg_dist_partition of Citus",
    why="Rights and owners of distributed tables hold on every worker. Citus passes on CREATE ROLE, GRANT and "
    "ALTER … OWNER only where it is set to, and refuses some inside a transaction with others.",
    fix="Check citus.enable_create_role_propagation, try the walk on a copy of the cluster, and look at one worker "
    "after each step.",
    manual="user-manag.html",
    questions=("distributed",),
    needs=("citus",),
)
def citus(seen: Seen) -> Iterator[Found]:
    """Distributed tables."""
    found = tuple(row[0] for row in seen.rows("distributed"))
    if found:
        yield Found(f"{count(len(found), 'table')} distributed by Citus", found)
