"""Which rows are a tenant's: a condition as SQL, and as the server prints it."""

from __future__ import annotations

import re

import pytest

from flatsplit import ddl
from flatsplit.tenants import Condition, Link

MINE = '( SELECT "r"."tenant"\n   FROM "t"."roles" "r"\n  WHERE ("r"."role" = CURRENT_USER))'

RENAMED = MINE.replace('"r"', '"r_1"')

SPELLED, OTHER_ALIAS = '"r"."role"', '"x"."role"'
TENANT, ROLE = '"r"."tenant"', '"r"."role"'

OTHERS = MINE.replace('"role"', '"tenant"')

LINKS = (Link("s", "orders", ("o", "p"), ("id", "no")), Link("s", "customers", ("c",), ("id",)))

LONG = f"""(EXISTS ( SELECT
   FROM "s"."orders" "p1",
    "s"."customers" "p2"
  WHERE (("p1"."id" = "lines"."o") AND ("p1"."no" = "lines"."p") AND ("p2"."id" = "p1"."c") AND
("p2"."acc" = {MINE}))))"""


@pytest.mark.parametrize(
    ("condition", "table", "printed"),
    [
        (Condition("t", "account_id"), "orders", f'("account_id" = {MINE})'),
        (Condition("t", "k", or_null=True), "x", f'(("k" = {MINE}) OR ("k" IS NULL))'),
        (Condition("t", "k"), "r", f'("k" = {RENAMED})'),
        (Condition("t", 'a"b'), "x", f'(("a""b")::"text" = ({MINE})::text)'),
        (Condition("t", "a"), "x", f'(("a")::integer = {MINE})'),
        (Condition("t", "acc", LINKS), "lines", LONG),
    ],
)
def test_what_the_server_prints_is_recognised(condition: Condition, table: str, printed: str) -> None:
    assert ddl.recognise(printed, table) == condition
    text = ddl.condition(condition, table)
    assert ddl.recognise(text, table) == condition
    assert ddl.canonical(printed, table) == text


@pytest.mark.parametrize(
    "printed",
    [
        "true",
        '("account_id" = 1)',
        f'("a" = {MINE.replace("CURRENT_USER", "SESSION_USER")})',
        f'("a" = {OTHERS})',
        f'("a" = {MINE.partition("WHERE")[0]})',
        f'(("a" = {MINE}) OR ("b" IS NULL))',
        f'(("a" = {MINE}) OR true)',
        f'(("a" = {MINE}) AND true)',
        f'(("a" = {MINE}) AND "b")',
        f'("a" = {MINE.replace(SPELLED, OTHER_ALIAS)})',
        f'("a" = {MINE.replace(TENANT, ROLE)})',
        f'(("a")::"name" = {MINE})',
        f'(("a")::numeric(3,0) = {MINE})',
        f'((("a")::integer)::numeric = {MINE})',
        LONG.replace('("p2"."id" = "p1"."c") AND', ""),
        LONG.replace('"p1"."c"', '"lines"."c"'),
        LONG.replace('"p2"."acc"', '"p1"."acc"'),
        LONG.replace('"p2"."acc"', '"lines"."acc"'),
        "",
    ],
)
def test_anything_else_stays_as_it_is(printed: str) -> None:
    assert ddl.recognise(printed, "lines") is None
    assert ddl.canonical(printed, "lines") == printed


@pytest.mark.parametrize("table", ["p1", "p2", "q1", "r", "roles"])
def test_no_table_on_the_way_is_called_like_the_first(table: str) -> None:
    """The condition names both: with the same name, it would compare a table with itself."""
    text = ddl.condition(Condition("t", "acc", LINKS), table)
    aliases = re.findall(r'"s"\."\w+" "(\w+)"', text)
    assert len({*aliases, table}) == 3
    assert ddl.recognise(text, table) == Condition("t", "acc", LINKS)
