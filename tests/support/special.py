"""Special roles for tests: a flat shop with what they are to reach and what not, and sections of flatsplit.toml."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.fixtures.databases import Database
from tests.support.walk import Walk, toml, write_passwords

FLAT = """
create schema billing;
create table public.jobs (id serial primary key, kind text, done bool);
create table public.payments (id int primary key, amount numeric, card text, created_at timestamptz default now());
create table public.secrets (id int primary key, token text);
create table public.audit_log (id bigint generated always as identity primary key, what text);
create view public.open_jobs as select id, kind from public.jobs where not done;
create table billing.invoices (id serial primary key, total numeric);
create function billing.total() returns numeric language sql stable as 'select sum(total) from billing.invoices';
insert into public.payments values (1, 10, '4111', now()); insert into public.secrets values (1, 'hidden');
"""
SCHEMAS = ("billing", "public")

JOBS = {
    "role": {"connection_limit": 5, "settings": {"statement_timeout": "1h", "work_mem": "8MB"}},
    "grants": {"select": ["public.jobs"], "insert": ["public.jobs"], "delete": ["public.jobs"],
               "usage": ["public.jobs_id_seq"]},
}  # fmt: skip
AUDIT = {"role": {}, "grants": {"select": ["public.audit_log", "public.payments(id, amount, created_at)"]}}
READER = {"role": {"schemas": ["billing"]}, "grants": {}}
NO_SECRETS = {
    "role": {"new_tables": "read"},
    "grants": {"select": ["public.jobs", "public.audit_log", "public.payments(id, amount)", "billing.invoices"]},
}


def flat(database: Database) -> None:
    """The shop, all of it legacy's."""
    database.execute(f"grant create on database {quoted(database.name)} to {quoted(database.legacy)}")
    database.execute(f"grant usage, create on schema public to {quoted(database.legacy)}")
    database.execute(FLAT, database.legacy)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def declare(walk: Walk, name: str, of: dict[str, Any]) -> None:
    """Write a special role into flatsplit.toml, and a password for it beside the others."""
    lines = []
    for section, keys in of.items():
        lines.append(f"\n[{section}.{toml(name)}]")
        for key, value in keys.items():
            inline = isinstance(value, dict)
            text = ", ".join(f"{toml(one)} = {toml(content)}" for one, content in value.items()) if inline else ""
            lines.append(f"{key} = {{ {text} }}" if inline else f"{key} = {toml(value)}")
    walk.config.write_text(walk.config.read_text() + "\n".join([*lines, ""]))
    walk.passwords[name] = f"password of {len(walk.passwords)}"
    write_passwords(walk.password_file, walk.passwords)


def may(conn: psycopg.Connection[Any], statement: str) -> bool:
    """Whether it is allowed."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True
