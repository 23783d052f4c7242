"""Hazards in row-level security. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flatsplit import blueprint, ddl
from flatsplit.config import format_name
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.model import OWNER, PUBLIC, TABLES, ObjectRef
from flatsplit.walks import split
from flatsplit.walks.session_settings import row_security_off
from flatsplit.walks.split.kind import through
from flatsplit.words import count


def _bypassed(seen: Seen) -> bool:
    """Whether legacy's attributes exempt it from all policies, also of forced ones and of other roles' tables."""
    legacy = seen.context.baseline.roles.get(seen.legacy)
    return legacy is not None and (legacy.superuser or legacy.bypassrls)


class _Table(NamedTuple):
    """A table whose rows the application sees."""

    schema: str
    name: str
    under: bool
    """Whether legacy is subject to its policies."""
    visible: bool
    """Whether a policy could let app_user see a row."""
    shut: tuple[str, ...]
    """The restrictive policies that deny it every row."""

    @property
    def label(self) -> str:
        return f"{self.schema}.{self.name}"


def _tables(seen: Seen) -> list[_Table]:
    bypassed, apart = _bypassed(seen), _kept_apart(seen)
    return [
        _Table(schema, table, (forced or not ours) and not bypassed, visible, tuple(shut))
        for schema, table, forced, visible, ours, extension, shut in seen.rows("rls")
        if not extension and (ours or bypassed) and (schema, table) not in apart
    ]


def _kept_apart(seen: Seen) -> frozenset[tuple[str, str]]:
    """Tables with policies of a walk over tenants, which reports itself whom they let in."""
    section = seen.context.config.tenants
    if section is None:
        return frozenset()
    return frozenset((ref.schema, ref.name) for ref, named in seen.state.policies.items() if section.group in named)


def bypasses(seen: Seen) -> bool:
    """Whether app_user is exempt: as legacy is, which is carried over, or because somebody made it so."""
    roles = (
        seen.context.baseline.roles.get(seen.legacy),
        seen.state.roles.get(blueprint.application(seen.context.config)),
    )
    return any(role is not None and role.bypassrls for role in roles)


@hazard(
    "rls-zero-rows",
    "blocker",
    split.CREATE_ROLES,
    looks_at="pg_class.relrowsecurity of the application's tables, and their policies for SELECT",
    why="Row-level security is on and no policy lets app_user in, or a restrictive one denies everybody all rows. "
    "Legacy, as the owner or by attribute, bypasses it; app_user would get empty results without any error.",
    fix="CREATE POLICY … TO legacy, which is extended to app_user, or TO PUBLIC; or accept this, and after "
    "create-roles CREATE POLICY … TO app_user or ALTER ROLE app_user BYPASSRLS; or disable row security there.",
    manual="ddl-rowsecurity.html",
    questions=("rls",),
)
def rls_zero_rows(seen: Seen) -> Iterator[Found]:
    """Tables where app_user would silently see no row. Where the policies hold for legacy, too, nothing changes."""
    none = [table for table in _tables(seen) if (not table.visible or table.shut) and not table.under]
    if none and not bypasses(seen):
        lines = tuple(line for table in none for line in _openings(seen, table))
        fix = (
            f"{' '.join(lines)} Policies for {seen.legacy} are extended to "
            f"{blueprint.application(seen.context.config)}; or accept this and decide later."
        )
        user = blueprint.application(seen.context.config)
        what = f"{user} would see no row of {count(len(none), 'table')}"
        yield Found(what, tuple(table.label for table in none), fix=fix, sql=lines)


def _openings(seen: Seen, table: _Table) -> Iterator[str]:
    """Statements by which app_user sees the rows, and that change nothing for others: what denies all rows to everybody
    goes on denying them to whoever else holds a right there, and a policy for legacy is extended to the new roles.
    """
    for name in table.shut:
        policy = ObjectRef("policy", table.schema, table.name, name)
        others = _bound(seen, table, policy)
        if PUBLIC not in others:  # else nobody can be named: a right of everybody's has to be theirs by name first
            yield ddl.alter_policy(policy, others) if others else ddl.drop_policy(policy)
    if not table.visible:
        taken = [ref.args for ref in seen.state.policies if (ref.schema, ref.name) == table[:2]]
        yield ddl.open_policy(format_name(table.schema, table.name), format_name(seen.legacy), taken) + ";"


def _bound(seen: Seen, table: _Table, policy: ObjectRef) -> frozenset[str]:
    """The roles besides legacy and the new ones that a policy holds for: those that it names, or everybody with a right
    on the table.
    """
    named = seen.state.policies[policy]
    if PUBLIC in named:
        acls = [
            *(facts.acl for ref, facts in seen.state.objects.items() if ref[1:3] == table[:2] and ref.kind in TABLES),
            *(acl for column, acl in seen.state.columns.items() if column[1:3] == table[:2]),
        ]
        named = frozenset(item.grantee for acl in acls for item in acl)
    return named - {OWNER, seen.legacy, *seen.context.config.roles.new}


@hazard(
    "rls-fewer-rows",
    "warning",
    split.SWITCH_CONNECTIONS,
    looks_at="pg_class.relrowsecurity and relforcerowsecurity of the application's tables",
    why="Legacy bypasses row-level security there, as the owner, or as a superuser or with BYPASSRLS also where it is "
    "forced; app_user sees only what the policies allow.",
    fix="Check that the application sets what the policies look at (for example current_setting) in every session.",
    manual="ddl-rowsecurity.html",
    questions=("rls",),
)
def rls_fewer_rows(seen: Seen) -> Iterator[Found]:
    """Tables whose policies will apply to app_user and do not apply to legacy."""
    fewer = tuple(table.label for table in _tables(seen) if table.visible and not (table.under or table.shut))
    if fewer and not bypasses(seen):
        yield Found(f"policies begin to apply on {count(len(fewer), 'table')}", fewer)


@hazard(
    "row-security-off",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="pg_db_role_setting: row_security of app_user as enable-login leaves it, and the tables whose policies "
    "begin to apply to it",
    why="With row_security off the server refuses every statement on a table whose policies apply, whatever they say. "
    "To legacy, which bypasses them, it makes no difference; app_user gets the setting and not the exemption.",
    fix="Take the setting away, which changes nothing for legacy: pg_dump sets it by itself.",
    manual="runtime-config-client.html#GUC-ROW-SECURITY",
    questions=("rls",),
)
def row_security_is_off(seen: Seen) -> Iterator[Found]:
    """Tables that app_user would be refused because of a setting that it gets from legacy."""
    refused = tuple(table.label for table in _tables(seen) if not table.under)
    if not refused or bypasses(seen):
        return
    user = blueprint.application(seen.context.config)
    remedy = row_security_off(through(seen.state, seen.context, split.ENABLE_LOGIN), user)
    if remedy:
        remedy = row_security_off(seen.state, seen.legacy) or remedy
        what = f"a setting makes row-level security refuse {user} {count(len(refused), 'table')}"
        yield Found(what, refused, sql=(remedy,))


@hazard(
    "policies-name-legacy",
    "note",
    split.GRANT_EXISTING,
    looks_at="pg_policy.polroles",
    why="A policy is for the roles that it names. Those for legacy are extended to app_user, app_migrator and "
    "app_readonly, with the same condition for all three.",
    fix="Write policies of their own where the three should not see the same.",
    manual="sql-createpolicy.html",
)
def policies_name_legacy(seen: Seen) -> Iterator[Found]:
    """Policies for legacy."""
    found = tuple(ddl.label(ref) for ref, roles in sorted(seen.state.policies.items()) if seen.legacy in roles)
    if found:
        yield Found(f"{count(len(found), 'policy', 'policies')} for {seen.legacy}", found)
