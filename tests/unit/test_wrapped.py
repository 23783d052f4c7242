"""Logs collected by other programs give the same entries as the server wrote; known prefixes are recognised."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit.errors import UsageError
from flatsplit.logs.wrapped import wrappings
from flatsplit.trail import Deed, Search, log_files, parse_query, read_files

DAY = "2026-11-28"
AT = f"{DAY} 10:00:00"
ISO = f"{DAY}T10:00:00.123456789Z"
STATEMENT = "DROP TABLE\n\tpayments -- ü " + "long " * 250


def server(prefix: str = f"{AT}.123 UTC [4711] app_user@shop ") -> list[str]:
    """What a server writes on stderr, as lines."""
    other = prefix.replace("app_user", "other").replace("4711", "4712")
    around = [f"{other}LOG:  statement: select {number}\n" for number in range(5)]
    refused = [f"{prefix}ERROR:  must be owner of table payments\n"]
    told = f"{prefix}STATEMENT:  {STATEMENT}\n".replace("\n\t", "\n\t\t").splitlines(keepends=True)
    return [*around, *refused, *told, *around]


def syslog(lines: list[str], at: str = "Nov 28 10:00:00", ident: str = "postgres") -> str:
    """As write_syslog() splits it; rsyslog writes a tab as #011."""
    found, number, chunk = "", 0, 0
    for line in lines:
        continues = line.startswith("\t") or "STATEMENT:" in line
        number, chunk = (number, chunk + 1) if continues else (number + 1, 1)
        pieces = [line.rstrip("\n")]
        while len(pieces[-1]) > 800:
            cut = pieces[-1].rindex(" ", 0, 800)
            pieces[-1:] = [pieces[-1][:cut], pieces[-1][cut:]]
        for more, piece in enumerate(pieces):
            chunk += more > 0
            found += f"{at} db1 {ident}[4711]: [{number}-{chunk}] {piece.replace(chr(9), '#011')}\n"
    return found


def crowded(lines: list[str]) -> str:
    others = "".join(f"Nov 28 10:00:00 db1 cron[{number}]: ERROR:  x\n" for number in range(9))
    return f"-- Boot 1 --\n{others}{syslog(lines)}{others}"


def cri(lines: list[str]) -> str:
    """What is long comes in parts."""
    parts = (
        (line[place : place + 999], place + 999 < len(line)) for line in lines for place in range(0, len(line), 999)
    )
    return "".join(f"{ISO} stderr {'P' if more else 'F'} {part.rstrip(chr(10))}\n" for part, more in parts)


def objects(key: str, *, feed: bool = False) -> Callable[[list[str]], str]:
    return lambda lines: "".join(
        json.dumps({key: line if feed else line.rstrip("\n"), "time": ISO}) + "\n" for line in lines
    )


def cloudnative(_: list[str]) -> str:
    record = {"log_time": f"{AT}.123 UTC", "user_name": "app_user", "connection_from": "10.0.0.5:51234"}
    record |= {"database_name": "shop", "session_id": "6b.7", "error_severity": "ERROR", "sql_state_code": "42501"}
    record |= {"message": "must be owner of table payments", "query": STATEMENT.replace("\n\t", "\n")}
    said = ({"logger": "postgres", "msg": "record", "record": record}, {"level": "info", "msg": "reconciled"})
    return "".join(json.dumps(row) + "\n" for row in said)


COLLECTED: dict[str, Callable[[list[str]], str]] = {
    "syslog": syslog,
    "rsyslog, ISO": lambda lines: syslog(lines, f"{DAY}T10:00:00.123456+00:00"),
    "another ident": lambda lines: syslog(lines, ident="shopdb"),
    "with others": crowded,
    "journalctl": lambda lines: "".join(f"Nov 28 10:00:00 db1 postgres[4711]: {line}" for line in lines),
    "journalctl -o json": objects("MESSAGE"),
    "docker": objects("log", feed=True),
    "Cloud Logging": objects("textPayload"),
    "CRI": cri,
    "kubectl": lambda lines: "".join(f"{ISO} {line}" for line in lines),
    "compose": lambda lines: "".join(f"shop-db-1  | {line}" for line in lines),
    "compose, timestamps": lambda lines: "".join(f"shop-db-1  | {ISO} {line}" for line in lines),
    "CloudNativePG": cloudnative,
    "kubectl, CloudNativePG": lambda lines: "".join(f"{ISO} {line}" for line in cloudnative(lines).splitlines(True)),
}


