"""PL/pgSQL bodies taken apart, and what is told of texts put together at run time."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit.rehearsal.plpgsql import pieces
from flatsplit.rehearsal.plpgsql_tokens import NoBody

BODY = """
declare
    v public.mytype := g(1);
    c cursor (a int) for select * from cc;
    r record;
begin
    <<outer>>
    insert into t values (new.id) returning id into strict v, r.x[1];
    for r in select * from u loop
        execute format('create table %I', a) into v using 1;
    end loop outer;
    v := (select case when true then 1 else 2 end);
    if case when a then b end = 1 then
        perform g(1);
    elsif exists (select 1 from z) then
        return query select 2;
    end if;
    case v when 1 then update q set a = 1; else null; end case;
    open c for execute 'x' using 1;
    select a into v from t2;
    raise notice 'x % %', h(1), 2;
    for i in reverse 1..k() by 2 loop
        exit when i > 3;
    end loop;
    foreach a in array b loop delete from d; end loop;
    select into v a from t3 where x; -- a comment with 'a quote and ; in it
    begin
        call p(1);
    exception
        when unique_violation or others then insert into l values ('; end');
    end;
    set local x = 'y';
    if found then return; end if;
    return new;
end
"""


def test_a_body() -> None:
    found = [(piece.line, piece.sql, piece.dynamic) for piece in pieces(BODY)]
    assert found == [
        (2, "SELECT g(1)", False),
        (3, "select * from cc", False),
        (7, "insert into t values (new.id) returning id", False),
        (8, "select * from u", False),
        (9, "format('create table %I', a)", True),
        (11, "SELECT (select case when true then 1 else 2 end)", False),
        (12, "SELECT case when a then b end = 1", False),
        (13, "SELECT g(1)", False),
        (14, "SELECT exists (select 1 from z)", False),
        (15, "select 2", False),
        (17, "SELECT v", False),
        (17, "SELECT 1", False),
        (17, "update q set a = 1", False),
        (18, "'x'", True),
        (19, "select a from t2", False),
        (20, "SELECT h(1), 2", False),
        (21, "SELECT 1", False),
        (21, "SELECT k()", False),
        (24, "SELECT b", False),
        (24, "delete from d", False),
        (25, "select a from t3 where x", False),
        (27, "call p(1)", False),
        (29, "SELECT unique_violation or others", False),
        (29, "insert into l values ('; end')", False),
        (31, "set local x = 'y'", False),
        (32, "SELECT found", False),
        (33, "SELECT new", False),
    ]


def test_lines_are_counted_as_the_server_counts_them() -> None:
    assert [piece.line for piece in pieces("begin\n  perform 1;\nend")] == [2]
    assert [piece.line for piece in pieces("\nbegin\n  perform 1;\nend")] == [2]


@given(st.text("begin;loopifthenexcase for'\"$()[]:=<>\n1", max_size=80))
def test_what_is_no_body_ends_too(text: str) -> None:
    with contextlib.suppress(NoBody):
        pieces(text)


@pytest.mark.parametrize("text", ["begin if a", "begin for x loop end loop; end", "begin 'open"])
def test_what_is_no_body_is_told(text: str) -> None:
    with pytest.raises(NoBody):
        pieces(text)
