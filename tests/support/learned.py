"""A shop with everything that asks for a privilege in its own way, and statements of a program that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from tests.support.notices import notices

_NEWER = {
    15: "create view seen_as_reader with (security_invoker) as select a from behind_view;",
    17: "create materialized view renewed as select name from parent; create table reindexed (a int primary key);"
    "create table clustered (a int primary key); create table analysed (a int);",
}
"""What there is besides, since which major."""

STATEMENTS: tuple[str, ...] = (
    'select "a ""col" from "Back %s office"."T ""x"" %s" where id = 1',
    "select name from deeper",
    "select 1 from only parent for key share",
    "insert into parent (name) values ('y') returning id",
    "update parent set id = 5 where id = 1",  # cascades to a table that it may not write
    "insert into child values (1, 2)",
    "insert into heir (name) values ('z')",
    "delete from child where amount > 5",
    "insert into measured (at, value) values ('2024-01-01', 1)",
    "select value from measured_1",
    "insert into deferred values (1)",
    "insert into derived (name) values ('q')",
    "insert into spoken values ('hello')",
    "insert into keyed (id) values (1) on conflict (id) do update set n = keyed.n + 1",
    "insert into keyed (id) values (1) on conflict do nothing",
    "update writable set n = 2 where id = 1",
    "insert into ticketed (what) values ('t')",
    "insert into watched values ('w')",
    "select looks()",
    "select looks_for_others()",
    "call fills()",
    "select total(id) from derived",
    "select name from kept",
    "lock table locked_1 in access share mode",
    "lock table locked_2 in row exclusive mode",
    "lock table locked_3 in access exclusive mode",
    "copy copied_in from stdin",
    "copy copied_in (a) from stdin",
    "copy copied_out to stdout",
    "copy (select a from copied_by_query) to stdout",
    "prepare one as select a from prepared; execute one; deallocate one",
    "declare few cursor for select a from fetched; fetch few",
    "with gone as (delete from nested returning a) insert into rows_of select a from gone",
    "create temp table mine as select a from tempted",
    "explain select a from explained",
    "select whole from whole",
    "select count(*) from scanned",
    "select a from guarded",
    "insert into over_the_view (name) values ('v')",
    "select name, tagged from tags_shown",
    "update joined set total = 5 where id = 1",
    "insert into ruled values (1)",
    "insert into nearly values (1, 2) returning doubled(a)",
    "select * from made_by(3)",
    "insert into statement_watched select generate_series(1, 2)",
    "insert into only_when values (3)",
    "delete from cascading where id = 1",
    "select 1 where 2 === 2",
    "select '7'::text::numbered",
    "insert into reminded values (1)",
    "update from_other set a = other.a from other",
    "delete from using_other using other_2 where using_other.a = other_2.a",
    "insert into arrayed values (array[1]) on conflict do nothing returning *",
    "select a from only_columns order by b",
    "with recursive r as (select a from recursed union select r.a + 1 from r where a < 2) select * from r",
    "select exists (select from existing)",
    "table tabled",
    "values ((select max(a) from maxed))",
    "update defaulted set a = default",
    "select lateral_b.b from lateral_a, lateral (select b from lateral_b where b > a) lateral_b",
    "insert into part_of_it values (5, 'x')",
    "update parted set k = 15 where k = 5",
    "select a from held_open for no key update skip locked",
    "truncate emptied",
    "update defaulted_by set (a, b) = (default, 1)",
    "insert into seen_part values (1)",
    "insert into part_1 values (6, 'y')",
    "select spelled('x'::text)",
)
SINCE = {
    15: (
        "merge into merged m using source s on m.id = s.id when not matched then insert values (s.id, s.n)",
        "merge into merged_too m using source s on m.id = s.id when matched then update set n = s.n",
        "select a from seen_as_reader",
    ),
    17: (
        "refresh materialized view renewed",
        "reindex table reindexed",
        "cluster clustered using clustered_pkey",
        "analyze analysed",
    ),
}


ALIKE = {"execute on routine public.spelled(date)"}
"""Learned though not needed: by its name and arguments the call could mean this one as well."""


def sections(major: int) -> str:
    """What the split needs here, for statements and for rows and views that call functions."""
    maintain = 'maintain = ["public.renewed", "public.reindexed", "public.clustered", "public.analysed"]'
    return f"""
[grants.app_user]
truncate = ["public.emptied"]
{maintain if major >= 17 else ""}
[grants.app_readonly]
execute = ["public.passes(text)", "public.tagged(text)"]
"""


def shop(major: int) -> str:
    """The statements that make it."""
    newer = (text for since, text in _NEWER.items() if since <= major)
    return "\n".join([Path(__file__).with_suffix(".sql").read_text(), *newer])


def program(major: int) -> tuple[str, ...]:
    """The statements of the program; those separated by "; " are one transaction."""
    return STATEMENTS + tuple(one for since, some in SINCE.items() if since <= major for one in some)


def run(conn: psycopg.Connection[Any], statement: str, *, keep: bool = False) -> str:
    """The SQLSTATE of running it; "" where it works. Undone unless ``keep``. A warning that it did nothing for want of
    a right is a refusal.
    """
    try:
        with notices(conn) as warned, conn.transaction(force_rollback=not keep):
            if statement.startswith("copy"):
                with conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                    if " from stdin" not in statement:
                        list(copy)
            else:
                for one in statement.split("; "):
                    conn.execute(one.encode())
            conn.execute("set constraints all immediate")
    except psycopg.Error as error:
        return error.sqlstate or "?"
    return "42501" if any(one.message.startswith("permission denied") for one in warned) else ""