def refused(path: Path, *others: Path) -> list[Deed]:
    search = Search(parse_query(""), True, "")
    read_files(log_files([path, *others], None, None), search, lambda _, __: None)
    return search.deeds


@pytest.mark.parametrize("how", COLLECTED)
def test_who_finds_it_in_what_was_collected(how: str, tmp_path: Path) -> None:
    log = tmp_path / "all.log"
    log.write_text(COLLECTED[how](server()))
    (deed,) = refused(log)
    assert (deed.at, deed.login, deed.act, deed.object) == (f"{DAY}T10:00:00.123+00:00", *WHAT)
    assert " ".join(deed.statement.split()) == " ".join(STATEMENT.split())


def test_a_message_of_the_journal_that_cannot_be_printed_is_read(tmp_path: Path) -> None:
    log = tmp_path / "all.log"
    lines = [line.replace("long", "\x01") for line in server()]
    messages = (list(line.rstrip("\n").encode()) if "\x01" in line else line.rstrip("\n") for line in lines)
    log.write_text("".join(json.dumps({"MESSAGE": message}) + "\n" for message in messages))
    (deed,) = refused(log)
    assert (deed.login, deed.act, deed.object) == WHAT


@pytest.mark.parametrize("how", ["journalctl", "journalctl -o json"])
@pytest.mark.parametrize("times", [0, 40])
def test_a_message_that_the_journal_left_out_is_missed(how: str, times: int, tmp_path: Path) -> None:
    """A client makes it so: with one character that cannot be printed, or with a long statement."""
    log = tmp_path / "all.log"
    left_out = COLLECTED[how](["X"]).replace('"X"', "null").replace("X", "[12.1K blob data]").removesuffix("\n") + "\n"
    log.write_text(COLLECTED[how](server()) * times + left_out + COLLECTED[how](server()))
    with pytest.raises(UsageError, match="journalctl left out"):
        refused(log)


WHAT = ("app_user", "DROP TABLE", "payments")


def test_syslog_tells_session_and_time_where_the_prefix_does_not(tmp_path: Path) -> None:
    log = tmp_path / "messages"
    log.write_text(syslog(server("user=app_user,db=shop "), f"{DAY}T10:00:00.123456+00:00"))
    (deed,) = refused(log)
    assert (deed.at, deed.login, deed.act, deed.object) == (f"{DAY}T10:00:00+00:00", *WHAT)


@pytest.mark.parametrize(
    ("prefix", "login", "client", "application"),
    [
        (f"{AT}.123 UTC [4711] ", "", "", ""),
        (f"{AT}.123 UTC [4711] app_user@shop ", "app_user", "", ""),
        (f"{AT} UTC:10.0.0.5(51234):app_user@shop:[4711]:", "app_user", "10.0.0.5", ""),
        (f"{AT}.123 UTC [4711]: [3-1] db=shop,user=app_user ", "app_user", "", ""),
        (f"{AT} UTC-6b0aa54c.11dd-", "", "", ""),
        (f"{AT} UTC-6b0aa54c.11dd-user=app_user,db=shop,app=web,client=10.0.0.5 ", "app_user", "10.0.0.5", "web"),
        (f"10.0.0.5 {AT}.123 UTC [4711] app_user@shop ", "app_user", "10.0.0.5", ""),
        (f"{AT}.123 UTC [4711][client backend][3/44][0] [user=app_user,db=shop,app=web] ", "app_user", "", "web"),
    ],
)
def test_prefixes_are_known_by_what_lines_show(
    prefix: str, login: str, client: str, application: str, tmp_path: Path
) -> None:
    """A refusal is found whoever it was: no SQLSTATE is waited for that no line tells."""
    log = tmp_path / "all.log"
    log.write_text("".join(server(prefix)))
    (deed,) = refused(log)
    assert (deed.login, deed.client, deed.application) == (login, client, application)
    assert deed.at.startswith(f"{DAY}T10:00:00")


