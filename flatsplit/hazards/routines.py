"""Hazards in functions and procedures. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl, privileges
from flatsplit.config.text import quote
from flatsplit.hazards import routine_bodies
from flatsplit.hazards.objects import labels, ours
from flatsplit.hazards.registry import Found, Seen, below, few, granted_name, hazard
from flatsplit.hazards.remedy_sql import from_public, given, own_path
from flatsplit.model import PUBLIC, ObjectFacts, ObjectRef
from flatsplit.walks import split
from flatsplit.words import count


@hazard(
    "definer-open",
    "note",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_proc.prosecdef, and EXECUTE of PUBLIC",
    why="They run with app_migrator's rights after the move, whoever calls them.",
    fix="REVOKE EXECUTE … FROM PUBLIC where that is too much; app_user is then granted EXECUTE by name.",
    manual="sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY",
)
def definer_open(seen: Seen) -> Iterator[Found]:
    """SECURITY DEFINER routines that PUBLIC may call."""

    def is_open(_: ObjectRef, facts: ObjectFacts) -> bool:
        return facts.note == "definer" and not facts.extension and "X" in privileges.letters(facts.acl, PUBLIC)

    if definers := labels(ours(seen), is_open):
        user = blueprint.application(seen.context.config)
        said = f"Where that is too much, before grant-existing, which then grants EXECUTE to {user} by name:"
        cures = from_public(seen, is_open)
        if user in seen.state.roles:  # the application may be calling them, with EXECUTE from PUBLIC alone
            said = f"Where that is too much, with EXECUTE for {user} by name, as grant-existing gives it:"
            cures = [*given(seen, is_open, "X", user), *cures]
        fix = below(said, cures)
        yield Found(f"{count(len(definers), 'SECURITY DEFINER routine')} everybody may call", definers, fix=fix)


@hazard(
    "definer-owner",
    "note",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_proc.prosecdef and proowner",
    why="A SECURITY DEFINER routine runs as its owner. Legacy's will run as app_migrator, which holds what legacy "
    "held but not its attributes: a routine that needed a superuser fails, and current_user in it has another value.",
    fix="Read those that create roles, read files, use COPY, or look at current_user.",
    manual="sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY",
)
def definer_owner(seen: Seen) -> Iterator[Found]:
    """SECURITY DEFINER routines whose owner changes."""
    legacy = seen.context.baseline.roles.get(seen.legacy)

    def is_definer(_: ObjectRef, facts: ObjectFacts) -> bool:
        return facts.note == "definer" and facts.owner == seen.legacy and not facts.extension

    if found := labels(ours(seen), is_definer):
        powerful = legacy is not None and (legacy.superuser or legacy.createrole or legacy.replication)
        heir = blueprint.owner(seen.context.config)
        yield Found(
            f"{count(len(found), 'SECURITY DEFINER routine')} will run as {heir} instead of {seen.legacy}",
            found,
            severity="warning" if powerful else "note",
        )


@hazard(
    "definer-search-path",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_proc.proconfig of SECURITY DEFINER routines (those with an SQL body are bound already)",
    why="Without a search_path of its own the caller chooses which tables, functions and operators the routine finds. "
    "Whoever may create any object, a temporary one included, can make it run with app_migrator's rights what he "
    "likes.",
    fix="ALTER FUNCTION … SET search_path = the schemas it needs, pg_temp; (pg_temp last)",
    manual="sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY",
    questions=("routines",),
)
def definer_search_path(seen: Seen) -> Iterator[Found]:
    """SECURITY DEFINER routines that use the caller's search_path."""
    found = tuple(
        name
        for name, definer, settings, _, tree, *_ in seen.rows("routines")
        if definer and tree is None and not any(each.lower().startswith("search_path=") for each in settings)
    )
    if found:
        fix = below("The schemas that it needs, pg_temp last:", own_path(seen, found))
        yield Found(f"{count(len(found), 'SECURITY DEFINER routine')} with the caller's search_path", found, fix=fix)


