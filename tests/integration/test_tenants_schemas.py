"""A schema per tenant, as django-tenants and the apartment gem make it: told and not walked; a role for one of them."""

from __future__ import annotations

import re

import psycopg
import pytest

from flatsplit import ddl
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, write_passwords

NAMED = ("acme", "Globex & Co", "initech")
TABLES = """
create table {0}.invoices (id serial primary key, total numeric);
create table {0}.lines (
    id bigint generated always as identity primary key, invoice_id int not null references {0}.invoices);
insert into {0}.invoices (total) values (1), (2);
"""
DIRECTORY = """
create table public.clients (id serial primary key, schema_name varchar(63) unique not null);
create table public.domains (id serial primary key, domain text, client_id int not null references public.clients);
"""
SHARED = (
    "create table public.seats (id serial primary key, client_id int not null references public.clients, who text);"
)


def made(database: Database, invoke_cli: InProcess, common: str) -> Walk:
    database.execute(f"grant create on database {database.name} to legacy; grant all on schema public to legacy")
    schemas = "".join(f"create schema {ddl.ident(name)}; {TABLES.format(ddl.ident(name))}" for name in NAMED)
    database.execute(f"set role legacy; {common} {schemas}")
    # A migration that has not come to each of them yet
    database.execute("set role legacy; alter table acme.invoices add paid boolean")
    return Walk(invoke_cli, database).init()


@pytest.mark.majors("two")
def test_it_is_told_and_a_role_for_one_of_them_works(database: Database, invoke_cli: InProcess) -> None:
    """As doctor prints it: in its schema it may what app_user may, in no other anything; and no walk begins."""
    walk = made(database, invoke_cli, DIRECTORY)
    found = walk("tenants", "--survey", "--json").check().json
    assert found["root"] == "public.clients"
    assert [one["schemas"] for one in found["families"]] == [sorted(NAMED)]
    assert {one["kind"] for one in found["tables"] if not one["table"].startswith("public.")} == {"hidden"}
    shown = walk("tenants", "--survey").check().stdout
    assert "3 schemas have the same 2 tables" in shown
    assert "public.clients (schema_name) may say whose each is" in shown
    (finding,) = [one for one in walk("doctor", "--json").json["findings"] if one["id"] == "schema-per-tenant"]
    assert (finding["severity"], sorted(finding["objects"])) == ("note", sorted(NAMED))

    walk.forward()
    toml, _, begin = finding["fix"].partition("in flatsplit.toml:\n")[2].partition("\nand then: flatsplit ")
    role = begin.partition(" --through")[0].removeprefix("begin role ").strip("'")
    walk.config.write_text(f"{walk.config.read_text()}\n{toml}\n")
    walk.passwords[role] = "one of its own"
    write_passwords(walk.password_file, walk.passwords)
    walk("begin", "role", role, "--through", "verify", "--yes", "--password-file", str(walk.password_file)).check()
    database.execute(f'set role app_migrator; create table "{NAMED[1]}".later (id int)')
    with database.connect(user=role, password=walk.passwords[role]) as connection:
        connection.execute("insert into invoices (total) select count(*) from lines; delete from later")
        for name in (NAMED[0], NAMED[2]):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f'select from "{name}".invoices')


@pytest.mark.majors("one")
def test_begin_says_why_not_and_common_tables_may_be_walked(database: Database, invoke_cli: InProcess) -> None:
    walk = made(database, invoke_cli, DIRECTORY)
    walk.forward()
    before = walk.config.read_text()
    walk.config.write_text(
        before + '\n[tenants]\nroot = "public.clients"\n[tenants.tables]\nhidden = ["public.domains"]\n'
    )
    refused = walk("begin", "tenants", "--yes").check(2).stderr
    assert "3 schemas have the same 2 tables, and no row says whose it is" in refused
    (finding,) = [one for one in walk("doctor", "--json").json["findings"] if one["id"] == "schema-per-tenant"]
    assert finding["severity"] == "warning"

    database.execute(f"set role app_migrator; {SHARED}")
    walk.config.write_text(before + '\n[tenants]\nroot = "public.clients"\n')
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", "--waive", "keys", "--reason", "r").check()
    walk("tenants", "--add", "7", "--yes").check()
    with database.connect() as connection:
        connection.execute("set role tenant_7; select from seats")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select from acme.invoices")


@pytest.mark.majors("one")
def test_without_a_table_of_them_the_survey_says_what_it_found(database: Database, invoke_cli: InProcess) -> None:
    walk = made(database, invoke_cli, "")
    said = walk("tenants", "--survey").check(2).stderr
    assert re.search("3 schemas have the same 2 tables .*: a schema per tenant", said)
    assert "fix: flatsplit doctor says what fits there" in said
