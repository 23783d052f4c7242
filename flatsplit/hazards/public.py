"""Hazards in what PUBLIC may do, and in grants that others passed on. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl, privileges
from flatsplit.config import format_name
from flatsplit.hazards.objects import labels, ours
from flatsplit.hazards.registry import Found, Seen, as_lines, below, few, hazard
from flatsplit.hazards.remedy_sql import from_public, no_longer_passed_on, taken_from_public
from flatsplit.model import JOURNAL_SCHEMA, PUBLIC, RELATIONS, TABLES, Acl, ObjectFacts, ObjectRef
from flatsplit.walks import split
from flatsplit.walks.split.enable_login import narrowed
from flatsplit.words import count


@hazard(
    "public-writes",
    "warning",
    split.VERIFY,
    looks_at="privileges of PUBLIC on the application's tables, views, sequences and large objects that app_user or "
    "app_readonly must not have: INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, MAINTAIN; USAGE of sequences",
    why="Privileges of PUBLIC hold for app_user and app_readonly too; flatsplit does not take them away, and "
    "verify waits until somebody did.",
    fix="REVOKE … ON … FROM PUBLIC where nobody needs it.",
    manual="ddl-priv.html",
)
def public_writes(seen: Seen) -> Iterator[Found]:
    """Objects that PUBLIC may change."""

    def is_wide(ref: ObjectRef, facts: ObjectFacts) -> bool:
        held = privileges.letters(facts.acl, PUBLIC)
        return not facts.extension and bool(privileges.within(held, blueprint.refused(ref.kind)))

    groups, columns = ours(seen), dict(_wide_columns(seen))
    if wide := (*labels(groups, is_wide), *map(ddl.label, columns)):
        found = [group for group in groups if is_wide(group.refs[0], group.facts)]
        kinds = sorted({group.kind for group in found})
        cures = [
            cure
            for kind in kinds
            for cure in taken_from_public(
                ((group.refs, group.facts.acl) for group in found if group.kind == kind), blueprint.refused(kind)
            )
        ]
        cures += [cure for ref, held in columns.items() for cure in taken_from_public([([ref], held[0])], held[1])]
        fix = below("Where nobody needs it:", cures)
        tables = not columns and TABLES.issuperset(kinds)
        what = f"write or truncate {count(len(wide), 'table')}" if tables else f"change {count(len(wide), 'object')}"
        yield Found(f"everybody may {what}", wide, fix=fix)


def _wide_columns(seen: Seen) -> Iterator[tuple[ObjectRef, tuple[Acl, str]]]:
    """Single columns of the application's relations, with the letters that PUBLIC must not have there."""
    for ref, acl in sorted(seen.state.columns.items()):
        relation = seen.state.relation_of(ref)
        facts = seen.state.objects[relation] if relation is not None else None
        if relation is None or facts is None or facts.owner not in seen.context.owners or facts.extension:
            continue
        if held := privileges.within(privileges.letters(acl, PUBLIC), blueprint.refused(relation.kind)):
            yield ref, (acl, held)


@hazard(
    "public-reads",
    "note",
    split.VERIFY,
    looks_at="SELECT of PUBLIC on the application's tables and views",
    why="Every role that may connect reads them; who reads what is then not decided by app_readonly.",
    fix="REVOKE SELECT ON … FROM PUBLIC, and grant it to those who need it.",
    manual="ddl-priv.html",
)
def public_reads(seen: Seen) -> Iterator[Found]:
    """Tables that PUBLIC may read."""

    def is_open(ref: ObjectRef, facts: ObjectFacts) -> bool:
        readable = ref.kind in (*TABLES, "view", "materialized_view") and not facts.extension
        return readable and "r" in privileges.letters(facts.acl, PUBLIC)

    if found := labels(ours(seen), is_open):
        fix = below("Grant it to those who need it, then:", from_public(seen, is_open, "r"))
        yield Found(f"everybody may read {count(len(found), 'table or view', 'tables or views')}", found, fix=fix)


