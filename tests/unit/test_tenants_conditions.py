"""Which rows are a tenant's: a condition as SQL, and as the server prints it."""

from __future__ import annotations

import pytest

from flatsplit import ddl
from flatsplit.tenants import (
    Condition,
    Link,
)

MINE = '( SELECT "r"."tenant"\n   FROM "t"."roles" "r"\n  WHERE ("r"."role" = CURRENT_USER))'

RENAMED = MINE.replace('"r"', '"r_1"')

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
        f'(("a")::"name" = {MINE})',
        f'(("a")::numeric(3,0) = {MINE})',
        f'((("a")::integer)::numeric = {MINE})',
        LONG.replace('("p2"."id" = "p1"."c") AND', ""),
        LONG.replace('"p1"."c"', '"lines"."c"'),
        "",
    ],
)
def test_anything_else_stays_as_it_is(printed: str) -> None:
    assert ddl.recognise(printed, "x") is None
    assert ddl.canonical(printed, "x") == printed
