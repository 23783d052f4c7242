"""What app_migrator may not do although it owns everything: what rehearse says is what the server says."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

OTHERS = """
create role somebody login;
grant usage, create on schema public to somebody, legacy;
set role somebody;
create table third (a int primary key);
create table for_the_user (a int);
create type theirs as enum ('a');
create function theirs() returns int language sql as 'select 1';
reset role;
create extension pg_trgm;
create foreign data wrapper wrapper;
create server others foreign data wrapper wrapper;
create function own_sel(internal, oid, internal, integer) returns float8 language internal as 'eqsel';
create function own_eq(int, int) returns bool language sql as 'select true';
create operator public.==== (leftarg = int, rightarg = int, function = own_eq);
create table their_part (a int);
alter table their_part owner to somebody;
"""
OWN = """
create table t (a int primary key);
create table c (a int references t);
create table plain (a int);
create table parent (a int) partition by list (a);
create table part partition of parent for values in (1);
create table above (a int);
create type m as (a int);
create domain d as int;
create sequence s;
create view v as select 1 as a;
create function f(int) returns int language sql as 'select 1';
create function m_eq(m, m) returns bool language sql as 'select true';
create aggregate own_sum(int) (sfunc = int4pl, stype = int);
create function trg() returns trigger language plpgsql as 'begin return null; end';
create trigger each_row after insert on parent for each row execute function trg();
create schema own;
create schema house;
"""
LATER = """
alter table third inherit above;
alter table parent attach partition their_part for values in (2);
create index third_a on third (a);
create table house.guest (a int);
create index "Guest's ""a" on house.guest (a);
create index guest_b on house.guest (a);
alter table house.guest owner to somebody;
"""

DENIED = """
ALTER TABLE t OWNER TO legacy
ALTER VIEW v OWNER TO somebody
ALTER FUNCTION f(int) OWNER TO somebody
ALTER SCHEMA own OWNER TO somebody
ALTER TYPE m OWNER TO somebody
CREATE SCHEMA made AUTHORIZATION legacy
ALTER DEFAULT PRIVILEGES FOR ROLE legacy GRANT SELECT ON TABLES TO somebody
ALTER TABLE c DISABLE TRIGGER ALL
ALTER TABLE t ENABLE TRIGGER ALL
CREATE EXTENSION pageinspect
COMMENT ON EXTENSION pg_trgm IS 'x'
ALTER EXTENSION pg_trgm ADD FUNCTION f(int)
DROP EXTENSION pg_trgm
CREATE FUNCTION cf() RETURNS int LANGUAGE c AS 'foo'
CREATE FUNCTION cf() RETURNS int LANGUAGE internal AS 'foo'
CREATE FUNCTION lp() RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'
ALTER FUNCTION f(int) LEAKPROOF
CREATE OR REPLACE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 2'
CREATE FUNCTION zs() RETURNS int LANGUAGE sql SET zero_damaged_pages = on AS 'SELECT 1'
CREATE PUBLICATION p FOR ALL TABLES
CREATE PUBLICATION p FOR TABLE third
CREATE CAST (text AS m) WITHOUT FUNCTION
CREATE CAST (theirs AS text) WITH INOUT
CREATE OPERATOR CLASS oc FOR TYPE int4 USING btree AS OPERATOR 1 <
CREATE OPERATOR FAMILY of USING btree
CREATE TYPE base
CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler
CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION trg()
CREATE TEXT SEARCH TEMPLATE ts (LEXIZE = dsimple_lexize)
CREATE LANGUAGE l HANDLER plpgsql_call_handler
CREATE FOREIGN DATA WRAPPER w2
CREATE SERVER s2 FOREIGN DATA WRAPPER wrapper
CREATE USER MAPPING FOR somebody SERVER others
ALTER SERVER others OPTIONS (ADD host 'x')
COMMENT ON ROLE legacy IS 'x'
CREATE ROLE made
ALTER ROLE somebody SET work_mem = '1MB'
ALTER ROLE app_migrator SET zero_damaged_pages = on
DROP ROLE somebody
GRANT legacy TO somebody
ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES third
CREATE TABLE z (a int REFERENCES third)
CREATE TABLE z (a int) TABLESPACE pg_global
CREATE TABLE z () INHERITS (third)
ALTER TABLE above ADD more int
ALTER TABLE parent ADD more int
ALTER TABLE above RENAME a TO b
CREATE TRIGGER x AFTER INSERT ON third EXECUTE FUNCTION trg()
CREATE RULE x AS ON INSERT TO third DO NOTHING
CREATE POLICY x ON third
CREATE INDEX ON third (a)
GRANT SELECT ON third TO legacy
ALTER TYPE theirs ADD VALUE 'b'
COMMENT ON TABLE third IS 'x'
DROP OWNED BY somebody
REASSIGN OWNED BY legacy TO app_migrator
COPY t FROM '/nowhere'
COPY t TO PROGRAM 'true'
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION f(int))
ALTER TABLE pg_class ADD x int
ALTER TABLE above ALTER a SET STATISTICS 10
ALTER TABLE above ADD CHECK (a > 0)
ALTER FUNCTION f(int) SET session_replication_role = replica
ALTER VIEW v SET SCHEMA pg_catalog
CREATE TABLE pg_catalog.z (a int)
COMMENT ON EXTENSION plpgsql IS 'x'
ALTER INDEX house.guest_b SET (fillfactor = 50)
ALTER INDEX house.guest_b RENAME TO guest_c
COMMENT ON INDEX house.guest_b IS 'x'
COMMENT ON TABLESPACE pg_default IS 'x'
GRANT EXECUTE ON FUNCTION pg_read_file(text) TO somebody
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, COMMUTATOR = =)
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, NEGATOR = ====)
ALTER COLLATION "C" REFRESH VERSION
COMMENT ON FUNCTION abs(int) IS 'x'
DROP OPERATOR + (int, int)
TRUNCATE pg_am
CREATE MATERIALIZED VIEW z AS SELECT * FROM for_the_user
CREATE TABLE z AS SELECT * FROM for_the_user
TRUNCATE information_schema.sql_features
LOCK pg_am
LOCK pg_authid IN ACCESS SHARE MODE
SELECT * FROM pg_toast.pg_toast_1255
REINDEX TABLE pg_toast.pg_toast_1255
CLUSTER pg_toast.pg_toast_1255 USING pg_toast_1255_index
GRANT USAGE ON SCHEMA pg_toast TO somebody
"""

ALLOWED = """
ALTER TABLE t OWNER TO app_migrator
ALTER TABLE t OWNER TO CURRENT_USER
CREATE SCHEMA made AUTHORIZATION app_migrator
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO somebody
ALTER TABLE c DISABLE TRIGGER USER
ALTER TABLE plain DISABLE TRIGGER ALL
CREATE EXTENSION IF NOT EXISTS pg_trgm
CREATE PUBLICATION p FOR TABLE t
CREATE CAST (text AS m) WITH INOUT
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql SET work_mem = '1MB' AS 'begin return null; end'
CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'
ALTER TABLE ONLY above ALTER a SET DEFAULT 1
ALTER TABLE plain ADD more d, ADD FOREIGN KEY (a) REFERENCES t
CREATE TABLE z (a int PRIMARY KEY, b theirs) TABLESPACE pg_default
CREATE INDEX ON plain (a)
CREATE STATISTICS st ON a, b FROM (SELECT) x
CREATE TRIGGER x AFTER INSERT ON plain EXECUTE FUNCTION trg()
CREATE RULE x AS ON INSERT TO plain DO NOTHING
CREATE POLICY x ON plain
DROP SEQUENCE s
GRANT SELECT ON t TO somebody
GRANT ALL ON ALL TABLES IN SCHEMA own TO somebody
COMMENT ON TYPE m IS 'x'
ALTER ROLE app_migrator SET work_mem = '1MB'
ALTER DOMAIN d SET DEFAULT 1
CREATE AGGREGATE agg (int) (SFUNC = int4pl, STYPE = int)
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)
CREATE COLLATION co FROM "C"
CREATE TEXT SEARCH CONFIGURATION ts (COPY = simple)
ALTER TABLE above ADD CHECK (a > 0) NO INHERIT
ALTER TABLE above SET (fillfactor = 50)
ALTER DEFAULT PRIVILEGES IN SCHEMA own GRANT SELECT ON TABLES TO somebody
CREATE INDEX ON parent (a)
DROP INDEX house."Guest's ""a"
DROP INDEX IF EXISTS house.guest_b, house.nothing
DROP TABLE house.guest
DROP USER MAPPING IF EXISTS FOR PUBLIC SERVER others
GRANT ALL ON ALL FUNCTIONS IN SCHEMA public TO somebody
DROP FUNCTION IF EXISTS theirs(int)
CREATE OPERATOR = (LEFTARG = m, RIGHTARG = m, FUNCTION = m_eq, COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel)
ALTER TYPE m SET SCHEMA public
ALTER TABLE IF EXISTS nobodys SET SCHEMA nowhere
ALTER TABLE IF EXISTS nobodys OWNER TO somebody
ALTER VIEW IF EXISTS nobodys OWNER TO somebody
LOCK pg_am IN ACCESS SHARE MODE
CREATE TABLE z (LIKE m)
ALTER TABLE ONLY part DISABLE TRIGGER each_row
ALTER TABLE ONLY part DISABLE TRIGGER ALL
CREATE INDEX on_the_way ON plain (a)
DROP INDEX IF EXISTS on_the_way
GRANT EXECUTE ON FUNCTION own_sum(int), f(int) TO somebody
LOCK pg_stat_activity IN ACCESS SHARE MODE
DROP OWNED BY CURRENT_USER CASCADE
"""


EITHER = """
DROP FUNCTION theirs()
DROP TABLE third
DROP INDEX third_a
CREATE EXTENSION hstore
CREATE OPERATOR === (LEFTARG = m, RIGHTARG = m, FUNCTION = m_eq, RESTRICT = own_sel)
"""
"""Who owns schema public, which extensions are trusted, and whose estimators an operator takes, differs."""

SPEAKS_OF_LEGACY = re.compile(r"(OWNER TO|AUTHORIZATION|FOR ROLE|OWNED BY) legacy\b")
"""Statements that would give something back to the old role, or act for it."""


def lines(text: str) -> list[str]:
    return [line for line in text.strip().splitlines() if "FROM (SELECT)" not in line]


def execute(connection: psycopg.Connection[Any], statement: str) -> str:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate or "?"
    return ""


@pytest.mark.majors("two")
def test_what_the_server_refuses_app_migrator(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database = make_database()
    database.execute(OTHERS)
    database.execute(OWN, "legacy")
    database.execute(LATER)
    walk = Walk(invoke_cli, database).init("--schema", "public", "--schema", "own", "--schema", "house")
    statements = lines(DENIED) + lines(ALLOWED) + lines(EITHER)
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(statements))

    def verdicts(role: str) -> dict[str, dict[str, Any]]:
        found = walk("rehearse", "--file", str(file), "--as", role, "--json").check(4).json
        return {each["query"]: each for each in found["statements"]}

    before = verdicts("app_migrator")
    walk.next("--through", "enable-login")
    database.execute("grant select on for_the_user to app_user")
    after, as_user = verdicts("app_migrator"), verdicts("app_user")
    wrong: list[tuple[Any, ...]] = []
    with psycopg.connect(database.conninfo("app_migrator", walk.passwords["app_migrator"]), autocommit=True) as session:
        for statement in statements:
            state = execute(session, statement)
            wanted = "denied" if state == "42501" else "allowed"
            expected = "denied" if statement in lines(DENIED) else "allowed" if statement in lines(ALLOWED) else wanted
            said = (before[statement]["verdict"], after[statement]["verdict"])
            if wanted != expected or said != (wanted, wanted) or state not in ("", "42501"):
                wrong.append((statement, state, said, after[statement]["reason"]))
            if wanted == "denied" and as_user[statement]["verdict"] != "denied":
                wrong.append((statement, "as app_user", as_user[statement]["verdict"], ""))
            if after[statement]["verdict"] == "denied":
                remedy = after[statement]["remedy"]
                assert remedy
                if SPEAKS_OF_LEGACY.search(statement):
                    assert remedy.startswith("write app_migrator for legacy, or leave it out"), (statement, remedy)
                    assert execute(session, statement.replace("legacy", "app_migrator")) == "", statement
                    assert as_user[statement]["remedy"] == remedy
    assert wrong == []
    assert {each["verdict"] for each in as_user.values()} <= {"denied", "migrator", "allowed", "silent"}
    assert as_user["DROP INDEX IF EXISTS on_the_way"]["verdict"] == "allowed"
    # The server takes the last two from app_user, for which they mean something else
    about_itself = ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO somebody", "DROP OWNED BY CURRENT_USER CASCADE")
    for statement in ("CREATE INDEX ON plain (a)", "ALTER TYPE m SET SCHEMA public", *about_itself):
        assert as_user[statement]["verdict"] == "migrator"
    assert as_user["CREATE INDEX ON plain (a)"]["basis"] == "rule"


RUNNER = """
CREATE DATABASE of_a_test
DROP DATABASE of_a_test
DROP OWNED BY CURRENT_USER
"""


@pytest.mark.majors("two")
def test_what_a_test_runner_does(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """It is the migration tool's work: of app_user's rights none go by DROP OWNED, and the server says so."""
    database = make_database(legacy_options="CREATEDB")
    database.execute("create schema own; create sequence own.s", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.next("--through", "enable-login")
    file = invoke_cli.cwd / "statements.sql"
    file.write_text(";\n".join(lines(RUNNER)))
    for role, verdict in (("app_user", "migrator"), ("app_migrator", "allowed")):
        found = walk("rehearse", "--file", str(file), "--as", role, "--json").json["statements"]
        assert {each["query"]: each["verdict"] for each in found} == dict.fromkeys(lines(RUNNER), verdict)
    for role, ends in (("app_user", {"42501", "3D000"}), ("app_migrator", {""})):
        with walk.connect(role) as session:
            assert {run(session, statement) for statement in lines(RUNNER)} == ends


def run(connection: psycopg.Connection[Any], statement: str) -> str:
    """Execute what may stand in no transaction."""
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate or "?"
    return ""
