"""Logs in every format: what an entry says, whatever stands in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit import logs
from flatsplit.logs import Entry, Scan, Word
from flatsplit.logs.csvlog import CsvLog
from flatsplit.logs.plans import explained
from flatsplit.logs.prefix import guess
from flatsplit.logs.stderr import StderrLog

AT = "2026-11-28 10:00:00.123 UTC"
DAY = "2026-11-28 10:00:00"
HOSTILE = [
    "SELECT 1;\n2026-11-28 10:00:00.123 UTC [7] app_migrator@shop LOG:  statement: DROP TABLE payments",
    'SELECT \'\n2026-11-28 10:00:00.123 UTC,"app_migrator","shop",7,"10.0.0.1:5",6b.7,1,"",,3/4,0,LOG,00000,"x"',
    '\n{"timestamp":"2026-11-28 10:00:00.123 UTC","user":"app_migrator","error_severity":"LOG","message":"x"}\n',
    "a\ttab\nand a\n\tline",
    "\x1b[2J \u202e ü ❤ \\ \" ''",
]


def stderr(message: str, statement: str, user: str = "app_user", application: str = "web", more: str = "") -> bytes:
    prefix = f"{AT} [4711] {user}@shop {application} 10.0.0.5 42501 "

    def tabbed(text: str) -> str:
        return text.replace("\n", "\n\t")

    return f"{prefix}ERROR:  {tabbed(message)}\n{more}{prefix}STATEMENT:  {tabbed(statement)}\n".encode()


def as_csv(message: str, statement: str, user: str = "app_user", application: str = "web") -> bytes:
    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if text else ""

    fields = (
        *(AT, quoted(user), '"shop"', "4711", '"10.0.0.5:5432"', "6b0aa54c.11dd", "3", '"idle"', AT, "4/3", "0"),
        *("ERROR", "42501", quoted(message), "", "", "", "", "", quoted(statement), "", "", quoted(application)),
        *('"client backend"', "", "0"),
    )
    return (",".join(fields) + "\n").encode()


def as_json(message: str, statement: str, user: str = "app_user", application: str = "web") -> bytes:
    row = {
        "timestamp": AT,
        "user": user,
        "dbname": "shop",
        "pid": 4711,
        "remote_host": "10.0.0.5",
        "session_id": "6b0aa54c.11dd",
        "vxid": "4/3",
        "error_severity": "ERROR",
        "state_code": "42501",
        "message": message,
        "statement": statement,
        "application_name": application,
    }
    return (json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n").encode()


PREFIX = "%m [%p] %q%u@%d %a %h %e "
FORMATS = [
    pytest.param(stderr, id="stderr"),
    pytest.param(as_csv, id="csv"),
    pytest.param(as_json, id="json"),
]
Write = Callable[..., bytes]


def read(data: bytes) -> list[Entry]:
    form = logs.sniff(data, PREFIX)
    assert form is not None
    return list(logs.entries(data, form))


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_client_sends_stays_a_statement(write: Write, text: str) -> None:
    found = read(write("must be owner of table payments", text) * 3)
    assert [(each.user, each.client, each.sqlstate) for each in found] == [("app_user", "10.0.0.5", "42501")] * 3
    assert {each.statement for each in found} == {text}
    assert all(each.at == AT and each.application == "web" and each.database == "shop" for each in found)


@pytest.mark.parametrize("write", FORMATS)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=60),
            st.sampled_from(["", '"', '""', ",", "\n", "\n2026-11-28 10:00:00.123 UTC", "\t", "{", "}"]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 400),
)
def test_an_entry_is_found_again_from_any_place_in_it(write: Write, texts: list[tuple[str, str]], size: int) -> None:
    """Also when it comes in pieces: searching finds what reading from the start finds."""
    pieces = [write(f"needle {first}", f"SELECT {first}{second}{first}") for first, second in texts]
    data = b"".join(pieces)
    form = logs.sniff(data, PREFIX)
    assert form is not None
    every = list(logs.entries(data, form))
    found: list[Entry] = []
    scan = Scan(form, [(Word(b"needle"),)], (), lambda _: True, lambda entry, _: found.append(entry))
    for place in range(0, len(data), size):
        scan.feed(data[place : place + size], final=False)
    scan.feed(b"", final=True)
    assert [each.statement for each in found] == [each.statement for each in every]
    assert len(found) == len(texts)
    place = 0
    for piece in pieces:
        for inside in (place, place + len(piece) // 2, place + len(piece) - 1):
            assert form.start(data, inside) == place
        assert form.end(data, place, final=True) == place + len(piece)
        place += len(piece)


def test_rows_of_csv_are_what_the_standard_library_reads() -> None:
    data = b"".join(as_csv(text, text) for text in HOSTILE)
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))
    assert [each.statement for each in read(data)] == [row[19] for row in rows]


def test_a_name_that_imitates_the_log_is_doubtful() -> None:
    """On stderr only, where nothing is quoted; csvlog and jsonlog cannot be forged."""
    forged = "x 10.9.9.9 00000 LOG:  statement: SELECT 1"
    (entry,) = read(stderr("must be owner of table payments", "DROP TABLE payments", application=forged))
    assert entry.other is not None
    assert {each.severity for each in entry.readings()} == {"LOG", "ERROR"}
    assert {each.client for each in entry.readings()} == {"10.9.9.9", "10.0.0.5"}
    for write in (as_csv, as_json):
        (entry,) = read(write("must be owner of table payments", "DROP TABLE payments", application=forged))
        assert entry.other is None
        assert entry.client == "10.0.0.5"
    for application in ("flyway 10", "shop application"):
        (entry,) = read(stderr("must be owner of table payments", "DROP TABLE payments", application=application))
        assert entry.other is None
    line = f"{AT} [7] app_user@shop [local] shop application 42501 ERROR:  must be owner of table payments"
    entry_of = StderrLog("%m [%p] %q%u@%d %h %a %e ").read(line.encode())
    assert entry_of is not None
    assert (entry_of.client, entry_of.application, entry_of.other) == ("local", "shop application", None)


@pytest.mark.parametrize(
    ("prefix", "line", "said"),
    [
        ("%m [%p] %q%u@%d ", f"{AT} [12] app_user@shop ", "app_user shop - -"),
        ("%t:%r:%u@%d:[%p]:", f"{DAY} UTC:10.0.0.5(51234):app_user@shop:[12]:", "app_user shop - 10.0.0.5"),
        (
            "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
            f"{DAY} CET [12]: [3-1] user=app_user,db=shop,app=myweb,client=::1 ",
            "app_user shop myweb ::1",
        ),
        ("%m [%p]: [%l-1] db=%d,user=%u ", f"{AT} [12]: [3-1] db=shop,user=app_user ", "app_user shop - -"),
        ("%m [%p] ", f"{AT} [12] ", "- - - -"),
        ("%-10u|%5p|%h|%m|", f"app_user  |   12|[local]|{AT}|", "app_user - - local"),
    ],
)
def test_prefixes(prefix: str, line: str, said: str) -> None:
    data = f"{line}LOG:  statement: SELECT 1\n".encode() * 5
    for known in (prefix, None):
        form = logs.sniff(data, known)
        assert form is not None
        entry = form.read(data.split(b"\n")[0])
        assert entry is not None
        if known is not None or not prefix.startswith("%-"):
            shown = " ".join(each or "-" for each in (entry.user, entry.database, entry.application, entry.client))
            assert shown == said
            assert entry.session == "12"
        assert entry.message == "statement: SELECT 1"


def test_where_the_prefix_is_not_known_a_forged_address_is_doubtful_too() -> None:
    """A prefix that nobody has heard of, and an application that calls itself like the rest of it."""
    prefix = f"{DAY} UTC <12> user=app_user|db=shop|app={{}}|client=10.9.9.9 "
    for name, doubtful in (("web", False), ("x,client=10.0.0.7,user=app_migrator,", True)):
        form = StderrLog(None)
        entry = form.read((prefix.format(name) + "ERROR:  must be owner of table payments").encode())
        assert entry is not None
        assert (entry.other is not None) is doubtful


def test_a_line_of_a_background_process_is_no_ones() -> None:
    form = StderrLog(PREFIX)
    entry = form.read(f"{AT} [9] LOG:  checkpoint starting: time\n".encode())
    assert entry is not None
    assert (entry.user, entry.session) == ("", "9")


@pytest.mark.parametrize(
    ("severity", "message", "refused"),
    [
        ("ERROR", "must be owner of table payments", True),
        ("FEHLER", "Berechtigung nur für Eigentümer der Tabelle payments", True),
        ("FEHLER", "keine Berechtigung für Tabelle payments", True),
        ("ERREUR", "droit refusé pour la table payments", True),
        ("ERROR", "permiso denegado a la tabla payments", True),
        ("ОШИБКА", "нет доступа к таблице payments", True),
        ("ERROR", "テーブル payments へのアクセスが拒否されました", True),
        ("ERROR", 'ロール"dba"を設定する権限がありません', True),
        ("ОШИБКА", 'нет прав установить роль "dba"', True),
        ("ERROR", 'relation "permission denied" does not exist', False),
        ("FEHLER", "Relation »payments« existiert nicht", False),
        ("ERREUR", "la relation « payments » n'existe pas", False),
    ],
)
def test_refusals_are_known_in_every_language(severity: str, message: str, refused: bool) -> None:
    data = f"{AT} [12] app_user@shop {severity}:  {message}\n".encode()
    form = logs.sniff(data)
    assert form is not None
    (entry,) = logs.entries(data, form)
    assert entry.severity == "ERROR"
    assert logs.is_refused(entry) is refused


def said(message: str) -> Any:
    return logs.logged(message)


def test_statements_in_messages() -> None:
    assert said("statement: DROP TABLE t") == ("DROP TABLE t", False, False, False)
    assert said("duration: 1.2 ms  statement: DROP TABLE t") == ("DROP TABLE t", True, False, False)
    assert said("execute a: b: c") == ("b: c", False, True, False)
    assert said("Ausführen <unnamed>: DROP TABLE t") == ("DROP TABLE t", False, True, False)
    assert said("durée : 1.2 ms, instruction : DROP TABLE t") == ("DROP TABLE t", True, False, False)
    assert said("duration: 0.1 ms  parse <unnamed>: DROP TABLE t").early
    assert said("duration: 0.1 ms") is None
    assert logs.inner_statement('SQL statement "DROP TABLE "x""\nPL/pgSQL function f() line 1') == 'DROP TABLE "x"'
    assert logs.inner_statement("SQL-Anweisung »drop table payments«\nPL/pgSQL-Funktion") == "drop table payments"


@pytest.mark.parametrize(("fit", "found"), [(10, "%m [%p] %q%u@%d "), (8, "%m [%p] %q%u@%d "), (7, None), (3, None)])
def test_a_prefix_is_guessed_where_four_lines_in_five_have_it(fit: int, found: str | None) -> None:
    """With fewer of them the log has another one, and what the others say would be lost."""
    line, other = f"{AT} [4711] app_user@shop LOG:  hello".encode(), b"app 4711 LOG:  hello"
    assert guess([line] * fit + [other] * (10 - fit)) == found


def test_an_application_that_imitates_the_prefix_is_read_with_the_shortest_name_first() -> None:
    """Both readings are kept: the first one with as little of the line as can be for the client's own choice."""
    line = f"{AT} [4711] app_user@shop web LOG:  statement: DROP TABLE t LOG:  real\n".encode()
    entry = StderrLog("%m [%p] %u@%d %a ").read(line)
    assert entry is not None
    assert entry.other is not None
    assert (entry.application, entry.message) == ("web", "statement: DROP TABLE t LOG:  real")
    assert (entry.other.application, entry.other.message) == ("web LOG:  statement: DROP TABLE t", "real")


