"""Hazards in what legacy owns. Pure, but for the parameters of one query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psycopg

from flatsplit import ddl, privileges
from flatsplit.model import PUBLIC, TABLES, Finding, Group, ObjectFacts, ObjectRef, State
from flatsplit.steps import STEPS, Context, grants
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


def _labels(groups: Iterable[Group], wanted: Callable[[ObjectRef, ObjectFacts], bool]) -> tuple[str, ...]:
    """Names of the objects of the groups that are wanted, sorted."""
    refs = [ref for group in groups if wanted(group.refs[0], group.facts) for ref in group.refs]
    return tuple(map(ddl.label, sorted(refs)))


def judge(state: State, context: Context) -> Iterator[Finding]:
    """Findings about objects."""
    ours = [group for group in state.groups if group.facts.owner in context.owners]
    projected = STEPS[0].apply(state, context)  # dba exists once create-roles is done

    def is_stuck(ref: ObjectRef, facts: ObjectFacts) -> bool:
        return (
            facts.owner == context.legacy
            and superusers_only(ref, facts)
            and heir(ref, facts, projected, context) == context.legacy
        )

    def is_outside(ref: ObjectRef, facts: ObjectFacts) -> bool:
        return bool(ref.schema) and ref.schema not in context.scope and not facts.extension and not facts.follows

    def is_open_definer(_: ObjectRef, facts: ObjectFacts) -> bool:
        return facts.note == "definer" and "X" in privileges.letters(facts.acl, PUBLIC)

    def is_wide(ref: ObjectRef, facts: ObjectFacts) -> bool:
        return ref.kind in TABLES and bool(set(privileges.letters(facts.acl, PUBLIC)) & set("awdD"))

    if stuck := _labels(ours, is_stuck):
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
    if outside := _labels(ours, is_outside):
        yield Finding(
            "outside-scope",
            "warning",
            f"{len(outside)} objects of legacy's lie outside the schemas in scope",
            "They move to app_migrator like everything of legacy's; app_user and app_readonly get nothing there.",
            "Add the schema to `schemas` in flatsplit.toml if the application uses it.",
            outside,
            step="grant-existing",
        )
    extensions = tuple(sorted(ref.name for group in ours if group.kind == "extension" for ref in group.refs))
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
    if definers := _labels(ours, is_open_definer):
        yield Finding(
            "definer-open",
            "note",
            f"{len(definers)} SECURITY DEFINER routine{'s' if len(definers) > 1 else ''} everybody may call",
            "They run with app_migrator's rights after the move, whoever calls them.",
            "REVOKE EXECUTE … FROM PUBLIC where that is too much; app_user is then granted EXECUTE by name.",
            definers,
            step="transfer-ownership",
        )
    if wide := _labels(ours, is_wide):
        yield Finding(
            "public-writes",
            "warning",
            f"everybody may write or truncate {len(wide)} table{'s' if len(wide) > 1 else ''}",
            "Privileges of PUBLIC hold for app_user and app_readonly too; flatsplit does not take them away.",
            "REVOKE … ON … FROM PUBLIC where nobody needs it.",
            wide,
            step="verify",
        )


def unmatched_grants(state: State, context: Context) -> Iterator[Finding]:
    """Names in [grants] that mean nothing here: a typing error must not look like a grant."""
    nothing = tuple(
        f"[grants.{grant.purpose}] {grant.privilege}: {name}"
        for grant in context.config.grants
        for name in grant.names
        if not any(grants.named(state, name, grant.letter))
    )
    if nothing:
        yield Finding(
            "grants-unmatched",
            "warning",
            f"{len(nothing)} name{'s' if len(nothing) > 1 else ''} in [grants] that no object has",
            "Nothing is granted for a name without an object that has this privilege (MAINTAIN exists since 17).",
            "Correct the names in flatsplit.toml, written as in SQL with their schema.",
            nothing,
            step="grant-existing",
        )
