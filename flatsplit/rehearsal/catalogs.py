"""The server's own views and functions whose answer depends on the role: fewer rows, NULLs, or an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flatsplit import blueprint, privileges
from flatsplit.model import TABLES, ObjectRef, versions
from flatsplit.rehearsal import protected_settings, remedies, rows
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.catalog_lookup import SYSTEM
from flatsplit.rehearsal.remedies import member, shown
from flatsplit.rehearsal.uses import Compared, RelationUse, RoutineUse, Uses
from flatsplit.rehearsal.values import Outcome, Problem
from flatsplit.rehearsal.view_visibility import Showing
from flatsplit.rights.inherited import Inherited

_OPEN = {
    # HAS_PGSTAT_PERMISSIONS() in pgstatfuncs.c: these columns are shown of other roles' sessions too; the rest is NULL
    "pg_stat_activity": frozenset(
        {"datid", "datname", "pid", "usesysid", "usename", "application_name", "backend_xmin"}
    ),
    "pg_stat_ssl": frozenset(),
    "pg_stat_gssapi": frozenset(),
    "pg_stat_replication": frozenset({"pid", "usesysid", "usename", "application_name"}),
    **{
        f"pg_stat_progress_{what}": frozenset({"pid", "datid", "datname"})
        for what in ("vacuum", "analyze", "cluster", "create_index", "basebackup", "copy")
    },
}
_HIDDEN = {"pg_stat_statements": frozenset({"query", "queryid"})}
"""The columns that are hidden of statements of other roles."""

_SESSION = frozenset({"usename", "usesysid", "userid", "pid"})
OWNER_COLUMNS = frozenset(
    {
        *("tableowner", "viewowner", "matviewowner", "sequenceowner", "indexowner", "schema_owner", "statistics_owner"),
        *("relowner", "proowner", "typowner", "nspowner", "datdba", "srvowner", "fdwowner", "stxowner", "lomowner"),
        *("cfgowner", "dictowner", "collowner", "conowner", "oprowner", "opcowner", "opfowner", "extowner", "lanowner"),
        *("pubowner", "subowner", "evtowner", "spcowner", "defaclrole", "owner"),
    }
)
"""Columns of the server's own relations that hold an owner or a grantor."""


def open_columns(actor: Actor, use: RelationUse, uses: Uses) -> bool:
    """Whether the statement only reads those columns of a catalog that everybody may read."""
    columns = actor.world.open_columns.get(use.name)
    if columns is None or use.letters != {"r"}:
        return False
    named = {column for alias, column in uses.columns if alias in ("", use.alias, use.name)}
    return "*" not in named and not (named & actor.world.system_columns(use.name)) - columns


def readable(actor: Actor, use: RelationUse, readers: frozenset[str]) -> list[Problem]:
    """Problems of reading one of the server's own relations. Only superusers write to them, except to pg_settings."""
    if use.letters - {"r"} and use.name != "pg_settings" and not actor.rights.superuser:
        reason = f"only a superuser may change {use.name}, which is the server's own"
        remedy = "for the application's owner: do without it"
        return [Problem("denied", reason, f"pg_catalog.{use.name}", "SUPERUSER", remedy, True)]
    if "" in readers or actor.rights.superuser or not actor.rights.closure.isdisjoint({*readers, "pg_read_all_data"}):
        return []
    schema = _schema(actor, use)
    if (schema, use.name) in actor.system:
        return []
    reason = f"{actor.role} may not read {use.name}, which is the server's own"
    remedy = (
        f"for the application's owner: do without it, or GRANT a predefined role such as pg_monitor to {actor.role}"
    )
    if actor.context.legacy in readers:  # somebody took it from PUBLIC and gave it to the old role
        ref = ObjectRef("view", schema, use.name)
        remedy = remedies.grant(actor.section, actor.role, ref, "r", actor.major) or remedy
    return [Problem("denied", reason, f"{schema}.{use.name}", "SELECT", remedy, True)]


