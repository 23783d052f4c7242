"""[owner-powers]: read strictly, written back, and routines known by the types of their arguments."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from flatsplit.config import OwnerPowers, parse, parse_name, render
from flatsplit.config.owner_powers import means
from flatsplit.errors import ConfigError
from tests.support.config import SHOP


@pytest.mark.parametrize(
    "powers",
    [
        OwnerPowers(),
        OwnerPowers(bypassrls=True),
        OwnerPowers(("public.v", 'public."Look ""up"(text, numeric(1,2))'), bypassrls=True),
    ],
)
def test_what_is_written_is_read_back(powers: OwnerPowers) -> None:
    config = replace(SHOP, powers=powers)
    text = render(config)
    assert parse(text) == config
    assert ("[owner-powers]" in text) is (powers != OwnerPowers())


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("[owner-powers]\ndbaa = []", r"unknown key [owner-powers] dbaa", "did you mean dba"),
        ("[owner-powers]\ndba = 'public.v'", "is not a list of names", "write it like"),
        ("[owner-powers]\nbypassrls = 'yes'", "neither true nor false", "without quotes"),
        ("[owner-powers]\ndba = ['v']", '"v" is not a name', "schema and name"),
        ("[owner-powers]\ndba = ['a.b.c']", '"a.b.c" is not a name', "schema and name"),
        ("[owner-power]\ndba = []", "unknown section [owner-power]", ""),
    ],
)
def test_mistakes(text: str, what: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"{render(SHOP)}\n{text}\n")
    assert re.search(re.escape(what), caught.value.what)
    assert fix in caught.value.fix


def test_there_has_to_be_a_dba() -> None:
    text = render(SHOP).replace('dba = "dba"', 'dba = ""')
    with pytest.raises(ConfigError, match="no such role"):
        parse(f"{text}\n[owner-powers]\ndba = ['public.v']\n")


@pytest.mark.parametrize(
    ("name", "args", "same"),
    [
        ("public.f(text)", "who text, OUT usename text, OUT passwd text", True),
        ("public.f(who text, OUT usename text, OUT passwd text)", "who text, OUT usename text, OUT passwd text", True),
        ("public.f()", "", True),
        ("public.f(integer, numeric(1,2))", '"a, b" integer, numeric(1,2)', True),
        ("public.f(integer)", "integer, text", False),
        ("public.f(text)", "context", False),
        ("public.f(int, VARCHAR(20))", "a integer, b character varying", True),
        ("public.f(in a int4,  b varchar)", "IN x integer, character varying", True),
        ("public.f(int[], pg_catalog.bool)", "ids integer[], boolean", True),
        ("public.f(variadic text[])", 'VARIADIC "the words" text[]', True),
        ("public.f(timestamptz)", "at timestamp with time zone", True),
        ("public.f(timestamp with time zone)", "time with time zone", False),
        ("public.f(inout a integer)", "INOUT b integer", True),
        ('public.f("Sch ""x"""."Mood")', 'm "Sch ""x"""."Mood"', True),
        ("public.f(bigint)", "a integer", False),
        ("public.f", "", False),
        ("other.f()", "", False),
    ],
)
def test_names_of_routines(name: str, args: str, same: bool) -> None:
    assert means(parse_name(name), "public", "f", args) is same


def test_names_of_relations() -> None:
    assert means(parse_name('public."V w"'), "public", "V w", None)
    assert not means(parse_name("public.v()"), "public", "v", None)
