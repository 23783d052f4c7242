"""Hazards in settings, passwords and uses of a role: how its sessions start, and what they are for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flatsplit import blueprint, ddl
from flatsplit.config.grants import LETTERS
from flatsplit.hazards.registry import Found, Seen, as_lines, below, decide, few, granted_name, hazard
from flatsplit.hazards.remedy_sql import sequences_of
from flatsplit.model import JOURNAL_SCHEMA, TABLES, ObjectRef, SettingKey
from flatsplit.rights.inherited import Inherited
from flatsplit.walks import split
from flatsplit.walks.split.enable_login import legacy_settings, search_path
from flatsplit.walks.split.kind import through
from flatsplit.words import count

MIGRATION_TABLES = frozenset(
    {
        "alembic_version",
        "schema_migrations",
        "ar_internal_metadata",
        "django_migrations",
        "flyway_schema_history",
        "schema_version",
        "databasechangelog",
        "databasechangeloglock",
        "knex_migrations",
        "knex_migrations_lock",
        "_prisma_migrations",
        "goose_db_version",
        "__efmigrationshistory",
        "sequelizemeta",
        "phinxlog",
        "doctrine_migration_versions",
        "gorp_migrations",
        "__diesel_schema_migrations",
        "_sqlx_migrations",
        "pgmigrations",
        "typeorm_metadata",
        "mikro_orm_migrations",
        "__drizzle_migrations",
        "south_migrationhistory",
        "schemaversions",
        "migration_versions",
        "atlas_schema_revisions",
    }
)
"""Names of the tables in which migration tools record what they have run, in lower case."""

_MIGRATIONS = re.compile(r"(?:\A|_)(?:migrations?(?:_lock|_version)?|schema_versions?)\Z")
"""How applications with a migration tool of their own call that table, mostly with a prefix."""

_BACKUP = re.compile(r"pg_dump|pg_basebackup|pgbackrest|barman|wal-?g|pghoard|pg_probackup|pgcopydb", re.I)
_BACKUP_ROLE = re.compile(r"backup|barman|pgbackrest|dump", re.I)


@hazard(
    "role-settings",
    "note",
    split.ENABLE_LOGIN,
    looks_at="pg_db_role_setting of legacy",
    why="Settings of a role are not inherited. enable-login gives app_user, app_migrator and app_readonly the same in "
    "this database; an adopted role keeps its own.",
    fix="Check that a limit meant for the application does not stop migrations (statement_timeout), and the other way "
    "round.",
    manual="sql-alterrole.html",
)
def role_settings(seen: Seen) -> Iterator[Found]:
    """Settings that legacy's sessions start with."""
    if seen.legacy in seen.state.roles and (found := sorted(legacy_settings(seen.state, seen.context))):
        yield Found(f"{count(len(found), 'setting')} of {seen.legacy}: {', '.join(found)}", tuple(found))


@hazard(
    "temp-tablespaces",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="temp_tablespaces of the application's roles as enable-login leaves them, and CREATE on those tablespaces",
    why="A tablespace of temp_tablespaces in which a role may not create is passed over without a word: its temporary "
    "tables, and what it sorts on disk, fill the database's own disk instead.",
    fix="Let them create there, once create-roles has made them: that alone lets nobody create a table.",
    manual="runtime-config-client.html#GUC-TEMP-TABLESPACES",
    questions=("temp_tablespaces",),
)
def temp_tablespaces(seen: Seen) -> Iterator[Found]:
    """Places for temporary files that legacy uses and the new roles would not."""
    (own, default), *_ = seen.rows("temp_tablespaces")
    set_here = any(name == "temp_tablespaces" for values in seen.state.settings.values() for name, _ in values)
    if not set_here and not default:
        return
    before, after = Inherited(seen.state, seen.legacy), through(seen.state, seen.context, split.ENABLE_LOGIN)
    found, lines = [], []
    for role, purpose in blueprint.roles(seen.context.config):
        rights, said = Inherited(after, role), after.setting_of(role, "temp_tablespaces")
        for place in ddl.split_list(default if said is None else said[1]) if purpose.named else ():
            facts = seen.state.objects.get(ObjectRef("tablespace", "", place))
            if place != own and facts is not None and before.has(facts, "C") and not rights.has(facts, "C"):
                found.append(f"{place}, not for {role}")
                lines.append(ddl.grant([ObjectRef("tablespace", "", place)], "C", role))
    if found:
        yield Found(f"temp_tablespaces would not hold for {count(len(lines), 'role')}", tuple(found), sql=tuple(lines))


