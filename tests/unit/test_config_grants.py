"""flatsplit.toml: privileges beyond the blueprint, and how objects are named there."""

from __future__ import annotations

import re

import pytest

from flatsplit.config import (
    Grant,
    GrantName,
    parse,
    parse_name,
    render,
)
from flatsplit.errors import ConfigError
from tests.support.config import LEAST, SHOP


def test_grants_stand_there_only_where_there_are_some() -> None:
    assert "grants" not in render(SHOP)
    text = LEAST + '[grants.app_readonly]\nselect = ["a.b"]\n[grants.app_user]\ntruncate = ["public.s", \'"A b".c\']\n'
    config = parse(text)
    assert config.grants == (
        Grant("app_user", "truncate", ("public.s", '"A b".c')),
        Grant("app_readonly", "select", ("a.b",)),
    )
    assert render(config).endswith(
        '\n[grants.app_user]\ntruncate = ["public.s", "\\"A b\\".c"]\n\n[grants.app_readonly]\nselect = ["a.b"]\n'
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("public.Sessions", GrantName(("public", "sessions"))),
        ('"A "".b".c', GrantName(('A ".b', "c"))),
        ("public.f(integer, text)", GrantName(("public", "f"), "integer, text")),
        ("f()", GrantName(("f",), "")),
        ("shop", GrantName(("shop",))),
    ],
)
def test_names_in_grants(text: str, name: GrantName) -> None:
    assert parse_name(text) == name


@pytest.mark.parametrize("text", ["", "a.b.c", "a b", "a.", '"a', "1a", "a; drop", "a.b(c"])
def test_what_is_no_name_in_grants(text: str) -> None:
    with pytest.raises(ConfigError, match="not a name"):
        parse(LEAST + f"[grants.app_user]\ntruncate = ['{text}']")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("grants = 1", "write \\[grants.app_user\\]"),
        ("[grants.app_usr]", "did you mean \\[grants.app_user\\]"),
        ("[grants]\napp_user = 1", "write \\[grants.app_user\\]"),
        ("[grants.app_user]\ntruncat = []", "did you mean truncate"),
        ("[grants.app_user]\ntruncate = 'a'", "write it like"),
        ("[grants.app_user]\nexecute = ['a.b']", "write them"),
        ("[grants.app_user]\ndelete = ['a.b(c)']", 'write "a.b"'),
        ("[grants.app_user]\nselect = ['a.*']", 'schemas = \\["a"\\] in its \\[role.NAME\\]'),
    ],
)
def test_mistakes_in_grants(text: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text + LEAST if text.startswith("grants") else LEAST + text)
    assert re.search(fix, caught.value.fix)