def problems(actor: Actor, use: RelationUse, uses: Uses) -> Iterator[Problem]:
    """What one of the server's own views showed to legacy and does not show to the role."""
    if actor.rights.superuser:
        return
    schema = _schema(actor, use)
    yield from sessions(actor, use, uses)
    yield from protected_settings.rows(actor, use, uses)
    for column, asked in _all(actor, schema, use.name):
        if column and not any(
            alias in ("", use.alias, use.name) and named in ("*", column) for alias, named in uses.columns
        ):
            continue
        hidden = _hidden(actor, asked)
        if hidden and (asked.what != "objects" or _filled(actor, schema, use.name, column)):
            name = f"{schema}.{use.name}"
            what = f"{name} shows {f'{column} only' if column else 'only rows'} of {_WHOSE[asked.what]}"
            if asked.letters:
                what += f" or may {privileges.names(asked.letters)}"
            remedy = (
                "for the application's owner: ask pg_catalog, whose tables show the same to everybody, or leave it to "
                f"{blueprint.owner(actor.context.config)}"
            )
            yield Problem("silent", f"{what}, which for {actor.role} leaves out {hidden}", name, "OWNERSHIP", remedy)
            return


def _schema(actor: Actor, use: RelationUse) -> str:
    """The schema of one of the server's own relations."""
    return use.schema or next(each for each in SYSTEM if (each, use.name) in actor.world.system)


def _filled(actor: Actor, schema: str, name: str, column: str) -> bool:
    """Whether the view has anything of the application's to show, as far as the operator sees all of it."""
    if not actor.goal.target.operator_superuser:
        return True
    return actor.world.views.filled(schema, name, column, actor.context.scope)


_WHOSE = {
    "objects": "what one owns",
    "rows": "tables of which no policy hides a row",
    "grants": "grants that one gave or has",
    "roles": "roles that one is",
}


def sessions(actor: Actor, use: RelationUse, uses: Uses) -> Iterator[Problem]:
    """Problems of looking at sessions and statements: those of legacy will belong to one of two roles."""
    hidden = _HIDDEN.get(use.name)
    if (hidden is None and use.name not in _OPEN) or sees_sessions(actor.rights) or only_own(actor, uses.compared):
        return
    for alias, column in sorted(uses.columns):
        if alias not in ("", use.alias, use.name):
            continue
        if column in hidden if hidden is not None else column not in _OPEN[use.name]:
            break
        if column == "*":
            break
    else:
        return
    who = blueprint.who(actor.context.config)
    others = who.owner if actor.role == who.application else who.application
    what = "statements" if hidden else "sessions"
    reason = f"{use.name} tells {actor.role} nothing of the {what} of other roles, such as {others}"
    remedy = member(actor.section, actor.role, "pg_read_all_stats")
    yield Problem("silent", reason, use.name, "MEMBERSHIP", remedy)


def sees_sessions(rights: Inherited) -> bool:
    """Whether a role is shown everybody's sessions, and other statistics that are not for everybody."""
    return rights.superuser or not rights.closure.isdisjoint({"pg_read_all_stats", "pg_monitor"})


def only_own(actor: Actor, compared: Iterable[Compared]) -> bool:
    """Whether the statement asks for its own sessions only."""
    return any(
        one.equal
        and not _SESSION.isdisjoint(column for _, column in one.columns)
        and (one.who or "pg_backend_pid" in one.calls or actor.role in one.constants)
        for one in compared
    )


def signals(actor: Actor, call: RoutineUse) -> list[Problem]:
    """Problems of pg_terminate_backend() and pg_cancel_backend(), which are for sessions of roles that one is a member
    of (signalfuncs.c).
    """
    nested = call.calls[0] if call.calls else None
    if not actor.rights.closure.isdisjoint({"pg_signal_backend"}) or (nested and nested.name == "pg_backend_pid"):
        return []
    if only_own(actor, call.compared):
        return []
    who = blueprint.who(actor.context.config)
    others = who.owner if actor.role == who.application else who.application
    reason = f"{call.name}() is refused to {actor.role} for sessions of other roles, such as {others}"
    remedy = member(actor.section, actor.role, "pg_signal_backend")
    listed = any(use.name == "pg_stat_activity" or use.name == "pg_locks" for use in call.beside)
    outcome: Outcome = "denied" if listed else "unknown"
    return [Problem(outcome, reason, "pg_signal_backend", "MEMBERSHIP", remedy, differs=True)]


