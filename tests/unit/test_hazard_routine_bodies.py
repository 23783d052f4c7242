"""What the text of a routine says, without false alarms from comments, strings and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit.hazards import routine_bodies


@pytest.mark.parametrize(
    ("source", "command"),
    [
        ("BEGIN TRUNCATE t; END", "TRUNCATE"),
        ("BEGIN TRUNCATE TABLE ONLY s.t; END", "TRUNCATE TABLE"),
        ("begin create unlogged table if not exists x (a int); end", "CREATE UNLOGGED"),
        ("begin execute format('create index %I on t (a)', n); end", "CREATE INDEX"),
        ("begin execute $q$alter table t add b int$q$; end", "ALTER TABLE"),
        ("begin execute 'drop ' || 'x'; drop materialized view v; end", "DROP MATERIALIZED VIEW"),
        ("begin refresh materialized view concurrently v; end", "REFRESH MATERIALIZED VIEW"),
        ("begin execute 'GRANT SELECT ON t TO x'; end", "GRANT SELECT"),
        ("begin create temp table s (a int); create table s2 (a int); end", "CREATE TABLE"),
        # Nothing of the kind
        ("begin -- create table t (a int)\n return 1; end", ""),
        ("begin /* drop table t;\n truncate t */ return 1; end", ""),
        ("begin raise notice 'create table %', 1; end", ""),
        ("begin x := 'C:\\'; -- create table t\n y := 'drop table t'; end", ""),
        ("begin x := E'\\' drop table t'; end", ""),
        ("begin if tg_op = 'TRUNCATE' then return null; end if; end", ""),
        ("begin create temporary table if not exists s (a int); truncate s; drop table s; end", ""),
        ("begin create temp table s as select 1; create index on s (a); execute 'analyze s'; end", ""),
        ("begin drop table if exists pg_temp.s; end", ""),
        ("select created, altered, dropped from truncated", ""),
        ("select trunc(1.5), date_trunc('day', now())", ""),
        ("", ""),
    ],
)
def test_runtime_ddl(source: str, command: str) -> None:
    assert routine_bodies.runtime_ddl(source) == command


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("select current_user", True),
        ("select session_user::text", True),
        ("begin new.by := user; return new; end", True),
        ("begin if user = 'legacy' then return 1; end if; end", True),
        ("begin execute 'select current_user' into x; end", True),
        ("select CURRENT_ROLE", True),
        ("select 'current_user'", False),
        ("select 1 -- current_user", False),
        ("select t.current_user_id, users.user_name from users", False),
        ("select current_users, my_session_user from t", False),
        ("perform dblink_connect('dbname=x user=legacy')", False),
        ('select "user" from t', False),
        ("create user mapping for x server y", False),
    ],
)
def test_asks_who(source: str, asks: bool) -> None:
    assert routine_bodies.asks_who(source) is asks


@given(st.text(alphabet="$'\"-/* \nabe;\\%", max_size=60))
def test_any_text_is_read(source: str) -> None:
    routine_bodies.asks_who(source)
    routine_bodies.runtime_ddl(source + " create")
    assert not routine_bodies.runtime_ddl("/*" + source.replace("*/", "") + "*/") or "/*" in source