@hazard(
    "role-setting-role",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_db_role_setting: the settings role and session_authorization of legacy; role of the database",
    why="Sessions of legacy act as another role from the start. That is not carried over: app_user acts as itself, "
    "with its own rights, and what legacy's sessions made belongs to that other role.",
    fix='Move what that role owns like what legacy owns: owners = ["NAME"] under [cutover] in flatsplit.toml.',
    manual="sql-set-role.html",
)
def role_setting_role(seen: Seen) -> Iterator[Found]:
    """Sessions of legacy that begin as another role."""
    found = []
    for database in ("", seen.state.target.database):
        for name, value in seen.state.settings.get(SettingKey(seen.legacy, database), ()):
            if name == "role" and value in seen.context.retiring:
                continue  # what that role owns moves like legacy's own
            if name in ("role", "session_authorization") and value not in ("none", seen.legacy):
                found.append(f"{name} = {value}" + (f" in database {database}" if database else ""))
    if found:
        yield Found(f"sessions of {seen.legacy} begin as another role", tuple(found))
    yield from _everybody_begins(seen)


def _everybody_begins(seen: Seen) -> Iterator[Found]:
    """A role that sessions of everybody begin as, the new ones included."""
    here, who = seen.state.target.database, blueprint.who(seen.context.config)
    for key in (SettingKey("", here), SettingKey("", "")):
        value = dict(seen.state.settings.get(key, ())).get("role", "none")
        if value == "none":
            continue
        lines = [ddl.reset_setting(*key, "role")]
        if seen.state.setting_of(seen.legacy, "role") == (key, value) and value != seen.legacy:
            lines.insert(0, ddl.set_setting(seen.legacy, here, "role", value))
        yield Found(
            f"sessions of everybody begin as {value}",
            (f"role = {value} {f'in database {key.database}' if key.database else 'for all roles'}",),
            why=f"It holds for the new roles too. Who is a member of {value} acts as it: what {who.owner} creates "
            f"would belong to it, and nobody be granted what {who.owner}'s default privileges say. Who is none gets a "
            "warning at each login.",
            fix=f"Let it hold for {seen.legacy} alone:",
            sql=tuple(lines),
        )


@hazard(
    "user-schema",
    "note",
    split.ENABLE_LOGIN,
    looks_at='legacy\'s search_path, and whether a schema is named like legacy ("$user")',
    why="\"$user\" stands for a schema named like the session's role: legacy's resolves for legacy and vanishes for "
    "app_user. enable-login spells it out in the new roles' search_path; clients that set search_path themselves are "
    "not helped by that.",
    fix='Replace "$user" by the schema\'s name in connection strings and in the application.',
    manual="ddl-schemas.html#DDL-SCHEMAS-PATH",
)
def user_schema(seen: Seen) -> Iterator[Found]:
    """A schema that only legacy finds by its search_path."""
    if seen.legacy in seen.state.roles and search_path(seen.state, seen.context) is not None:
        label = ddl.label(ObjectRef("schema", "", seen.legacy))
        yield Found(f'"$user" means {label} for {seen.legacy} only', (label,))


