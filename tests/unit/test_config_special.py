"""Sections [role.NAME] and [grants.NAME]: read strictly, written completely, errors that name file, key and fix."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flatsplit.config import Special, parse, render
from flatsplit.errors import ConfigError
from tests.support.config import LEAST

WHOLE = """
[role.app_jobs]
like = "app_user"
new_tables = "none"
connection_limit = 5
settings = { statement_timeout = "1h", "app.tenant" = "a", enable_seqscan = false }
create = ["jobs"]

[role."Hostile: \\"%s\\" ]"]
schemas = ["billing"]

[grants.app_jobs]
select = ["public.orders", "public.payments(id, \\"Amount\\")"]

[grants."Hostile: \\"%s\\" ]"]
execute = ["public.f(integer)"]
"""
HOSTILE = 'Hostile: "%s" ]'


def test_what_stands_there() -> None:
    jobs, hostile = parse(LEAST + WHOLE).special
    settings = (("app.tenant", "a"), ("enable_seqscan", "off"), ("statement_timeout", "1h"))
    assert jobs == Special("app_jobs", "app_user", "none", 5, settings, (), ("jobs",))
    assert hostile == Special(HOSTILE, schemas=("billing",), new_tables="read")
    assert [grant.purpose for grant in parse(LEAST + WHOLE).grants] == ["app_jobs", HOSTILE]


def test_what_is_written_is_read_again() -> None:
    config = parse(LEAST + WHOLE)
    assert parse(render(config)) == config


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_any_name(name: str) -> None:
    from flatsplit.config.special import heading

    text = f'{LEAST}{heading(name)}\nlike = "x"\n{heading(name, "grants")}\nselect = ["public.a"]\n'
    assume(name not in ("x", "public", "none", "shop", "dba") and not name.startswith(("pg_", "app_")))
    config = parse(text)
    assert config.special[0].name == name
    assert parse(render(config)) == config


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("role = 1", "role is a value, not a section", "write [role.app_jobs] above its keys"),
        ("[role]\na = 1", "[role] a is a value, not a section", "write [role.a] above it"),
        ("[role.a]\nlimit = 1", "unknown key [role.a] limit", "known are like"),
        ("[role.a]\nconnection_limits = 1", "unknown key [role.a] connection_limits", "did you mean connection_limit?"),
        ("[role.a]\nconnection_limit = true", "[role.a] connection_limit is not a number", "connection_limit = 5"),
        ("[role.a]\nconnection_limit = -2", "[role.a] connection_limit is not a number", "connection_limit = 5"),
        ("[role.a]\nconnection_limit = 2147483648", "connection_limit is not a number", "connection_limit = 5"),
        ("[role.a]\nnew_tables = 'all'", "[role.a] new_tables is not one of its values", '"none", "read", "write"'),
        ("[role.a]\nschemas = 'x'", "[role.a] schemas is not a list of names", "write it like"),
        ("[role.a]\nschemas = ['x']\nnew_tables = 'none'", "schemas mean everything in them", "[grants.a]"),
        ("[role.a]\nsettings = { role = 'x' }", "role makes its sessions act as somebody else", "leave it out"),
        ("[role.a]\nsettings = { 'a b' = 'x' }", '"a b" is no name of a setting', "dconfig"),
        ("[role.a]\nlike = 'dba'", '[role.a] like = "dba": its rights no list can stand in for', "app_user"),
        ("[role.a]\nlike = 'a'", "are still to be found", "app_user"),
        ("[role.app_user]", "[role.app_user] is also app_user", "a name of its own"),
        ("[role.shop]", "[role.shop] is also legacy_role", "a name of its own"),
        ("[role.pg_x]", '[role.pg_x] = "pg_x" is reserved', "use another role"),
        (
            "[grants.app_jobs]\nselect = ['a.b']",
            "unknown section [grants.app_jobs]",
            "a special role is declared as [role.app_jobs]",
        ),
    ],
)
def test_errors_name_file_key_and_fix(text: str, what: str, fix: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text + "\n" + LEAST if text.startswith("role =") else LEAST + text)
    assert raised.value.what.startswith("flatsplit.toml: ")
    assert what in raised.value.what
    assert fix in raised.value.fix
