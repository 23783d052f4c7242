"""Makes by plain SQL what a walk over tenants makes, so that the proof of isolation can be tested without a walk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flatsplit import ddl

CONFIG = """
[tenants]
root = "public.accounts"
key = ["account_id"]
[tenants.tables]
shared = ["public.plans"]
hidden = ["public.users"]
"""

OWN = "({key} = (SELECT r.tenant FROM {schema}.roles r WHERE r.role = current_user))"


def own(key: str, schema: str = "tenancy") -> str:
    """The condition that the column holds the tenant's key."""
    return OWN.format(key=ddl.ident(key), schema=ddl.ident(schema))


MINE = "(SELECT r.tenant FROM tenancy.roles r WHERE r.role = current_user)"
SHOP_CONDITIONS: Mapping[str, str] = {
    "accounts": own("id"),
    "customers": own("account_id"),
    "orders": own("account_id"),
    "categories": own("account_id"),
    "events": own("account_id"),
    "drafts": own("account_id"),
    "lines": f"EXISTS (SELECT FROM public.orders p1 WHERE p1.id = lines.order_id AND p1.account_id = {MINE})",
    "notes": "EXISTS (SELECT FROM public.lines p1, public.orders p2 WHERE p1.id = notes.line_id AND "
    f"p2.id = p1.order_id AND p2.account_id = {MINE})",
}
SHOP_RIGHTS: Mapping[str, str] = {
    **dict.fromkeys(SHOP_CONDITIONS, "select, insert, update, delete"),
    "accounts": "select",
    "plans": "select",
}


def mapping(key_type: str, *, group: str = "app_tenant", schema: str = "tenancy", owner: str = "") -> list[str]:
    """Statements that create the group and the table that maps roles to tenants."""
    table, to = f"{ddl.ident(schema)}.roles", ddl.ident(group)
    return [
        f"create role {to}",
        f"create schema {ddl.ident(schema)}" + (f" authorization {ddl.ident(owner)}" if owner else ""),
        f"create table {table} (role name primary key, tenant {key_type} not null)",
        *([f"alter table {table} owner to {ddl.ident(owner)}"] if owner else []),
        f"grant usage on schema {ddl.ident(schema)} to {to}",
        f"grant select on {table} to {to}",
        f"create policy own on {table} to {to} using (role = current_user)",
        f"alter table {table} enable row level security",
    ]


def protected(
    table: str,
    condition: str,
    rights: str,
    everyone: Sequence[str] = ("app_user", "app_readonly"),
    group: str = "app_tenant",
) -> list[str]:
    """Statements that create the three policies, turn row-level security on and grant rights; ``table`` is SQL."""
    named = ", ".join(map(ddl.ident, everyone))
    to = ddl.ident(group)
    return [
        *([f"create policy everyone on {table} to {named} using (true)"] if everyone else []),
        f"create policy tenant on {table} to {to} using ({condition})",
        f"create policy tenant_only on {table} as restrictive to {to} using ({condition})",
        f"alter table {table} enable row level security",
        *([f"grant {rights} on {table} to {to}"] if rights else []),
    ]


def tenant(role: str, key: str, *, group: str = "app_tenant", schema: str = "tenancy") -> list[str]:
    """Statements that create a tenant's role and its row in the mapping."""
    return [
        f"create role {ddl.ident(role)} in role {ddl.ident(group)}",
        f"insert into {ddl.ident(schema)}.roles values ({ddl.literal(role)}, {ddl.literal(key)})",
    ]


def shop(tenants: Mapping[str, str] | None = None, everyone: Sequence[str] = ()) -> str:
    """All of that as SQL for the shop, whose tables legacy owns."""
    lines = mapping("bigint", owner="legacy")
    lines += ["grant usage on schema public to app_tenant"]
    for table, condition in SHOP_CONDITIONS.items():
        lines += protected(table, condition, SHOP_RIGHTS[table], everyone)
    lines += ["grant select on plans to app_tenant", "grant usage on all sequences in schema public to app_tenant"]
    lines += ["revoke usage on sequence users_id_seq from app_tenant"]
    for role, key in (tenants or {f"tenant_{key}": str(key) for key in (1, 2, 3)}).items():
        lines += tenant(role, key)
    return ";\n".join(lines)