@hazard(
    "md5-password",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_authid.rolpassword: whether it begins with md5",
    why="The new roles get SCRAM verifiers. A driver or pooler that is so old that it only knows MD5 cannot log in "
    "with one, and an MD5 hash dies when its role is renamed. MD5 passwords are going away (deprecated in 18).",
    fix="Check the drivers' versions (libpq 10, JDBC 42.2, Npgsql 3.2.7, PgBouncer 1.11 know SCRAM); "
    "pg_hba.conf's method md5 takes SCRAM too.",
    manual="auth-password.html",
    questions=("passwords",),
    needs=("passwords",),
)
def md5_password(seen: Seen) -> Iterator[Found]:
    """Passwords that are stored as MD5."""
    found = tuple(name for name, legacy, md5, _ in seen.rows("passwords") if legacy and md5)
    if found:
        yield Found(f"{', '.join(found)} ha{'s' if len(found) == 1 else 've'} an MD5 password", found)


@hazard(
    "password-encryption",
    "note",
    split.ENABLE_LOGIN,
    looks_at="password_encryption of the server",
    why="flatsplit sends SCRAM verifiers whatever the server's setting is. Passwords that somebody sets later with "
    "ALTER ROLE … PASSWORD become MD5 again.",
    fix="ALTER SYSTEM SET password_encryption = 'scram-sha-256'; SELECT pg_reload_conf();",
    manual="runtime-config-connection.html#GUC-PASSWORD-ENCRYPTION",
    questions=("server",),
)
def password_encryption(seen: Seen) -> Iterator[Found]:
    """A server that stores new passwords as MD5."""
    if seen.rows("server")[0][6] == "md5":
        yield Found("password_encryption is md5")


@hazard(
    "migration-tables",
    "note",
    split.SWITCH_CONNECTIONS,
    looks_at="tables in scope named like those of migration tools (alembic_version, schema_migrations, …)",
    why="app_user may write to every table in scope, so also to the list of migrations that ran: a mistake or an "
    "attack there makes the next migration run twice, or not at all.",
    fix="Look first who writes there: an application that runs its own migrations, or keeps the progress of another "
    "work in a table of such a name, needs it. Else, after the last step, REVOKE INSERT, UPDATE, DELETE ON it FROM "
    "app_user; until then flatsplit grants it again as drift.",
    manual="ddl-priv.html",
)
def migration_tables(seen: Seen) -> Iterator[Found]:
    """Tables of migrations that the application could rewrite."""
    refs = sorted(
        ref
        for group in seen.state.groups
        if group.kind in TABLES and seen.context.ours(group.refs[0], group.facts)
        for ref in group.refs
        if _lists(ref)
    )
    if refs:
        user = blueprint.application(seen.context.config)
        said = (
            "Look first who writes there: an application that runs its own migrations, or keeps the progress of other "
            "work in a table of such a name, needs it. Else, after the last step; until then flatsplit grants it again:"
        )
        yield Found(
            f"{count(len(refs), 'table')} of a migration tool that {user} may change",
            tuple(map(ddl.label, refs)),
            fix=below(said, [ddl.revoke(refs, "awd", user)]),
        )


@hazard(
    "migrations-out-of-reach",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="tables named like those of migration tools, in any schema, that legacy reached as a superuser only",
    why="The migration tool keeps its list in a table of another role's, which legacy could use because it is a "
    "superuser. app_migrator is none: its first migration ends with permission denied, before it has done anything.",
    fix="Name the table and its schema under [grants.app_migrator] in flatsplit.toml, or give them to legacy.",
    manual="ddl-priv.html",
)
def migrations_out_of_reach(seen: Seen) -> Iterator[Found]:
    """Tables of migrations that app_migrator could not write."""
    before = seen.context.baseline.roles.get(seen.legacy)
    if before is None or not before.superuser:
        return
    apart = {*seen.context.owners, *seen.context.config.roles.new}
    rights = Inherited(seen.granted, blueprint.owner(seen.context.config))
    lines: dict[tuple[str, str], list[str]] = {}
    found = []
    for ref in sorted(ref for ref, facts in seen.granted.objects.items() if ref.kind in TABLES and _lists(ref)):
        facts = seen.granted.objects[ref]
        if facts.owner in apart or facts.extension or facts.note == "system" or ref.schema == JOURNAL_SCHEMA:
            continue
        wanted = [(ref, word) for word in ("select", "insert", "update", "delete")]
        wanted += [(one, "usage") for one in (ObjectRef("schema", "", ref.schema), *sequences_of(seen.granted, ref))]
        lacking = [
            (one, word) for one, word in wanted if LETTERS[word] not in rights.letters(seen.granted.objects[one])
        ]
        for one, word in lacking:
            names = lines.setdefault((blueprint.OWNER.key, word), [])
            names += [granted_name(one)] if granted_name(one) not in names else []
        found += [ddl.label(ref)] if lacking else []
    if found:
        yield Found(
            f"{rights.role} may not write to {few(found)}, as a migration tool does",
            tuple(found),
            fix=decide("migrations-out-of-reach", lines),
            toml=as_lines(lines),
        )


