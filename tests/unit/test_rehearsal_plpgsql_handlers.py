"""Where a PL/pgSQL body goes on after a refusal."""

from __future__ import annotations

import pytest

from flatsplit.rehearsal.plpgsql import pieces

CASES = {
    "begin truncate t; exception when others then null; end": True,
    "begin truncate t; exception when insufficient_privilege then return; end": True,
    "begin truncate t; exception when SQLSTATE '42501' then null; end": True,
    "begin truncate t; exception when unique_violation or others then raise notice 'x'; end": True,
    "begin truncate t; exception when unique_violation then null; end": False,
    "begin truncate t; exception when others then raise; end": False,
    "begin truncate t; exception when others then raise exception 'x'; end": False,
    "begin truncate t; exception when insufficient_privilege then null; when others then raise; end": True,
    "begin truncate t; exception when unique_violation then raise; when others then null; end": True,
    "begin truncate t; end": False,
    "begin begin select 1; exception when others then null; end; truncate t; end": False,
    "begin select 1; exception when others then truncate t; end": False,
    "begin begin truncate t; end; exception when others then null; end": True,
    "begin if a then begin truncate t; end; end if; exception when others then null; end": True,
    "begin x := case when a then 1 else 2 end; truncate t; exception when others then null; end": True,
    "<<a>> declare b int; begin for i in 1..2 loop truncate t; end loop; exception when others then null; end a": True,
}


@pytest.mark.parametrize("body", CASES)
def test_caught(body: str) -> None:
    assert [piece.caught for piece in pieces(body) if piece.sql == "truncate t"] == [CASES[body]]
