"""Hazards in what legacy owns, and in what others own beside it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flatsplit import blueprint, ddl, privileges
from flatsplit.config import Grant, format_name
from flatsplit.config.grants import MEMBER
from flatsplit.config.text import quote
from flatsplit.hazards.registry import Found, Seen, below, few, hazard
from flatsplit.model import JOURNAL_SCHEMA, PUBLIC, TABLES, ObjectFacts, ObjectGroup, ObjectRef, versions
from flatsplit.walks import split
from flatsplit.walks.ownership import superusers_only
from flatsplit.walks.split import grants, restricted
from flatsplit.walks.split.owners import acted_for
from flatsplit.walks.split.transfer_ownership import extension_heir, heir
from flatsplit.words import count


def labels(groups: Iterable[ObjectGroup], wanted: Callable[[ObjectRef, ObjectFacts], bool]) -> tuple[str, ...]:
    """Names of the objects of the groups that are wanted, sorted."""
    refs = [ref for group in groups if wanted(group.refs[0], group.facts) for ref in group.refs]
    return tuple(map(ddl.label, sorted(refs)))


def ours(seen: Seen) -> list[ObjectGroup]:
    """The application's objects, in and out of scope."""
    return [group for group in seen.state.groups if group.facts.owner in seen.context.owners]


@hazard(
    "superuser-objects",
    "blocker",
    split.TRANSFER_OWNERSHIP,
    looks_at="owners of event triggers, foreign-data wrappers, publications and (before 16) subscriptions",
    why="PostgreSQL lets only superusers own event triggers, foreign-data wrappers, subscriptions (before 16) "
    "and publications of all tables, and there is no superuser dba to take them, or for a subscription none that may "
    "log in.",
    fix="Run flatsplit as a superuser with a dba role, or drop them, or give them to a superuser by hand.",
    manual="sql-alterpublication.html",
)
def superuser_objects(seen: Seen) -> Iterator[Found]:
    """Objects that app_migrator may not own."""
    stay = seen.context.bootstrap or extension_heir(seen.projected, seen.context) == seen.legacy

    def is_stuck(ref: ObjectRef, facts: ObjectFacts) -> bool:
        return (
            facts.owner == seen.legacy
            and not (facts.extension and stay)
            and superusers_only(ref, facts)
            and heir(ref, facts, seen.projected, seen.context) == seen.legacy
        )

    if stuck := labels(ours(seen), is_stuck):
        yield Found(
            f"{len(stuck)} object{'s' if len(stuck) > 1 else ''} of legacy's can only belong to a superuser", stuck
        )


@hazard(
    "extensions-owned",
    "note",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_extension.extowner",
    why="There is no ALTER EXTENSION … OWNER. REASSIGN OWNED moves them, last in its step; "
    "other databases of legacy's are given back in the same transaction.",
    fix="Nothing.",
    manual="sql-reassign-owned.html",
)
def extensions_owned(seen: Seen) -> Iterator[Found]:
    """Extensions that legacy installed."""
    found = _extensions(seen)
    heir = extension_heir(seen.projected, seen.context)
    if found and heir != seen.legacy:
        yield Found(f"extensions owned by legacy: {few(found)}; they go to {heir}", found)


def _extensions(seen: Seen) -> tuple[str, ...]:
    if seen.context.bootstrap:
        return ()
    return tuple(sorted(ref.name for group in ours(seen) if group.kind == "extension" for ref in group.refs))


@hazard(
    "extensions-kept",
    "blocker",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_extension.extowner, whether each is trusted, and `extension_owner`, `dba` and `retire` in "
    "flatsplit.toml",
    why="Legacy would go on owning its extensions and their members, and could not be dropped. Without a dba they stay "
    "there where their owner could do more than an ordinary owner: only superusers may install them.",
    fix="Name a dba under [roles] in flatsplit.toml, or set extension_owner.",
    manual="sql-reassign-owned.html",
)
def extensions_kept(seen: Seen) -> Iterator[Found]:
    """Extensions that legacy would still own."""
    found = _extensions(seen)
    if found and extension_heir(seen.projected, seen.context) == seen.legacy:
        config = seen.context.config
        yield Found(
            f"extensions that would stay with {seen.legacy}: {few(found)}",
            found,
            severity="warning" if config.extension_owner == "keep" and config.retire != "drop" else "blocker",
        )