def _lists(ref: ObjectRef) -> bool:
    """Whether its name is that of a migration tool's list."""
    return ref.name.lower() in MIGRATION_TABLES or bool(_MIGRATIONS.search(ref.name.lower()))


@hazard(
    "backup-role",
    "warning",
    split.LOCK_LEGACY,
    looks_at="pg_stat_activity.application_name (pg_dump, pgbackrest, barman, …); roles with REPLICATION, of "
    "pg_read_all_data or with backup in their name",
    why="A backup that runs as legacy ends with lock-legacy, at night and unseen. One by another role needs rights on "
    "what app_migrator creates from now on.",
    fix="Let backups run as app_readonly (with BYPASSRLS where row security is on) or as a role of their own; try one "
    "after lock-legacy, before revoke-legacy.",
    manual="app-pgdump.html",
    questions=("activity", "backup_roles"),
)
def backup_role(seen: Seen) -> Iterator[Found]:
    """The role that runs the backups."""
    sessions = sorted({(role, program) for role, program in seen.rows("activity") if _BACKUP.search(program)})
    as_legacy = [(role, program) for role, program in sessions if role == seen.legacy]
    if as_legacy:
        yield Found(f"backups run as {seen.legacy}", tuple(f"{program} as {role}" for role, program in as_legacy))
        return
    new = seen.context.config.roles.new
    others = [f"{program} as {role}" for role, program in sessions]
    for name, replication, reads_all, superuser in seen.rows("backup_roles"):
        apart = name in new or name in (seen.legacy, seen.state.target.operator) or superuser or name.startswith("pg_")
        if not apart and (replication or reads_all or _BACKUP_ROLE.search(name)):
            others.append(f"role {name}")
    if others:
        yield Found("roles that may run the backups", tuple(others), severity="note")


@hazard(
    "preload-missing",
    "blocker",
    split.ENABLE_LOGIN,
    looks_at="session_preload_libraries and local_preload_libraries of legacy and of the roles in flatsplit.toml: a "
    "session of the operator's begins with each",
    why="A library that is not there, or that cannot be loaded so late, ends every login of the role, and enable-login "
    "gives the new roles legacy's settings. The server takes such a setting without a word.",
    fix="Install the library on the server, or take the setting away from the role or from its section.",
    manual="runtime-config-client.html#GUC-SESSION-PRELOAD-LIBRARIES",
    begins=True,
)
def preload_missing(seen: Seen) -> Iterator[Found]:
    """Settings with which no session can begin."""
    for one in dict.fromkeys(seen.unloadable):
        cures = tuple(
            ddl.reset_setting(key.role, key.database, one.name)
            for key, row in seen.state.settings.items()
            if key.role == one.role and (one.name, one.value) in row
        )
        where = "from the settings of its section in flatsplit.toml" if not cures else "away:"
        yield Found(
            f"no session can begin with {one.name} = {one.value}, which {one.role} has: {one.reason}",
            (one.role,),
            fix="\n".join([f"Install the library on the server, or take the setting {where}", *cures]),
            sql=cures,
        )
