"""Hazards of a role that becomes a group: what stops when it may not log in, and what its logins cannot do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flatsplit import ddl
from flatsplit.config import Group
from flatsplit.hazards.hba_match import word
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.walks import split
from flatsplit.walks.group.context import as_themselves, here_and_newer, ignores_role_setting
from flatsplit.words import count

_LOGINS = "[group.ROLE] of flatsplit.toml"


def _declared(seen: Seen) -> Iterator[tuple[Group, str]]:
    """Groups of the configuration, with their names here: those that are groups already, and, once the split has made
    their roles, those that become one.
    """
    for group in seen.context.written.groups:
        role = str(getattr(seen.context.config.roles, group.purpose))
        if group in seen.context.config.groups or role in seen.state.roles:
            yield group, role


def _groups(seen: Seen) -> Iterator[tuple[Group, str]]:
    """Those of them that become groups."""
    for group, role in _declared(seen):
        facts = seen.state.roles.get(role)
        if group.logins and (facts is None or facts.login):
            yield group, role


def _first(group: Group) -> str:
    return group.logins[0]


@hazard(
    "role-setting-ignored",
    "blocker",
    split.ENABLE_LOGIN,
    looks_at=f"the server's release, where {_LOGINS} has as_group",
    why="The releases of 2024-11-14 (13.17, 14.14, 15.9, 16.5, 17.1) ignore a login's role setting without a word: its "
    "sessions act as the login, and what they create is its own.",
    fix="Update the server to the next minor release, or, but for app_migrator, write as_group = false under "
    "[group.ROLE].",
    manual="sql-alterrole.html",
)
def role_setting_ignored(seen: Seen) -> Iterator[Found]:
    """A release that cannot let sessions begin as the group."""
    if not ignores_role_setting(seen.state.target.version):
        return
    here, newer = here_and_newer(seen.state.target.version)
    for group, role in _groups(seen):
        if group.as_group:
            yield Found(
                f"PostgreSQL {here} would not let logins begin as {role}",
                (role,),
                fix=f"Update the server to {newer} or later{as_themselves(group)}.",
            )


@hazard(
    "cron-as-group",
    "blocker",
    split.ENABLE_LOGIN,
    looks_at=f"cron.job.username of pg_cron, of roles with {_LOGINS}",
    why="A job runs as the role whose name it holds. Once that is a group it may not log in, and the job fails "
    "silently: only cron.job_run_details says so. A login that begins as the group schedules its jobs as the group.",
    fix="UPDATE cron.job SET username = login WHERE jobid IN (…); before close-group.",
    manual="user-manag.html",
    questions=("cron_new_roles",),
    needs=("cron", "jobs"),
)
def cron_as_group(seen: Seen) -> Iterator[Found]:
    """Jobs as a role that becomes a group, or is one."""
    for group, role in _declared(seen):
        jobs = [row for row in seen.rows("cron_new_roles") if row[4] == role]
        if jobs and group.logins:
            cure = ddl.run_jobs_as(_first(group), (row[0] for row in jobs))
            run = "runs" if len(jobs) == 1 else "run"
            yield Found(
                f"{count(len(jobs), 'job')} of pg_cron {run} as {role}, which is to log in no more",
                tuple(f"job {row[0]}{f' {row[1]}' if row[1] else ''}: {row[2]} in {row[3]}" for row in jobs),
                fix=f"Once {_first(group)} is there: {cure}",
                sql=(cure,),
            )


@hazard(
    "group-owns-subscription",
    "blocker",
    split.ENABLE_LOGIN,
    looks_at=f"owners of subscriptions, of roles with {_LOGINS}",
    why="The worker of a subscription starts as its owner. One that may not log in starts nothing: the subscription "
    "stops at the worker's next start, and the publisher keeps WAL for it until its disk is full.",
    fix="ALTER SUBSCRIPTION … OWNER TO a role that goes on logging in.",
    manual="logical-replication-security.html",
)
def group_owns_subscription(seen: Seen) -> Iterator[Found]:
    """A subscription whose owner is not to log in any more."""
    names = {role: group for group, role in _groups(seen)}
    for alike in seen.state.groups:
        if alike.kind == "subscription" and alike.facts.owner in names:
            role = alike.facts.owner
            owned = tuple(sorted(ref.name for ref in alike.refs))
            keeper = ddl.ident(seen.state.target.operator)
            cures = tuple(f"ALTER SUBSCRIPTION {ddl.ident(name)} OWNER TO {keeper};" for name in owned)
            title = f"{few(owned)} belongs to {role}, which is to log in no more"
            yield Found(title, owned, fix="\n".join(cures), sql=cures)


@hazard(
    "prepared-open",
    "warning",
    split.ENABLE_LOGIN,
    looks_at=f"pg_prepared_xacts, of roles with {_LOGINS} and as_group = false, and of their logins",
    why="Who has prepared a transaction, or a superuser, ends it. Logins that act as themselves cannot end what the "
    "group or another of them has prepared: COMMIT PREPARED says permission denied, and its locks stay.",
    fix="End them as who prepared them before connections move: COMMIT PREPARED or ROLLBACK PREPARED. Where the "
    "application prepares all the time, as_group = true.",
    manual="sql-commit-prepared.html",
    questions=("prepared",),
)
def prepared_open(seen: Seen) -> Iterator[Found]:
    """Prepared transactions that another login could not end."""
    for group, role in _groups(seen):
        open_ = [row for row in seen.rows("prepared") if row[1] in (role, *group.logins)]
        if open_ and not group.as_group:
            what = count(len(open_), "prepared transaction")
            yield Found(
                f"{what} of {role} that no other login of it could end",
                tuple(f"{gid} of {owner}" for gid, owner, _ in open_),
            )


@hazard(
    "hba-names-role",
    "warning",
    split.ENABLE_LOGIN,
    looks_at=f"pg_hba_file_rules().user_name, of roles with {_LOGINS}",
    why="A line that names a role matches that role alone, and none of those that log in for it. +role means every "
    "member of it, asked at each login anew.",
    fix="Write +role beside the role in these lines, then SELECT pg_reload_conf().",
    manual="auth-pg-hba-conf.html",
    questions=("hba",),
    needs=("hba",),
)
def hba_names_role(seen: Seen) -> Iterator[Found]:
    """Lines for a role that do not hold for its logins."""
    rows = [row for row in seen.rows("hba") if row[7] is None]
    for group, role in _groups(seen):
        lines = [row for row in rows if row[3] and role in row[3] and not _holds(row[3], role, group.logins)]
        if lines:
            name = "names" if len(lines) == 1 else "name"
            yield Found(
                f"{count(len(lines), 'line')} of pg_hba.conf {name} {role}, and none of its logins",
                tuple(f"line {row[0]}: {row[1]} {','.join(row[2])} {','.join(row[3])} {row[6]}" for row in lines),
                fix=f"Write +{word(role)} into these lines, then SELECT pg_reload_conf().",
            )


def _holds(users: Sequence[str], role: str, logins: Sequence[str]) -> bool:
    """Whether a line holds for all logins as well."""
    return "all" in users or f"+{role}" in users or all(login in users for login in logins)


@hazard(
    "large-objects-twins",
    "warning",
    split.ENABLE_LOGIN,
    looks_at=f"owners of large objects, of roles with {_LOGINS} and as_group = false, and of their logins",
    why="A large object belongs to who made it, and there is no GRANT for all of them. A login that acts as itself "
    "can neither read nor unlink what another login or the group has made.",
    fix="as_group = true under [group.ROLE]: then all of them make and read as the group.",
    manual="lo-implementation.html",
)
def large_objects_twins(seen: Seen) -> Iterator[Found]:
    """Large objects that the other logins could not read."""
    for group, role in _groups(seen):
        if group.as_group or len(group.logins) < 2:
            continue
        whose = {role, *group.logins, seen.legacy}
        found = [
            ref.name
            for alike in seen.state.groups
            if alike.kind == "large_object" and alike.facts.owner in whose
            for ref in alike.refs
        ]
        if found:
            purpose = group.purpose
            yield Found(
                f"{count(len(found), 'large object')}: made by one login of {role}, out of reach of the others",
                tuple(sorted(found)[:20]),
                fix=f"Write as_group = true under [group.{purpose}].",
                toml=(f"[group.{purpose}] as_group = true",),
            )


@hazard(
    "sees-own-sessions",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="routines of the schemas in scope and what sessions of legacy and the new roles run, for "
    f"pg_stat_activity, pg_cancel_backend and pg_terminate_backend, where {_LOGINS} has as_group",
    why="A session that begins as the group has no right over its own login: of its own row in pg_stat_activity it "
    "reads <insufficient privilege>, and it can neither cancel nor end another session of its login.",
    fix='In flatsplit.toml: [grants.app_user] member = ["pg_read_all_stats"] to look, or ["pg_signal_backend"] to '
    "cancel and end, if the application needs it; else as_group = false.",
    manual="monitoring-stats.html",
    questions=("own_sessions",),
    needs=("activity",),
)
def sees_own_sessions(seen: Seen) -> Iterator[Found]:
    """Code that looks at its own sessions or ends them."""
    where = tuple(str(row[0]) for row in seen.rows("own_sessions"))
    groups = [(group, role) for group, role in _groups(seen) if group.as_group]
    if not where or not groups:
        return
    names = [role for _, role in groups]
    yield Found(
        f"{few(where)}: looks at its own sessions or ends some, which logins that begin as {few(names)} cannot",
        where,
        fix="\n".join(
            f'In flatsplit.toml: [grants.{group.purpose}] member = ["pg_read_all_stats", "pg_signal_backend"], if the '
            f"application needs it; else as_group = false under [group.{group.purpose}]."
            for group, _ in groups
        ),
    )
