"""Searching a log as bytes finds the same as reading every entry of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import astuple
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flatsplit import logs
from flatsplit.logs import Scan, Word, scan
from flatsplit.logs.words import Words
from flatsplit.trail import Search, parse_query

AT = "2026-11-28 10:00:00.123 UTC"
PREFIX = "%m [%p] %q%u@%d %a %h %e "
BARE = "%m [%p] %q%u@%d "


class Line(NamedTuple):
    """An entry, whatever format it is written in."""

    severity: str
    state: str
    message: str
    statement: str
    pid: int


def as_stderr(line: Line, prefix: str = PREFIX) -> bytes:
    head = f"{AT} [{line.pid}] app_user@shop " + (f"web 10.0.0.5 {line.state} " if prefix == PREFIX else "")
    text = f"{head}{line.severity}:  {line.message}\n{head}STATEMENT:  {line.statement}"
    text = text if line.statement else text.partition(f"\n{head}STATEMENT")[0]
    return (text.replace("\n", "\n\t").replace(f"\n\t{head}STATEMENT", f"\n{head}STATEMENT") + "\n").encode()


def bare(line: Line) -> bytes:
    return as_stderr(line, BARE)


def as_csv(line: Line) -> bytes:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if text else ""

    tag = line.statement.split()[0].upper() if line.statement.split() else ""
    row = (AT, '"app_user"', '"shop"', line.pid, '"10.0.0.5:5432"', f"6b0aa54c.{line.pid:x}", 3, quoted(tag), AT, "4/3")
    rest = (0, line.severity, line.state, quoted(line.message), "", "", "", "", "", quoted(line.statement), "", "")
    return (",".join(map(str, (*row, *rest, '"web"', '"client backend"', "", 0))) + "\n").encode()


def as_json(line: Line) -> bytes:
    row: dict[str, Any] = {"timestamp": AT, "user": "app_user", "dbname": "shop", "pid": line.pid}
    row |= {"remote_host": "10.0.0.5", "session_id": f"6b0aa54c.{line.pid:x}", "vxid": "4/3"}
    row |= {"error_severity": line.severity, "state_code": line.state, "message": line.message}
    row |= {"statement": line.statement} if line.statement else {}
    return (json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


FORMATS: dict[str, tuple[Callable[[Line], bytes], str | None]] = {
    "stderr": (as_stderr, PREFIX),
    "without %e": (bare, BARE),
    "csvlog": (as_csv, None),
    "jsonlog": (as_json, None),
}
STATEMENTS = """
drop table payments\f
DROP\n\tTABLE\n payments\f
dRoP/**/table public.payments, gone\f
create table t (i int)\f
truncate"payments"\f
GRANT"admin"TO bob\f
grant select on payments to public\f
revoke all on t from bob\f
comment on table payments is 'x'\f
security label on table payments is 'x'\f
reassign owned by bob to alice\f
select * into copied from payments\f
import foreign schema s from server x into y\f
load 'x'\f
alter system reset all\f
set local  role dba\f
SET/**/ROLE dba\f
set "role" = dba\f
select set_config('role', 'dba', true)\f
set session\nauthorization dba\f
select set_config('session_authorization','dba',false)\f
create user u\f
copy payments from program'id'\f
copy payments to '/tmp/x'\f
select pg_reload_conf()\f
update payments set x = pg_read_file('x')\f
select * from pg_shadow\f
select * from pg_user_mapping\f
select dblink_connect_u('x')\f
select lo_export(1, 'x')\f
do $$ begin execute 'drop' || ' table payments'; end $$\f
drop table U&"\\0070ayments"\f
drop table "Äpfel"\f
delete from payments where id = 8\f
select created_at, altered, role_id from payments\f
insert into payments values ('drop table x')\f
select payments.role, dropped from copy_of\f
select 1\f
begin\f
commit\f
rollback\f
select 'it''s'\n;\n drop table t\f
select "a,b", '"\n' from payments\f
with x as (select 1) update payments set comment = 'grant'\f
explain analyze drop table t
""".strip().split("\f\n")
FORGED = [
    f"/*\n{AT},{names},1,,6b.7,1,{rest}\n*/ drop table payments"
    for names in (",", '"",""', '"",')
    for rest in ("", f",{AT},,0,LOG,00000,", f',{AT},,0,LOG,00000,"x","', f',{AT},,0,LOG,00000,"",')
] + [f"drop table payments /*\n{AT},,,1,,6b.7,1,,{AT},,0,LOG,00000,"]
"""What would hide the statement where it were taken for the beginning of a row; the last with what comes behind it."""
MESSAGES = (
    ("ERROR", "42501", "must be owner of table payments"),
    ("ERROR", "42501", "permission denied for table payments"),
    ("ERROR", "42601", "cannot insert multiple commands into a prepared statement"),
    ("ERROR", "22012", "division by zero"),
    ("FEHLER", "42501", "keine Berechtigung für Tabelle payments"),
    ("ОШИБКА", "42501", "нужно быть владельцем таблицы"),
    ("WARNING", "01007", 'no privileges were granted for "payments"'),
    ("FATAL", "28P01", 'password authentication failed for user "x"'),
)
QUESTIONS = (
    *("", "payments", "public.payments", '"Äpfel"', "DROP TABLE payments", "drop", "grant", "set role", "create role"),
    *(
        "GRANT payments",
        "select into",
        "pg_reload_conf",
        "delete from payments where id = 7",
        "copy program",
        "role",
        "t",
    ),
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    statement = draw(st.sampled_from(STATEMENTS) | st.sampled_from(FORGED))
    pid = draw(st.integers(7, 9))
    if draw(st.booleans()):
        severity, state, message = draw(st.sampled_from(MESSAGES))
        return Line(severity, state, message, statement if severity not in ("WARNING", "FATAL") else "", pid)
    how = draw(st.sampled_from(["statement: ", "execute <unnamed>: ", "duration: 1.234 ms  statement: ", ""]))
    return Line("LOG", "00000", how + statement if how else "connection authorized: user=app_user", "", pid)


class Everything(Scan):
    """Reads every entry."""

    def _places(self, start: int, end: int) -> list[int]:
        found = []
        while start < end:
            found.append(start)
            start = max(self.form.end(self._data, start, final=True), start + 1)
        return found


def searched(kind: type[Scan], data: bytes, prefix: str | None, question: str, refused: bool, size: int) -> list[Any]:
    form = logs.sniff(data, prefix)
    assert form is not None
    search = Search(parse_query(question), refused, "log")
    feeding = search.scan(form)
    feeding.__class__ = kind
    if kind is Everything:
        feeding._sieve = lambda _: True
    for place in range(0, len(data), size):
        feeding.feed(data[place : place + size], final=False)
    feeding.feed(b"", final=True)
    return [astuple(deed) for deed in search.deeds if not refused or deed.outcome == "refused"]


@pytest.mark.parametrize("form", FORMATS)
@example(
    [Line("LOG", "00000", f"statement: {text}", "", 7) for text in (STATEMENTS[0], FORGED[-1], FORGED[0])],
    "",
    False,
    248,
    157,
)
@given(
    st.lists(lines(), min_size=1, max_size=12),
    st.sampled_from(QUESTIONS),
    st.booleans(),
    st.integers(50, 3000),
    st.integers(1, 2000),
)
def test_nothing_is_missed(form: str, written: list[Line], question: str, refused: bool, size: int, piece: int) -> None:
    """Wherever pieces of it begin and end."""
    write, prefix = FORMATS[form]
    data = b"".join(map(write, written))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "PIECE", piece)
        fast = searched(Scan, data, prefix, question, refused, size)
    assert fast == searched(Everything, data, prefix, question, refused, len(data))


@example(["1", "d__", "d__Ä"], "d__", False)
@given(
    st.lists(st.text("abpg_'\n1ÄПd", min_size=1, max_size=5), min_size=3, max_size=9),
    st.text("abpg_'\n1ÄПd AB.", max_size=200),
    st.booleans(),
)
def test_words_that_are_there_are_among(words: list[str], text: str, folded: bool) -> None:
    data = text.encode()
    looked_for = [Word(word.encode().lower() if folded else word.encode(), folded) for word in words]
    there = {word for word in looked_for if word.text in (data.lower() if folded else data)}
    assert there <= set(Words(looked_for).among(data))


def test_what_is_no_keyword_is_not_found() -> None:
    word = Word(b"create", keyword=True)
    for text in (b"created_at", b"create_it", b"create1", b"create$", b"t.create)", "createä".encode()):
        assert word.find(text, 0, len(text)) == -1
    for text in (b"create", b"x create ", b"\\ncreate/**/t", b'create"', b"create'", b"created create\n"):
        assert word.find(text, 0, len(text)) >= 0
    into = Word(b"into", keyword=True, but_after=(b"insert",))
    assert into.find(b"insert into t select x into y", 0, 99) == 23


def test_a_session_that_says_nothing_more_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each that ended without a line would be one more word to look for in all that follows."""
    monkeypatch.setattr(scan, "PATIENCE", 2000)
    form = logs.sniff(as_csv(Line("LOG", "00000", "statement: select 1", "", 7)))
    assert form is not None
    search = Search(parse_query(""), False, "log")
    feeding = search.scan(form)
    for pid, statement in ((7, "drop table payments"), (8, "drop table t"), *((8, "select 1") for _ in range(40))):
        feeding.feed(as_csv(Line("LOG", "00000", f"statement: {statement}", "", pid)), final=False)
        assert pid == 7 or "6b0aa54c.8" in feeding._followed
    assert list(feeding._followed) == ["6b0aa54c.8"]
    assert [deed.outcome for deed in search.deeds] == ["maybe rolled back"] * 2
