"""Which statements of a PL/pgSQL body come only under a condition."""

from __future__ import annotations

import pytest

from flatsplit.rehearsal.plpgsql import pieces

CASES = {
    "begin truncate t; end": False,
    "begin if a > 0 then truncate t; end if; end": True,
    "begin if a > 0 then null; else truncate t; end if; end": True,
    "begin if a > 0 then null; elsif b then truncate t; end if; end": True,
    "begin if a > 0 then null; end if; truncate t; end": False,
    "begin if a > 0 then return; end if; truncate t; end": True,
    "begin if a > 0 then return next 1; end if; truncate t; end": False,
    "begin case a when 1 then truncate t; else null; end case; end": True,
    "begin case a when 1 then null; end case; truncate t; end": False,
    "begin x := case when a then 1 else 2 end; truncate t; end": False,
    "begin for i in 1..3 loop truncate t; end loop; end": True,
    "begin for i in select a from b loop null; end loop; truncate t; end": False,
    "begin while a loop truncate t; end loop; end": True,
    "begin loop truncate t; exit; end loop; end": False,
    "<<outer>> begin <<l>> foreach x in array y loop begin truncate t; end; end loop l; end": True,
    "begin begin perform 1; exception when others then truncate t; end; end": True,
    "begin begin truncate t; exception when others then null; end; end": False,
    "begin begin perform 1; exception when others then null; end; truncate t; end": False,
    "declare x int := 1; begin truncate t; return; end": False,
    "begin if a then begin return; end; end if; truncate t; end": True,
    "begin execute 'truncate t'; end": False,
    "begin if a then execute 'truncate t'; end if; end": True,
}


@pytest.mark.parametrize("body", CASES)
def test_what_stands_in_a_branch(body: str) -> None:
    assert [piece.perhaps for piece in pieces(body) if "truncate t" in piece.sql] == [CASES[body]]


def test_a_condition_itself_is_certain() -> None:
    found = {piece.sql: piece.perhaps for piece in pieces("begin if f() then null; elsif g() then null; end if; end")}
    assert found == {"SELECT f()": False, "SELECT g()": True}
