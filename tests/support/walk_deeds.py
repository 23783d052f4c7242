"""What somebody does by hand to the roles of the walks after the split, and whether it breaks what was promised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Deed(NamedTuple):
    """Statements, and what takes them back where nothing promises the opposite."""

    sql: str
    undo: str = ""
    """"" for what has to be told, and to be as it was before once people have done what is printed."""
    rest: str = ""
    """What takes back the part of it that breaks nothing."""


def of_any(role: str, database: str, *, lets_in: bool) -> Iterator[Deed]:
    """About a login of a group or a special role; ``lets_in``: it is promised that programs can log in as it."""
    here = f"alter role {role} in database {database}"
    for power in ("superuser", "createrole", "replication"):
        yield Deed(f"alter role {role} {power}")
    if lets_in:
        yield Deed(f"alter role {role} nologin")
        yield Deed(f"alter role {role} valid until '2001-01-01'")
        yield Deed(f"alter role {role} password null")
        yield Deed(f"drop owned by {role}; drop role {role}")
    yield Deed(f"{here} set role = app_readonly")
    yield Deed(f"alter role {role} set role = dba")
    for group in ("app_readonly", "app_migrator", "dba", "pg_read_all_settings", "pg_execute_server_program"):
        yield Deed(f"grant {group} to {role}")
    yield Deed(f"grant {role} to stranger")
    yield Deed(f"alter role {role} createdb", f"alter role {role} nocreatedb")
    yield Deed(f"alter role {role} bypassrls", f"alter role {role} nobypassrls")
    yield Deed(f"{here} set deadlock_timeout = '3s'", f"{here} reset deadlock_timeout")


def of_login(role: str, group: str, database: str, *, options: bool) -> Iterator[Deed]:
    """About a login of a group; ``options``: a membership has options, as it has since 16."""
    yield Deed(f"alter role {role} connection limit 1", f"alter role {role} connection limit 5")
    yield Deed(f"revoke {group} from {role}")
    yield Deed(f"grant {group} to {role} with admin option")
    yield Deed(f"grant truncate on secrets to {role}")
    yield Deed(f"grant create on schema public to {role}")
    yield Deed(f"grant insert on jobs to {role} with grant option", rest=f"revoke insert on jobs from {role}")
    yield Deed(f"grant execute on function pg_ls_dir(text) to {role}")
    yield Deed(f"alter role {role} in database {database} reset role")
    yield Deed(f"alter role {role} in database {database} reset all")
    yield Deed(f"grant select on secrets to {role}", f"revoke select on secrets from {role}")
    if options:
        yield Deed(f"grant {group} to {role} with inherit false")
        yield Deed(f"grant {group} to {role} with set false")


def of_special(role: str, like: str, *, bridged: bool, granted: bool, options: bool) -> Iterator[Deed]:
    """About a special role: ``bridged`` to the one that it began like, or ``granted`` its list, or both."""
    yield Deed(f"alter role {role} connection limit 1")
    if bridged:
        yield Deed(f"revoke {like} from {role}")
        yield Deed(f"grant {like} to {role} with admin option")
        yield Deed(f"grant {like} to {role} with inherit false" if options else f"alter role {role} noinherit")
    if granted:
        yield Deed(f"revoke insert on jobs from {role}")
        yield Deed(f"revoke usage on schema public from {role}")
        yield Deed(f"drop owned by {role}")
    if granted and not bridged:
        yield Deed(f"grant {like} to {role}")
        yield Deed(f"grant delete on jobs to {role}")
        yield Deed(f"grant select on jobs to {role} with grant option")
        yield Deed(f"grant select (token) on secrets to {role}")
        yield Deed(f"grant create on schema billing to {role}")
        yield Deed(f"alter default privileges for role app_migrator in schema public grant select on tables to {role}")


def of_leaver(role: str, *, handed: bool) -> Iterator[Deed]:
    """About a person who is leaving and is locked out; ``handed`` over is what was hers."""
    yield Deed(f"alter role {role} login")
    for group in ("app_user", "app_migrator", "pg_read_all_settings"):
        yield Deed(f"grant {group} to {role}", "" if group.startswith("app") else f"revoke {group} from {role}")
    yield Deed(f"alter role {role} valid until '2001-01-01'", f"alter role {role} valid until 'infinity'")
    yield Deed(f"alter role {role} set deadlock_timeout = '3s'", f"alter role {role} reset deadlock_timeout")
    for gift, back in (
        ("select on secrets", "select on secrets"),
        ("update (token) on secrets", "update (token) on secrets"),
        ("execute on function billing.total()", "execute on function billing.total()"),
        ("usage on sequence jobs_id_seq", "usage on sequence jobs_id_seq"),
    ):
        yield Deed(f"grant {gift} to {role}", "" if handed else f"revoke {back} from {role}")
    rule = "alter default privileges for role app_migrator in schema public {} insert on tables {} " + role
    yield Deed(rule.format("grant", "to"), "" if handed else rule.format("revoke", "from"))
    yield Deed(f"alter table secrets owner to {role}")
    gift = f"create table billing.gift (a int); alter table billing.gift owner to {role}"
    yield Deed(gift, rest="drop table billing.gift") if handed else Deed(gift, "drop table billing.gift")
    rule = f"alter default privileges for role {role} {{}} select on tables {{}} stranger"
    yield Deed(rule.format("grant", "to"), "" if handed else rule.format("revoke", "from"))
    yield Deed(f"grant {role} to stranger", f"revoke {role} from stranger")
    if handed:
        yield Deed(f"alter function billing.total() owner to {role}")
        yield Deed(f"grant usage on schema billing to {role}", f"revoke usage on schema billing from {role}")