def test_lines_of_the_servers_own_do_not_say_what_sessions_tell(tmp_path: Path) -> None:
    log = tmp_path / "all.log"
    log.write_text(f"{AT}.123 UTC [7] LOG:  checkpoint starting: time\n" * 2000 + "".join(server()))
    assert [deed.login for deed in refused(log)] == ["app_user"]


@pytest.mark.parametrize("pack", [gzip.open, bz2.open, lzma.open])
def test_it_may_be_packed(pack: Callable[..., gzip.GzipFile], tmp_path: Path) -> None:
    log = tmp_path / "all.log.2"
    with pack(log, "wb") as file:
        file.write(objects("log", feed=True)(server()).encode())
    assert [deed.login for deed in refused(log)] == ["app_user"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_is_damaged_is_told_wherever(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    packed = bytearray(pack("".join(server()).encode()))
    log = tmp_path / "all.log.1"
    for place in range(4, len(packed), 7):
        for value in (0, 0xFF):
            log.write_bytes(bytes((*packed[:place], value, *packed[place + 1 :])))
            with suppress(UsageError):
                assert len(refused(log)) <= 1


@pytest.mark.parametrize("text", ["\ud800", "9999999999999999999.123", "+99:99"])
def test_what_no_server_writes_is_no_error(text: str, tmp_path: Path) -> None:
    """Half a character, a moment that no clock shows."""
    log = tmp_path / "all.log"
    for key in ("log", "textPayload"):
        lines = [line.replace(f"{AT}.123 UTC", text if "." in text else f"{AT}.123 {text}") for line in server()]
        log.write_text(objects(key, feed=True)(lines))
        assert len(refused(log)) == 1
    row = {"timestamp": text, "error_severity": "ERROR", "state_code": "42501", "user": text}
    log.write_text(json.dumps(row | {"message": "must be owner of table t", "statement": f"DROP TABLE t{text}"}) + "\n")
    (deed,) = refused(log)
    json.dumps(deed.at).encode()
    deed.statement.encode()


def test_what_is_packed_otherwise_is_told(tmp_path: Path) -> None:
    log = tmp_path / "all.log.zst"
    log.write_bytes(b"\x28\xb5\x2f\xfd and so on")
    with pytest.raises(UsageError, match="packed with zstd"):
        refused(log)


def test_several_formats_of_the_same_entries_are_read_once(tmp_path: Path) -> None:
    row = f'{AT} UTC,"app_user","shop",7,"10.0.0.5:1",6b.7,1,"",{AT} UTC,4/3,0,ERROR,42501,"must be owner of table t"'
    for turn in ("", ".1", ".2.gz", "-20261128"):
        for kind, text in (
            (".csv", row + ',,,,,,"DROP TABLE t",,,"web","client backend",,0\n'),
            (".log", "".join(server())),
        ):
            with (gzip.open if turn.endswith("gz") else open)(tmp_path / f"all{kind}{turn}", "wb") as file:
                file.write(text.encode())
    assert [deed.client for deed in refused(tmp_path)] == ["10.0.0.5"] * 4
    assert [deed.client for deed in refused(tmp_path / "all.log.1", tmp_path / "all.csv.1")] == ["10.0.0.5"]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("half", [False, True])
def test_a_log_that_is_there_packed_as_well_is_read_once(
    pack: Callable[[bytes], bytes], half: bool, tmp_path: Path
) -> None:
    """Somebody packed it and kept it, or it is being packed while it is read."""
    log = "".join(server()).encode()
    ending = {gzip.compress: "gz", bz2.compress: "bz2", lzma.compress: "xz"}[pack]
    (tmp_path / "all.log").write_bytes(log)
    (tmp_path / f"all.log.{ending}").write_bytes(pack(log)[: 20 if half else None])
    assert len(refused(tmp_path)) == 1


@given(st.text('[]{}:"|\n\\t 0123456789-TZFPlogapostgres', max_size=300))
def test_what_a_client_says_takes_nothing_off(text: str) -> None:
    """Of a log of the server's own: its lines begin as they begin."""
    tabbed = text.replace("\n", "\n\t")
    assert not wrappings(f"{AT} UTC [7] app_user@shop LOG:  statement: {tabbed}\n".encode())
    assert not wrappings((json.dumps({"timestamp": AT, "error_severity": "LOG", "message": text}) + "\n").encode())