@hazard(
    "initial-privileges",
    "blocker",
    split.REVOKE_LEGACY,
    looks_at="pg_init_privs of extensions' objects, for the old role as grantee or grantor; before 17 and with "
    'retire = "drop"',
    why="Before 17 no dependency is recorded for it and REASSIGN OWNED leaves it: once the role is dropped, every dump "
    'says REVOKE … FROM "16384" and cannot be restored.',
    fix='Set retire = "revoke" in flatsplit.toml, or put the bootstrap superuser in its place.',
    manual="catalog-pg-init-privs.html",
    questions=("initial_privileges",),
)
def initial_privileges(seen: Seen) -> Iterator[Found]:
    """What extensions have recorded about the role that installed them."""
    if seen.context.config.retire != "drop" or seen.state.target.major >= versions.INITIAL_PRIVILEGES_FOLLOW:
        return
    rows = seen.rows("initial_privileges")
    if rows:
        legacy = f"{ddl.literal(format_name(seen.legacy))}::regrole"
        heir = f"{ddl.literal(format_name(seen.state.target.bootstrap))}::regrole"
        found = tuple(f"extension {name}: {count(size, 'object')}" for name, size in rows)
        cure = _INITIAL.format(legacy=legacy, heir=heir)
        yield Found(
            f"pg_init_privs names {seen.legacy} for objects of {few([name for name, _ in rows])}",
            found,
            fix=f'As a superuser: {cure} Or set retire = "revoke" in flatsplit.toml.',
            toml=('[cutover] retire = "revoke"',),
        )


_INITIAL = (
    "UPDATE pg_catalog.pg_init_privs AS p SET initprivs = (SELECT array_agg(makeaclitem("
    "CASE grantee WHEN {legacy} THEN {heir} ELSE grantee END, CASE grantor WHEN {legacy} THEN {heir} ELSE grantor END, "
    "privilege_type, is_grantable)) FROM aclexplode(p.initprivs)) "
    "WHERE EXISTS (SELECT FROM aclexplode(p.initprivs) WHERE {legacy} IN (grantee, grantor));"
)


@hazard(
    "extension-relations",
    "note",
    split.GRANT_EXISTING,
    looks_at="tables and views that an extension made and PUBLIC may not read (pg_depend deptype e)",
    why="Members of extensions are left alone. app_user gets what legacy was granted there by name, or what legacy, "
    "as the one who installed the extension, owns; not what legacy reached as a superuser.",
    fix="GRANT what the application needs there to app_user by hand, or name it under [grants.app_user].",
    manual="extend-extensions.html",
)
def extension_relations(seen: Seen) -> Iterator[Found]:
    """Extensions' tables that app_user may not read and a superuser legacy could."""
    legacy = seen.context.baseline.roles.get(seen.legacy)
    if legacy is None or not legacy.superuser:
        return

    def is_closed(ref: ObjectRef, facts: ObjectFacts) -> bool:
        shut = not privileges.letters(facts.acl, PUBLIC) and facts.owner not in seen.context.owners
        return facts.extension and ref.kind in (*TABLES, "view") and shut

    if closed := labels(seen.state.groups, is_closed):
        refs = [ref for group in seen.state.groups if is_closed(group.refs[0], group.facts) for ref in group.refs]
        names = ", ".join(quote(format_name(ref.schema, ref.name)) for ref in sorted(refs))
        yield Found(
            f"{count(len(closed), 'relation')} of extensions that only a superuser may use",
            closed,
            fix=f"What the application needs of them, in flatsplit.toml:\n[grants.app_user]\nselect = [{names}]",
        )


@hazard(
    "third-role-objects",
    "note",
    split.GRANT_EXISTING,
    looks_at="owners of everything in the schemas in scope",
    why="They stay with their owners: app_migrator cannot alter them, and their owners' default privileges decide who "
    "may use what they create next. The new roles get what legacy holds there, and what those give to legacy.",
    fix="ALTER … OWNER TO legacy what belongs to the application, before transfer-ownership; grant on the rest by "
    "hand.",
    manual="ddl-priv.html",
)
def third_role_objects(seen: Seen) -> Iterator[Found]:
    """Objects of third roles in the application's schemas."""
    context = seen.context
    apart = {*context.owners, *context.config.roles.new, *context.config.other_owners}
    if context.config.owners is None:  # of these legacy-acts-as asks what they are
        apart |= {one.role for one in acted_for(seen.state, seen.legacy, context.config.roles.new)}

    def is_theirs(ref: ObjectRef, facts: ObjectFacts) -> bool:
        in_schema = ref.schema in context.scope and ref.schema != JOURNAL_SCHEMA
        mine = facts.owner in apart or facts.extension or facts.follows or facts.note == "system"
        return in_schema and not mine and ref.kind != "type"

    groups = [group for group in seen.state.groups if is_theirs(group.refs[0], group.facts)]
    owners = sorted({group.facts.owner for group in groups})
    heir = blueprint.owner(context.config) if context.retired else seen.legacy
    when = "" if context.retired else " before transfer-ownership,"
    if theirs := sorted(ref for group in groups for ref in group.refs):
        yield Found(
            f"{count(len(theirs), 'object')} in the schemas in scope "
            f"belong{'s' if len(theirs) == 1 else ''} to {few(owners)}",
            tuple(map(ddl.label, theirs)),
            fix=below(
                f"Grant on them by hand, or,{when} where they are the application's:",
                (ddl.alter_owner(ref, heir) for ref in theirs),
            ),
        )


