"""``who`` on logs alone, without a server: what is shown comes from strangers."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess, Result

CONFIG = '[cutover]\nname = "shop"\nlegacy_role = "shop"\nschemas = ["public"]\n'
NOWHERE = "host=/nonexistent/socket dbname=shop"
PREFIX = "2026-11-28 10:00:00.123 UTC [4711] {user}@shop "
HOSTILE = "\x1b]0;title\x07\x1b[2J\u202e<script>alert('x')</script>"


def line(user: str, statement: str, message: str = "must be owner of table payments") -> str:
    prefix = PREFIX.format(user=user)
    return f"{prefix}ERROR:  {message}\n{prefix}STATEMENT:  {statement}\n"


def who(cli: InProcess, log: str | bytes, *arguments: str, name: str = "postgresql.log") -> Result:
    (cli.cwd / "flatsplit.toml").write_text(CONFIG)
    path = cli.cwd / name
    path.write_bytes(log if isinstance(log, bytes) else log.encode())
    return cli("who", *arguments, "--log", str(path), dsn=NOWHERE)


def test_exit_codes(invoke_cli: InProcess) -> None:
    refused = line("app_user", "DROP TABLE payments")
    shown = who(invoke_cli, refused, "DROP TABLE payments").check(4).stdout
    assert shown.startswith("2026-11-28T10:00:00.123+00:00  app_user  DROP TABLE payments: refused  suspicious\n")
    assert "0 acts" in who(invoke_cli, refused, "DROP TABLE orders").check(0).stdout
    assert "look" in who(invoke_cli, line("shop", "DROP TABLE payments"), "--refused").check(0).stdout
    assert "no log of a PostgreSQL server" in who(invoke_cli, "hello\n", "--refused").check(2).stderr
    assert "is not a duration" in who(invoke_cli, refused, "--since", "x").check(2).stderr
    assert "neither a statement" in who(invoke_cli, refused, "who was it?").check(2).stderr
    assert "--log" in invoke_cli("who", "payments", "--log", "nowhere.log", dsn=NOWHERE).check(2).stderr
    assert "cannot connect" in invoke_cli("who", "payments", dsn=NOWHERE).check(1).stderr


def test_damaged_and_packed_files(invoke_cli: InProcess) -> None:
    refused = line("app_user", "DROP TABLE payments") * 200
    packed = gzip.compress(refused.encode())
    assert len(who(invoke_cli, packed, "--json", name="p.log.gz").check(4).json["acts"]) == 200
    assert "cannot be read" in who(invoke_cli, packed[: len(packed) // 2], "--json", name="p.log.gz").check(2).stderr
    assert len(who(invoke_cli, refused[:-30], "--refused", "--json").check(4).json["acts"]) == 200


@pytest.mark.parametrize("literal", [(), ("--literal",)])
def test_hostile_text_stays_text(invoke_cli: InProcess, literal: tuple[str, ...]) -> None:
    log = line("app_user", f"DROP TABLE payments -- {HOSTILE}".replace("\n", "\n\t")) + line(
        HOSTILE, f'DROP TABLE "{HOSTILE}", payments'
    )
    shown = who(invoke_cli, log, "payments", *literal).check(4).stdout
    found = who(invoke_cli, log, "payments", "--json", *literal).check(4)
    assert found.stdout.isascii()
    assert {act["login"] for act in found.json["acts"]} == {"app_user", HOSTILE}
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_an_attack_by_a_machine_is_told_in_few_lines(invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flatsplit.trail.search._MANY", 50)
    log = "".join(line("app_user", f"DROP TABLE payments /* {n} */") for n in range(300))
    found = who(invoke_cli, log, "--refused", "--json").check(4).json["acts"]
    assert len(found) == 51
    assert sum(act["calls"] for act in found) == 300


def test_an_error_without_its_statement_is_told_too(invoke_cli: InProcess) -> None:
    log = line("app_user", "x").splitlines(keepends=True)[0]
    (act,) = who(invoke_cli, log, "payments", "--refused", "--json").check(4).json["acts"]
    assert (act["act"], act["object"], act["outcome"]) == ("unknown", "payments", "refused")


def test_a_folder_with_rotated_logs_in_two_formats(invoke_cli: InProcess, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    (tmp_path / "flatsplit.toml").write_text(CONFIG)
    (folder / "postgresql-1.log").write_text(line("app_user", "DROP TABLE payments"))
    (folder / "postgresql-2.log").write_text(line("app_user", "TRUNCATE payments"))
    (folder / "notes.txt").write_text("nothing")
    found = invoke_cli("who", "payments", "--json", "--log", str(folder), dsn=NOWHERE).check(4).json
    assert [act["act"] for act in found["acts"]] == ["DROP TABLE", "TRUNCATE"]
    assert [source["kind"] for source in found["sources"]] == ["server log (stderr)"] * 2
    assert found["sources"][0]["from"] == "2026-11-28T10:00:00.123+00:00"


AUDITED = r'''
SESSION,1,1,DDL,CREATE TABLE,TABLE,public.payments,"create table payments (); create table ""W""""%:x"" ()",<>
SESSION,2,1,DDL,CREATE TABLE,TABLE,"public.""W""""%:x""","create table payments (); create table ""W""""%:x"" ()",<>
SESSION,3,1,DDL,ALTER TABLE,TABLE,public.payments,"alter table payments add b text default 'a,b""c'",<not logged>
SESSION,4,1,DDL,ALTER TABLE,TABLE,public.payments,alter table payments add c int,<not logged>
SESSION,5,1,WRITE,TRUNCATE TABLE,,,truncate payments,<not logged>
SESSION,6,1,DDL,DROP TABLE,TABLE,public.payments,drop table payments,<not logged>
SESSION,6,1,DDL,DROP TABLE,DEFAULT VALUE,for public.payments.b,drop table payments,<not logged>
SESSION,8,1,DDL,DROP TABLE,TABLE,public.payments,drop table payments,<not logged>
SESSION,9,1,ROLE,CREATE ROLE,,,create role evil password <REDACTED>,<not logged>
'''
"""As pgaudit 1.7 wrote them; what goes along with a DROP has a line of its own."""


def test_lines_of_pgaudit_tell_of_each_statement_once(invoke_cli: InProcess) -> None:
    lines = AUDITED.strip().splitlines()
    log = "".join(f"{PREFIX.format(user='app_migrator')}LOG:  AUDIT: {each}\n" for each in lines)
    found = who(invoke_cli, log, "--json").json["acts"]
    assert [(act["act"], act["object"]) for act in found] == [
        ("CREATE TABLE", "payments"),
        ("CREATE TABLE", '"W""%:x"'),
        ("ALTER TABLE", "payments"),
        ("ALTER TABLE", "payments"),
        ("TRUNCATE", "payments"),
        ("DROP TABLE", "payments"),
        ("DROP TABLE", "payments"),
        ("CREATE ROLE", "evil"),
    ]