@hazard(
    "untrusted-routines",
    "warning",
    split.GRANT_EXISTING,
    looks_at="pg_proc of the application's, no extension's, and pg_language.lanpltrusted: plpython3u, plperlu, C",
    why="What they do they do as the server's user in the operating system. app_user may call them, so an injected "
    "call can still do with files and programs what they let their arguments decide. app_migrator owns them and may "
    "not replace them: only a superuser may write in these languages.",
    fix='[owner-powers] dba = ["schema.name(arguments)"] leaves them with dba, who may replace them; app_user then '
    "keeps what PUBLIC or a grant of its own gives it.",
    manual="plpython.html",
    questions=("untrusted_routines",),
)
def untrusted_routines(seen: Seen) -> Iterator[Found]:
    """Routines in untrusted languages."""
    found = [(ObjectRef(*ref), language) for *ref, language in seen.rows("untrusted_routines")]
    found = [(ref, language) for ref, language in found if not seen.context.left(ref)]
    if not found:
        return
    names = {ref for ref, _ in found}
    cures = from_public(seen, lambda ref, _: ref in names)
    said = "Decide of each what its arguments may say. What the application does not call, take from everybody"
    if dba := blueprint.administrator(seen.context.config):
        left = [*seen.context.config.powers.dba, *(granted_name(ref) for ref, _ in found)]
        said += f" and leave with {dba}, who may replace it: [owner-powers] dba = [{', '.join(map(quote, left))}]"
    yield Found(
        f"{count(len(found), 'routine')} in a language that may do anything: "
        f"{few(sorted({language for _, language in found}))}",
        tuple(f"{ddl.label(ref)}, in {language}" for ref, language in found),
        fix=below(f"{said}.", cures) if cures else f"{said}.",
    )


@hazard(
    "runtime-ddl",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_proc.prosrc of the application's routines that are not SECURITY DEFINER, comments left out",
    why="They run as whoever calls them. app_user owns nothing and may create nothing, so these commands fail for "
    "it: "
    "must be owner of table …, or permission denied for schema ….",
    fix="Call them as app_migrator, or make them SECURITY DEFINER with a search_path of their own.",
    manual="sql-createfunction.html",
    questions=("routines",),
)
def runtime_ddl(seen: Seen) -> Iterator[Found]:
    """Routines that create, alter or truncate."""
    found, names = [], []
    for name, definer, _, source, _, trigger, *_ in seen.rows("routines"):
        if not definer and not trigger and (command := routine_bodies.runtime_ddl(source)):
            found.append(f"{name}: {command}")
            names.append(name)
    if found:
        said = (
            f"Call them as {blueprint.owner(seen.context.config)}, or, with the schemas that they need, pg_temp last:"
        )
        fix = below(said, own_path(seen, names, definer=True))
        yield Found(f"{count(len(found), 'routine')} with commands that only an owner may run", tuple(found), fix=fix)


@hazard(
    "trigger-ddl",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_proc.prosrc of functions that enabled triggers run, SECURITY DEFINER ones left out",
    why="A trigger function runs as whoever changes the row. One that creates a partition, alters or truncates fails "
    "as app_user, and with it the INSERT, UPDATE or DELETE that fired it.",
    fix="ALTER FUNCTION … SECURITY DEFINER SET search_path = …, pg_temp; or create partitions ahead as app_migrator.",
    manual="trigger-definition.html",
    questions=("routines",),
)
def trigger_ddl(seen: Seen) -> Iterator[Found]:
    """Trigger functions that create, alter or truncate."""
    found, names = [], []
    for name, definer, _, source, _, trigger, tables, *_ in seen.rows("routines"):
        if trigger and tables and not definer and (command := routine_bodies.runtime_ddl(source)):
            found.append(f"{name}: {command}, on {', '.join(tables)}")
            names.append(name)
    if found:
        said = (
            f"Create partitions ahead as {blueprint.owner(seen.context.config)}, or, with the schemas that they need, "
            "pg_temp last:"
        )
        yield Found(
            f"{count(len(found), 'trigger function')} with commands that only an owner may run",
            tuple(found),
            fix=below(said, own_path(seen, names, definer=True)),
        )


@hazard(
    "dblink",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_proc.prosrc of the application's routines, for dblink",
    why="dblink logs in to another database with what stands in the call. For a role that is no superuser it insists "
    "on a password that was really used, and connections as legacy end when legacy is locked.",
    fix="Give the connection string a user and password of its own, or use a foreign server with user mappings.",
    manual="contrib-dblink-connect.html",
    questions=("routines", "extensions"),
)
def dblink(seen: Seen) -> Iterator[Found]:
    """Connections from inside the database."""
    found = tuple(row[0] for row in seen.rows("routines") if routine_bodies.mentions(row[3], "dblink"))
    installed = any(name == "dblink" for name, _ in seen.rows("extensions"))
    if found:
        yield Found(f"{count(len(found), 'routine')} that use{'s' if len(found) == 1 else ''} dblink", found)
    elif installed:
        yield Found(
            "extension dblink is installed, and no routine of the application's uses it",
            ("extension dblink",),
            severity="note",
        )