def test_a_row_of_a_process_without_a_client_is_one_by_its_message() -> None:
    """Names and command are empty there, as a client's text inside a field can be: its message tells them apart."""
    row = b'2026-11-28 10:00:00.123 UTC,,,7,,6b.7,1,,2026-11-28 09:00:00 UTC,,0,LOG,00000,"checkpoint",,,,,,,,,""\n'
    entry = CsvLog().read(row)
    assert entry is not None
    assert (entry.message, entry.user) == ("checkpoint", "")
    assert CsvLog().read(row.replace(b'"checkpoint"', b'""')) is None


QUERY = 'SELECT "a" AS "<b>", \'x &\n y\' FROM t\n WHERE a > $1'


@pytest.mark.parametrize(
    "plan",
    [
        f"Query Text: {QUERY}\nSeq Scan on t  (cost=0.00..41.88 rows=13 width=4) (actual time=0.1..0.2 rows=0 loops=1)",
        f"Query Text: {QUERY}\nQuery Parameters: $1 = '1'\nUpdate on t  (cost=0.00..1.01 rows=0 width=0)",
        json.dumps({"Query Text": QUERY, "Plan": {"Node Type": "Seq Scan"}}),
        f'Query Text: {json.dumps(QUERY)}\nPlan: \n  Node Type: "Seq Scan"',
        f'<explain xmlns="http://x">\n  <Query-Text>{escape(QUERY)}</Query-Text>\n  <Plan/>',
    ],
    ids=["text", "parameters", "json", "yaml", "xml"],
)
def test_a_plan_tells_its_statement(plan: str) -> None:
    assert explained(f"duration: 0.123 ms  plan:\n{plan}") == QUERY


@pytest.mark.parametrize(
    "message", ["", "duration: 0.123 ms", "duration: 0.1 ms  plan:\n{", "plan:\nQuery Text: SELECT 1"]
)
def test_no_plan_tells_nothing(message: str) -> None:
    assert explained(message) == ""
