"""Each kind of object that a role can own, under a hostile name, is read and accounted for."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest
from psycopg import sql

from flatsplit.catalog import read_state, sources, unknown_dependencies
from flatsplit.model import Kind, ObjectRef
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.world import acting_as

LEGACY = "Old \"role's\n; DROP %s :x {y}"
SCHEMA = 'sch"e.ma%(a)s,{}\\'
NAME = "n\"a'me; -- %s :p\t{z}\\ü" + "x" * 40
"""63 bytes."""


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)


class Made(NamedTuple):
    """Statements that make an object as legacy, and how the reader names it (schema and name are the hostile ones)."""

    kind: Kind
    statements: str
    args: str = ""
    note: str = ""
    schema: str = SCHEMA
    name: str | None = None


MADE = (
    Made("table", "create table {s}.{n} (id int primary key, other int)"),
    Made("partitioned_table", "create table {s}.{n} (id int) partition by range (id)"),
    Made(
        "foreign_table", "create server srv foreign data wrapper fdw; create foreign table {s}.{n} (a int) server srv"
    ),
    Made("view", "create view {s}.{n} as select 1 as a"),
    Made("materialized_view", "create materialized view {s}.{n} as select 1 as a"),
    Made("sequence", "create sequence {s}.{n}"),
    Made(
        "function",
        "create function {s}.{n}(a int, out b text) language sql as 'select null::text'",
        "a integer, OUT b text",
    ),
    Made(
        "function",
        "create type {s}.{n} as (a int);"
        "create function {s}.{n}(variadic {n} {s}.{n}[]) returns int language sql security definer as 'select 1'",
        "VARIADIC {n} {s}.{n}[]",
        "definer",
    ),
    Made(
        "function",
        "create function {s}.{n}() returns trigger language plpgsql as 'begin return new; end'",
        note="trigger",
    ),
    Made(
        "function",
        "create function {s}.{n}(int) returns bigint language internal window as 'window_row_number'",
        "integer",
    ),
    Made("procedure", "create procedure {s}.{n}(inout a int) language sql as 'select 1'", "INOUT a integer"),
    Made("aggregate", "create aggregate {s}.{n}(int) (sfunc = int4pl, stype = int)", "integer"),
    Made("aggregate", "create aggregate {s}.{n}(*) (sfunc = int8inc, stype = int8, initcond = '0')"),
    Made(
        "aggregate",
        "create aggregate {s}.{n}(float8 order by anyelement)"
        " (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra)",
        "double precision, anyelement",
    ),
    Made("type", "create type {s}.{n} as enum ('a', 'b')"),
    Made("type", "create type {s}.{n} as (a int, b text)"),
    Made("type", "create type {s}.{n} as range (subtype = float8)"),
    Made("type", "create type {s}.{n}"),
    Made("domain", "create domain {s}.{n} as int check (value > 0)"),
    Made("collation", "create collation {s}.{n} (locale = 'C')"),
    Made("conversion", "create conversion {s}.{n} for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8"),
    Made(
        "operator",
        "create operator {s}.<%> (leftarg = int, rightarg = text, function = f);",
        "integer,text",
        name="<%>",
    ),
    Made("operator", "create operator {s}.!! (rightarg = int, function = g);", "NONE,integer", name="!!"),
    Made(
        "operator_class",
        "create operator class {s}.{n} for type int using hash as operator 1 =, function 1 hashint4(int)",
        "hash",
    ),
    Made("operator_family", "create operator family {s}.{n} using btree", "btree"),
    Made("text_search_configuration", "create text search configuration {s}.{n} (copy = simple)"),
    Made("text_search_dictionary", "create text search dictionary {s}.{n} (template = simple)"),
    Made("statistics", "create table {s}.st (a int, b int); create statistics {s}.{n} on a, b from {s}.st"),
    Made("large_object", "select lo_create(77777)", schema="", name="77777"),
    Made("foreign_data_wrapper", "create foreign data wrapper {n}", schema=""),
    Made("server", "create server {n} foreign data wrapper fdw", schema=""),
    Made("publication", "create table {s}.{n} (id int); create publication {n} for table {s}.{n}", schema=""),
    Made("publication", "create publication {n} for all tables", note="all_tables", schema=""),
    Made(
        "subscription",
        "create subscription {n} connection 'dbname=nowhere password=hush' publication p"
        " with (connect = false, slot_name = none)",
        schema="",
    ),
    Made("event_trigger", "create event trigger {n} on ddl_command_end execute function e()", schema=""),
    Made("language", "create language {n} handler plpgsql_call_handler", schema=""),
    Made("schema", "create schema {n}", schema=""),
    Made("extension", "create extension {n}", schema="", name="hstore"),
)

_BEFORE = """
create schema {s};
create foreign data wrapper fdw;
create function f(int, text) returns boolean language sql immutable as 'select true';
create function g(int) returns int language sql immutable as 'select 1';
create function e() returns event_trigger language plpgsql as 'begin end';
"""


def _filled(text: str, name: str) -> str:
    return text.replace("{s}", _quoted(SCHEMA)).replace("{n}", _quoted(name))


@pytest.fixture
def made(make_database: MakeDatabase) -> tuple[Database, dict[ObjectRef, Made]]:
    """A database with a hostile name, where legacy made one of everything."""
    database = make_database(name='data"base; %s :x', legacy=LEGACY, legacy_options="SUPERUSER")
    assert len(NAME.encode()) == 63
    known = {}
    with acting_as(database.admin, LEGACY):
        database.execute(_filled(_BEFORE, NAME))
        for number, one in enumerate(MADE):
            name = one.name or f"{NAME[:-2]}{number:02}"
            database.execute(_filled(one.statements, name))
            known[ObjectRef(one.kind, one.schema, name, _filled(one.args, name))] = one
    return database, known


@pytest.mark.majors("all")
def test_each_kind(made: tuple[Database, dict[ObjectRef, Made]]) -> None:
    database, known = made
    state = read_state(database.admin)
    for ref, one in known.items():
        assert ref in state.objects, [near for near in state.objects if near.kind == ref.kind]
        facts = state.objects[ref]
        assert (facts.owner, facts.extension, facts.follows, facts.note) == (LEGACY, False, False, one.note), ref
    assert state.objects[ObjectRef("database", "", database.name)].owner == LEGACY
    assert unknown_dependencies(database.admin, LEGACY, state) == ()
    assert unknown_dependencies(database.admin, "postgres", state) == ()


@pytest.mark.majors("all")
def test_an_object_that_the_state_lacks_is_reported(made: tuple[Database, dict[ObjectRef, Made]]) -> None:
    database, known = made
    state = read_state(database.admin)
    for ref in known:
        less = {other: facts for other, facts in state.objects.items() if other != ref}
        told = unknown_dependencies(database.admin, LEGACY, replace(state, objects=less))
        assert len(told) == 1, (ref, told)
        assert told[0].startswith("owner of "), told
        other_owner = {**state.objects, ref: state.objects[ref]._replace(owner="somebody")}
        assert unknown_dependencies(database.admin, LEGACY, replace(state, objects=other_owner)) == told


@pytest.mark.majors("two")
def test_a_catalog_that_the_reader_does_not_know_is_reported(
    made: tuple[Database, dict[ObjectRef, Made]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof of completeness does not lean on the reader's list of catalogs, for ordinary roles nor for oid 10."""
    database, _ = made
    everything = sources.SOURCES
    whole = read_state(database.admin)
    owned = {facts.owner for facts in whole.objects.values()}
    assert owned >= {LEGACY}
    for source in everything:
        monkeypatch.setattr(sources, "SOURCES", tuple(other for other in everything if other is not source))
        partial = read_state(database.admin)
        lost = set(whole.objects) - set(partial.objects)
        told = unknown_dependencies(database.admin, LEGACY, partial)
        assert len(told) == sum(whole.objects[ref].owner == LEGACY for ref in lost), source
