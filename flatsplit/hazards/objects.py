"""Hazards in what legacy owns. Pure, but for the parameters of one query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from flatsplit import ddl, privileges
from flatsplit.model import PUBLIC, TABLES, Finding, ObjectFacts, ObjectRef, State
from flatsplit.steps import STEPS, Context
from flatsplit.steps.transfer import heir, superusers_only


def row_security_parameters(conn: psycopg.Connection[Any], context: Context) -> dict[str, Any]:
    """Oids for the query: whose tables, and for whom a policy counts (those for legacy are carried over)."""
    roles = context.config.roles
    oids = dict(conn.execute("SELECT rolname::text, oid FROM pg_roles").fetchall())
    owners = [oids[name] for name in sorted(context.owners) if name in oids]
    seen = [oids[name] for name in (context.legacy, roles.app_user) if name in oids]
    return {"owners": owners, "roles": seen}


def row_security(rows: list[tuple[Any, ...]], context: Context) -> Iterator[Finding]:
    """Tables where app_user would silently see fewer rows than legacy."""
    legacy = context.baseline.roles.get(context.legacy)
    if legacy is not None and legacy.bypassrls:
        return
    none = tuple(f"{schema}.{table}" for schema, table, _, visible in rows if not visible)
    fewer = tuple(f"{schema}.{table}" for schema, table, forced, visible in rows if visible and not forced)
    if none:
        yield Finding(
            "rls-zero-rows",
            "blocker",
            f"app_user would see no row of {len(none)} table{'s' if len(none) > 1 else ''}",
            "Row-level security is on and no policy lets app_user in. Legacy, as the owner, bypasses it; "
            "app_user would get empty results without any error.",
            "CREATE POLICY … TO app_user (or PUBLIC), or ALTER ROLE app_user BYPASSRLS, or disable row security there.",
            none,
            step="create-roles",
        )
    if fewer:
        yield Finding(
            "rls-fewer-rows",
            "warning",
            f"policies begin to apply on {len(fewer)} table{'s' if len(fewer) > 1 else ''}",
            "Legacy, as the owner, bypasses row-level security there; app_user sees only what the policies allow.",
            "Check that the application sets what the policies look at (for example current_setting) in every session.",
            fewer,
            step="switch-connections",
        )


def judge(state: State, context: Context) -> Iterator[Finding]:
    """Findings about objects."""
    ours = [(ref, facts) for ref, facts in state.objects.items() if facts.owner in context.owners]
    stuck = tuple(
        ddl.label(ref)
        for ref, facts in sorted(ours)
        if superusers_only(ref, facts)
        and facts.owner == context.legacy
        and _heir_at_the_end(ref, facts, state, context) == context.legacy
    )
    if stuck:
        yield Finding(
            "superuser-objects",
            "blocker",
            f"{len(stuck)} object{'s' if len(stuck) > 1 else ''} of legacy's can only belong to a superuser",
            "PostgreSQL lets only superusers own event triggers, foreign-data wrappers, subscriptions (before 16) "
            "and publications of all tables, and there is no superuser dba to take them.",
            "Run flatsplit as a superuser with a dba role, or drop them, or give them to a superuser by hand.",
            stuck,
            step="transfer-ownership",
        )
    outside = tuple(
        ddl.label(ref)
        for ref, facts in sorted(ours)
        if ref.schema and ref.schema not in context.scope and not facts.extension and not facts.follows
    )
    if outside:
        yield Finding(
            "outside-scope",
            "warning",
            f"{len(outside)} objects of legacy's lie outside the schemas in scope",
            "They move to app_migrator like everything of legacy's; app_user and app_readonly get nothing there.",
            "Add the schema to `schemas` in flatsplit.toml if the application uses it.",
            outside,
            step="grant-existing",
        )
    extensions = tuple(ref.name for ref, facts in sorted(ours) if ref.kind == "extension")
    if extensions and not context.bootstrap:
        yield Finding(
            "extensions-owned",
            "note",
            f"extensions owned by legacy: {', '.join(extensions)}",
            "There is no ALTER EXTENSION … OWNER. REASSIGN OWNED moves them, last in its step; "
            "other databases of legacy's are given back in the same transaction.",
            "Nothing.",
            extensions,
            step="transfer-ownership",
        )
    definers = tuple(
        ddl.label(ref)
        for ref, facts in sorted(ours)
        if facts.note == "definer" and "X" in privileges.letters(facts.acl, PUBLIC)
    )
    if definers:
        yield Finding(
            "definer-open",
            "note",
            f"{len(definers)} SECURITY DEFINER routine{'s' if len(definers) > 1 else ''} everybody may call",
            "They run with app_migrator's rights after the move, whoever calls them.",
            "REVOKE EXECUTE … FROM PUBLIC where that is too much; app_user is then granted EXECUTE by name.",
            definers,
            step="transfer-ownership",
        )
    wide = tuple(
        ddl.label(ref)
        for ref, facts in sorted(ours)
        if ref.kind in TABLES and set(privileges.letters(facts.acl, PUBLIC)) & set("awdD")
    )
    if wide:
        yield Finding(
            "public-writes",
            "warning",
            f"everybody may write or truncate {len(wide)} table{'s' if len(wide) > 1 else ''}",
            "Privileges of PUBLIC hold for app_user and app_readonly too; flatsplit does not take them away.",
            "REVOKE … ON … FROM PUBLIC where nobody needs it.",
            wide,
            step="verify",
        )


def _heir_at_the_end(ref: ObjectRef, facts: ObjectFacts, state: State, context: Context) -> str:
    """Who will own it once create-roles is done."""
    return heir(ref, facts, STEPS[0].apply(state, context), context)
