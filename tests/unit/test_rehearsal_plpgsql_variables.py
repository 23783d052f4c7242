"""Which variables of a PL/pgSQL body hold what, as far as its tokens tell."""

from __future__ import annotations

import pytest

from flatsplit.rehearsal.plpgsql import pieces
from flatsplit.rehearsal.plpgsql_variables import of_call

CASES = {
    "declare q text := 'a'; begin execute q; end": {"q": "'a'"},
    "declare q text default 'a' || b; begin execute q; end": {"q": "'a' || b"},
    "declare q text; begin q := format('%s', x); execute q; end": {"q": "format('%s', x)"},
    "declare q text; begin Q = 'a'; execute q; end": {"q": "'a'"},
    "declare q text := 'a'; begin if x then q := 'b'; end if; execute q; end": {"q": None},
    "declare q text; begin select a into q from t; execute q; end": {"q": None},
    "declare q text; begin select a into strict p, q from t; execute q; end": {"q": None},
    "declare q text; begin for q in select 1 loop execute q; end loop; end": {"q": None},
    "declare q text; begin q := 'a'; foreach q in array z loop execute q; end loop; end": {"q": None},
    "declare q text; begin q := 'a'; get diagnostics q = row_count; execute q; end": {"q": None},
    "declare q text[]; begin q[1] := 'a'; execute q; end": {"q": None},
    "declare q text; begin execute q; end": {"q": None},
    "begin insert into t values (1); execute q; end": {},
    "begin if q = 'a' then execute q; end if; end": {},
    "begin declare q text; begin execute q; end; end": {"q": None},
}


@pytest.mark.parametrize("body", CASES)
def test_variables(body: str) -> None:
    known = next(each.known for each in pieces(body) if each.dynamic)
    assert {name: known[name] for name in known if name == "q"} == CASES[body]


def test_arguments_by_name_and_number() -> None:
    given = ("x", None, "z")
    assert of_call("q text, n integer, INOUT r text", given) == {"$1": "x", "q": "x", "$3": "z", "r": "z"}
    assert of_call("text, VARIADIC more text[]", ("x", "y")) == {"$1": "x"}
    assert of_call("OUT n integer, q text", ("x",)) == {"$1": "x", "q": "x"}
    assert of_call("", ("x",)) == {"$1": "x"}