@hazard(
    "large-objects",
    "note",
    split.GRANT_EXISTING,
    looks_at="pg_largeobject_metadata: owners, number; size of pg_largeobject",
    why="Large objects are granted and moved one by one and have, before 18, no default privileges: those that "
    "legacy makes later are invisible to app_user until flatsplit's next catch-up.",
    fix="Switch the application soon after grant-existing, or run `flatsplit repair` from time to time until then. "
    "Only its owner removes one: where the application does, ALTER ROLE app_user SET lo_compat_privileges = on.",
    manual="largeobjects.html",
    questions=("large_objects",),
)
def large_objects(seen: Seen) -> Iterator[Found]:
    """Large objects of the application."""
    found = labels(ours(seen), lambda ref, _: ref.kind == "large_object")
    if found:
        size = seen.rows("large_objects")[0][0]
        yield Found(f"{count(len(found), 'large object')} ({size})", found)


@hazard(
    "tablespaces-owned",
    "warning",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_tablespace.spcowner",
    why="A tablespace belongs to the whole cluster: whoever owns it decides for every database who may use it. "
    "It moves to app_migrator with the rest.",
    fix="Give tablespaces to an administrator first: ALTER TABLESPACE … OWNER TO ….",
    manual="manage-ag-tablespaces.html",
)
def tablespaces_owned(seen: Seen) -> Iterator[Found]:
    """Tablespaces of legacy's."""
    if found := labels(ours(seen), lambda ref, _: ref.kind == "tablespace"):
        spaces = [ref for group in ours(seen) if group.kind == "tablespace" for ref in group.refs]
        cures = (ddl.alter_owner(ref, seen.state.target.bootstrap) for ref in sorted(spaces))
        fix = below("Give them to an administrator first:", cures)
        yield Found(f"{seen.legacy} owns {count(len(found), 'tablespace')}", found, fix=fix)


@hazard(
    "matview-refresh",
    "note",
    split.SWITCH_CONNECTIONS,
    looks_at="materialized views of the application",
    why="REFRESH MATERIALIZED VIEW is the owner's (since 17 also MAINTAIN's). app_user may read them and no more.",
    fix="Let the job that refreshes them log in as app_migrator, or call a SECURITY DEFINER function; "
    "on 17 and later name them under [grants.app_user] maintain.",
    manual="sql-refreshmaterializedview.html",
)
def matview_refresh(seen: Seen) -> Iterator[Found]:
    """Materialized views that the application may want to refresh."""

    def is_closed(ref: ObjectRef, facts: ObjectFacts) -> bool:
        maintains = "m" in privileges.letters(facts.acl, blueprint.application(seen.context.config))
        return ref.kind == "materialized_view" and seen.context.ours(ref, facts) and not maintains

    if found := labels(ours(seen), is_closed):
        config = seen.context.config
        said = (
            f"Let the job that refreshes them log in as {blueprint.owner(config)}, or call a SECURITY DEFINER function"
        )
        refs = [ref for group in seen.state.groups if is_closed(group.refs[0], group.facts) for ref in group.refs]
        names = ", ".join(quote(format_name(ref.schema, ref.name)) for ref in sorted(refs))
        if seen.state.target.major >= versions.MAINTAIN:
            said += f"; or in flatsplit.toml:\n[grants.app_user]\nmaintain = [{names}]"
        user = blueprint.application(config)
        yield Found(f"{count(len(found), 'materialized view')} that {user} may not refresh", found, fix=said)


def _means_something(seen: Seen, grant: Grant, name: str) -> bool:
    if grant.privilege == MEMBER:
        return restricted.role_name(name) in seen.state.roles
    return any(grants.named(seen.state, name, grant.letter))


@hazard(
    "grants-unmatched",
    "warning",
    split.GRANT_EXISTING,
    looks_at="names under [grants] in flatsplit.toml, against the catalog",
    why="Nothing is granted for a name without an object that has this privilege (MAINTAIN exists since 17).",
    fix="Correct the names in flatsplit.toml, written as in SQL with their schema.",
    manual="ddl-priv.html",
)
def grants_unmatched(seen: Seen) -> Iterator[Found]:
    """Names in [grants] that match nothing here: a typing error must not look like a grant."""
    nothing = tuple(
        f"[grants.{grant.purpose}] {grant.privilege}: {name}"
        for grant in seen.context.config.grants
        for name in grant.names
        if not _means_something(seen, grant, name)
    )
    if nothing:
        yield Found(f"{count(len(nothing), 'name')} in [grants] that no object has", nothing)