@hazard(
    "public-create",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="CREATE of PUBLIC on schemas and on the database",
    why="Whoever may create in a schema that others have in their search_path can put a function or table in front of "
    "theirs. enable-login takes PUBLIC's CREATE from schema public, the schemas in scope and the database, and grants "
    "it by name to roles that own something there. In other schemas it stays: app_user could create tables.",
    fix="REVOKE CREATE ON SCHEMA … FROM PUBLIC. Roles that only create and drop, and own nothing at the moment, "
    "need a GRANT CREATE of their own.",
    manual="ddl-schemas.html#DDL-SCHEMAS-PATTERNS",
)
def public_create(seen: Seen) -> Iterator[Found]:
    """Schemas in which PUBLIC may create."""
    database = seen.state.target.database
    taken: list[str] = []
    kept: list[str] = []
    cures = []
    for group in seen.state.groups:
        ref, facts = group.refs[0], group.facts
        if ref.kind in ("schema", "database") and "C" in privileges.letters(facts.acl, PUBLIC):
            if narrowed(ref, seen.context, database):
                taken.append(ddl.label(ref))
            else:
                kept.append(ddl.label(ref))
                cures += taken_from_public([([ref], facts.acl)], "C")
    if taken or kept:
        shown = [f"{label} (enable-login takes it away)" for label in sorted(taken)]
        yield Found(
            f"everybody may create in {few(sorted((*taken, *kept)))}",
            (*sorted(kept), *shown),
            severity="warning" if kept else "note",
            fix=below("Where nobody needs it:", cures)
            if kept
            else "Nothing: enable-login does it. Roles that only create and drop there, and own nothing at the moment, "
            "need a GRANT CREATE of their own.",
        )


@hazard(
    "public-temp",
    "note",
    split.ENABLE_LOGIN,
    looks_at="TEMPORARY of PUBLIC on the database",
    why="app_user and app_readonly may create temporary tables, and large objects too: what they may not create is "
    "permanent objects in the schemas.",
    fix="REVOKE TEMPORARY ON DATABASE … FROM PUBLIC where even that is too much; check first who uses them.",
    manual="ddl-priv.html",
)
def public_temp(seen: Seen) -> Iterator[Found]:
    """Temporary tables of app_user and app_readonly."""
    facts = seen.state.objects.get(ObjectRef("database", "", seen.state.target.database))
    if facts is not None and "T" in privileges.letters(facts.acl, PUBLIC):
        cures = taken_from_public([([ObjectRef("database", "", seen.state.target.database)], facts.acl)], "T")
        fix = below("Nothing, or, where even that is too much and nobody uses them:", cures)
        yield Found("everybody may create temporary tables", (seen.state.target.database,), fix=fix)


@hazard(
    "temp-revoked",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="TEMPORARY on the database: PUBLIC has it not, legacy has it as the owner or a superuser",
    why="CREATE TEMP TABLE works for the owner of the database and fails for app_user: permission denied to create "
    "temporary tables.",
    fix='If the application uses temporary tables: [grants.app_user] temporary = ["the database"] in flatsplit.toml.',
    manual="ddl-priv.html",
)
def temp_revoked(seen: Seen) -> Iterator[Found]:
    """Temporary tables that app_user may not create and legacy could."""
    database, context = seen.state.target.database, seen.context
    facts = seen.state.objects.get(ObjectRef("database", "", database))
    legacy = context.baseline.roles.get(seen.legacy)
    if facts is None or legacy is None or "T" in privileges.letters(facts.acl, PUBLIC):
        return
    configured = any(one.purpose == blueprint.APPLICATION.key and one.letter == "T" for one in context.config.grants)
    has = "T" in privileges.letters(facts.acl, blueprint.application(context.config))
    if (facts.owner in context.owners or legacy.superuser) and not has and not configured:
        lines = as_lines({(blueprint.APPLICATION.key, "temporary"): (format_name(database),)})
        yield Found(
            "app_user may not create temporary tables, legacy may",
            (database,),
            fix=below(
                "If the application uses temporary tables, in flatsplit.toml:", (lines[0].replace("] ", "]\n", 1),)
            ),
            toml=lines,
        )


