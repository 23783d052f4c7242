"""Which words of a routine are the old role's name, and which only look like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit.hazards.mentions import in_text, tokens
from flatsplit.hazards.stored_trees import in_tree


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("begin if not pg_has_role('legacy','MEMBER') then end if; end", "asks"),
        ("select pg_has_role(u, 'legacy', 'usage')", "asks"),
        ("select has_table_privilege('legacy', 't', 'select')", "holds"),
        ("select 'legacy'::regrole", "casts"),
        ("select cast('legacy' as regrole)", "casts"),
        ("select regrole 'legacy'", "casts"),
        ("select '\"legacy\"'::regrole", "casts"),
        ("select to_regrole('legacy')", "compares"),
        ("begin set role legacy; end", "becomes"),
        ("begin set local role 'legacy'; end", "becomes"),
        ("begin set role = legacy; end", "becomes"),
        ("begin set session authorization legacy; end", "becomes"),
        ("begin execute 'set role legacy'; end", "becomes"),
        ("begin perform set_config('role', 'legacy', true); end", "becomes"),
        ("begin execute 'grant select on t to legacy'; end", "manages"),
        ("begin grant select on t to a, LEGACY; end", "manages"),
        ("begin grant legacy to bob; end", "manages"),
        ("begin revoke all on t from legacy; end", "manages"),
        ("begin execute format('alter table %I owner to legacy', t); end", "manages"),
        ("begin execute format('grant select on %I to %I', t, 'legacy'); end", "manages"),
        ("begin execute 'grant select on t to ' || quote_ident('legacy'); end", "manages"),
        ("begin alter role legacy login; end", "manages"),
        ("begin drop role if exists legacy; end", "manages"),
        ("begin alter default privileges for role legacy grant select on tables to x; end", "manages"),
        ("begin create policy p on t to legacy using (true); end", "manages"),
        ("begin create schema s authorization legacy; end", "manages"),
        ("begin reassign owned by legacy to x; end", "manages"),
        ("begin create user mapping for legacy server s; end", "manages"),
        ("begin if current_user = 'legacy' then return; end if; end", "compares"),
        ("begin if user in ('a', 'legacy') then return; end if; end", "compares"),
        ("select 1 from pg_roles where rolname = 'legacy'", "compares"),
        ("select 1 from pg_tables where tableowner = 'legacy'", "compares"),
        ("declare me text := current_user; begin if me = 'legacy' then end if; end", "compares"),
        ("select 'legacy'", "text"),
        ("select * from legacy where legacy.a = 1 -- set role legacy", ""),
        ("/* set role legacy */ select legacy from t as legacy", ""),
        ("begin raise notice 'set role legacy'; end", ""),
        ("insert into legacy select 1", ""),
        ('select legacy.f(1), "legacy".t.x from legacy.t', ""),
        ("begin grant select on legacy to bob; end", ""),
        ("begin grant usage on schema legacy to bob; end", ""),
        ("begin execute 'truncate legacy.t'; end", ""),
        ("begin update t set legacy = 1; end", ""),
        ("begin alter table legacy owner to bob; end", ""),
        ("begin set search_path = legacy; end", ""),
        ("begin create policy legacy on t to bob; end", ""),
        ("begin comment on table legacy is 'x'; end", ""),
        ("begin x := 'legacy' || '_x'; end", "text"),
    ],
)
def test_uses(source: str, how: str) -> None:
    assert {use.how for use in in_text(source, "legacy")} == ({how} if how else set())


def test_the_name_of_an_object_is_vague() -> None:
    (use,) = in_text("select has_schema_privilege('legacy', 'create')", "legacy")
    assert use.vague


@pytest.mark.parametrize("name", ['we"ird', "it's", "Upper", "back\\slash"])
def test_names_with_quotes(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    assert [use.how for use in in_text(f"begin set role {quoted}; end", name)] == ["becomes"]
    text = "'" + name.replace("'", "''") + "'"
    assert [use.how for use in in_text(f"select pg_has_role({text}, 'usage')", name)] == ["asks"]


@given(st.text(alphabet="$'\"-/*() \nlegacy;,:=\\%", max_size=60))
def test_any_text_is_read(source: str) -> None:
    list(in_text(source + " legacy", "legacy"))
    assert all(token.value or token.kind != "word" for token in tokens(source))


@given(st.text(alphabet="{}() :[]\\aCONST1-", max_size=60))
def test_any_tree_is_read(tree: str) -> None:
    list(in_tree(tree, b"legacy", {}))