def compared(actor: Actor, uses: Uses) -> Iterator[Problem]:
    """Problems of comparing an owner, or a name in a row, with the current user or with legacy's name."""
    system = [use for use in uses.relations if actor.resolve(use.schema, use.name).readers is not None]
    owner = any(column in OWNER_COLUMNS for _, column in uses.columns)
    for one in uses.compared:
        columns = sorted(column for _, column in one.columns)
        if not columns:
            continue
        owning = owner and not OWNER_COLUMNS.union({"rolname", "usename", "oid"}).isdisjoint(columns)
        who = blueprint.who(actor.context.config)
        remedy = f"for the application's owner: compare with {who.owner}, or leave the comparison out"
        stays = actor.login_stays and one.login
        moved = one.who and (actor.role != who.owner or (stays and actor.role != actor.before))
        if system and owning and (actor.before in one.constants or moved):
            with_ = actor.before if actor.before in one.constants else "who asks"
            reason = f"{columns[0]} is compared with {with_}: {who.owner} owns what {actor.before} owned"
            yield Problem("silent", reason, columns[0], "OWNERSHIP", remedy)
        elif system and actor.before in one.constants and not _SESSION.isdisjoint(columns):
            reason = f"{columns[0]} is compared with {actor.before}, as which nobody is going to be connected"
            yield Problem("silent", reason, columns[0], "", remedy.replace(who.owner, who.application))
        elif one.who and not stays and actor.role != actor.before and len(system) < len(uses.relations):
            reason = f"{columns[0]} is compared with who asks, which was {actor.before} and is {actor.role}"
            remedy = "for the application's owner: compare with a name that the application gives"
            yield Problem("silent", reason, columns[0], "", remedy)


def _all(actor: Actor, schema: str, name: str) -> Iterator[tuple[str, Showing]]:
    """The conditions of a view and of the views that it reads; "" for those on whole rows."""
    found, below = actor.world.views.sight(schema, name)
    yield from found.columns
    for asked in found.rows:
        yield "", asked
    for each in below:
        if each in actor.world.system:
            yield from ((column, asked) for column, asked in _all(actor, *each) if not column)


def _hidden(actor: Actor, asked: Showing) -> str:
    """The first thing that legacy was shown and the role is not; "" for none."""
    cache = actor.hidden
    found = cache.get(asked)
    if found is None:
        found = cache[asked] = next(iter(_each_hidden(actor, asked)), "")
    return found


def _each_hidden(actor: Actor, asked: Showing) -> Iterator[str]:
    if asked.what == "roles":
        database = ObjectRef("database", "", actor.goal.target.database)
        owners = {"pg_database_owner"} if actor.major >= versions.DATABASE_OWNER and not actor.owns(database) else set()
        mine = actor.rights.closure.union(actor.context.config.roles.new, {actor.before})
        yield from sorted((actor.legacy.closure | owners) - mine)
        return
    kinds = asked.kinds or TABLES
    for ref, facts in actor.goal.objects.items():
        if ref.kind not in kinds or facts.extension or actor.rights.owns(facts):
            continue
        if not actor.context.ours(ref, facts) and not (actor.legacy.superuser and actor.context.in_scope(ref)):
            continue
        if asked.what == "rows":
            if rows.secured(actor, ref):
                yield shown(ref)
        elif not asked.letters or not actor.rights.has(facts, asked.letters):
            yield f"the grants on {shown(ref)}" if asked.what == "grants" else shown(ref)