@hazard(
    "grant-options",
    "note",
    split.GRANT_EXISTING,
    looks_at="grant options in privileges on the application's objects and their columns, and in legacy's elsewhere",
    why="Who holds a right WITH GRANT OPTION can pass it on without the owner, and REVOKE takes away only what its own "
    "grantor gave. app_migrator gets legacy's options; what legacy passed on is kept in the owner's name.",
    fix="REVOKE GRANT OPTION FOR … ON … FROM … where nobody needs it.",
    manual="sql-grant.html",
)
def grant_options(seen: Seen) -> Iterator[Found]:
    """Rights that others can pass on."""
    apart = {*seen.context.owners, *seen.context.config.roles.new}
    found: set[str] = set()
    passing: list[tuple[ObjectRef, str, Acl]] = []
    for group in seen.state.groups:
        if group.schema == JOURNAL_SCHEMA or group.facts.extension:
            continue
        mine = group.facts.owner in seen.context.owners
        for item in group.facts.acl:
            named = item.grantee in seen.state.roles
            passed = (mine and item.grantee not in apart) or (not mine and item.grantee == seen.legacy)
            if named and item.grantable and passed and item.grantee != group.facts.owner:
                found |= {f"{item.grantee} on {ddl.label(ref)}" for ref in group.refs}
                passing += ((ref, item.grantee, group.facts.acl) for ref in group.refs)
    for ref, owner, acl in _columns(seen):
        passed_on = {item.grantee for item in acl if item.grantable and item.grantee in seen.state.roles} - {owner}
        for grantee in passed_on - apart if owner in seen.context.owners else passed_on & {seen.legacy}:
            found.add(f"{grantee} on {ddl.label(ref)}")
            passing.append((ref, grantee, acl))
    if found:
        cures = [each for ref, grantee, acl in sorted(passing) for each in no_longer_passed_on(ref, acl, grantee)]
        fix = below("Nothing, or, where nobody needs it (CASCADE: who has it from there has it no more):", cures)
        yield Found(f"{count(len(found), 'right')} that can be passed on", tuple(sorted(found)), fix=fix)


def _columns(seen: Seen) -> Iterator[tuple[ObjectRef, str, Acl]]:
    """Columns with privileges of their own, and the owner of the table."""
    if not seen.state.columns:
        return
    owners = {
        (ref.schema, ref.name): group.facts.owner
        for group in seen.state.groups
        if group.kind in RELATIONS and group.schema != JOURNAL_SCHEMA and not group.facts.extension
        for ref in group.refs
    }
    for ref, acl in seen.state.columns.items():
        if (ref.schema, ref.name) in owners:
            yield ref, owners[ref.schema, ref.name], acl


@hazard(
    "column-grants",
    "note",
    split.GRANT_EXISTING,
    looks_at="pg_attribute.attacl",
    why="Grants on single columns hide parts of a table from a role. app_user may read whole tables of the "
    "application's; on other roles' tables it gets the columns that legacy had.",
    fix="Check that no column was meant to be hidden from the application itself.",
    manual="ddl-priv.html",
)
def column_grants(seen: Seen) -> Iterator[Found]:
    """Privileges on single columns."""
    mine = {
        (ref.schema, ref.name)
        for group in ours(seen)
        if group.kind in (*TABLES, "view", "materialized_view")
        for ref in group.refs
    }
    if not seen.state.columns:
        return
    listed = {special.name for special in seen.context.config.special}  # whose columns are wanted, granted or not yet
    found = tuple(
        ddl.label(ref)
        for ref, acl in sorted(seen.state.columns.items())
        if any(item.grantee not in listed for item in acl)
        and ((ref.schema, ref.name) in mine or privileges.letters(acl, seen.legacy))
    )
    if found:
        yield Found(f"privileges on {count(len(found), 'single column')}", found)
