"""The parts of ``who``: the question, what a statement does, its outcome, and who is responsible for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flatsplit import logs
from flatsplit.cli.views.who import shape
from flatsplit.connection import OwnSession
from flatsplit.errors import UsageError
from flatsplit.trail import Cast, Deed, Search, Trail, judge, parse_query, without_constants, without_secrets
from flatsplit.trail.acts import acts
from flatsplit.trail.times import moment, written, zone_named


def did(text: str) -> list[str]:
    return [
        f"{act.word} {act.object}".strip() for act in acts(text) if act.kind not in ("other", "rows", "transaction")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("drop/**/table\n-- x\nPAYMENTS", ["DROP TABLE payments"]),
        ('DROP TABLE U&"\\0070ayments"', ["DROP TABLE payments"]),
        ("SELECT 1; ; drop table a.b, c", ["DROP TABLE a.b"]),
        ("SELECT ';'; SELECT $$; drop table x$$", []),
        ("DO $$ BEGIN EXECUTE 'drop ta' || 'ble payments'; END $$", ["DROP TABLE payments"]),
        ("DO $$ BEGIN EXECUTE format('drop table %I.%s', 'a', 'b'); END $$", ["DROP TABLE a.b"]),
        ("DO $$ BEGIN EXECUTE format('comment on view %2$s is %1$L', o(x, 'y'), 'v'); END $$", ["COMMENT v"]),
        ("DO $$ BEGIN EXECUTE 'drop ' || format('table %I', n) || ' cascade'; END $$", ['DROP TABLE "…"']),
        ("COPY t FROM PROGRAM 'id'", ["COPY … PROGRAM t"]),
        ("COPY t FROM '/etc/passwd'", ["COPY … FILE t"]),
        ("COPY t FROM STDIN", []),
        ("select pg_catalog.pg_read_file('x')", ["SELECT pg_catalog.pg_read_file()"]),
        ("select * from pg_shadow", ["SELECT pg_shadow"]),
        ("select * from public.pg_authid", []),
        ('SET LOCAL ROLE "d\'ba"', ['SET ROLE "d\'ba"']),
        ("select set_config('role', 'dba', true)", ["SET ROLE dba"]),
        ("set role none", []),
        ("create user u password 'x'", ["CREATE ROLE u"]),
        ("drop table payments wibble", ["DROP TABLE payments"]),
        ("explain analyze create table t as select 1", ["CREATE TABLE t"]),
        ("grant all on t to public", ["GRANT t"]),
        ("insert into t values ('drop table x')", []),
    ],
)
def test_what_a_statement_does(text: str, said: list[str]) -> None:
    assert did(text) == said


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (
            "role",
            ["create role x", "drop owned by x", "alter role x rename to y", "grant x to y", "alter role x reset a"],
        ),
        ("rights", ["grant select on t to x", "alter default privileges grant select on tables to x"]),
        ("structure", ["alter table t rename to u", "truncate t", "reassign owned by x to y", "create policy p on t"]),
        ("server", ["alter system set a = 1", "load 'x'", "select lo_import('x')", "select * from pg_authid"]),
        ("temporary", ["create temp table t (i int)"]),
        ("upkeep", ["vacuum t", "analyze", "reindex table t", "refresh materialized view v", "lock table t"]),
        ("rows", ["select 1", "copy t from stdin", "select * from pg_largeobject"]),
    ],
)
def test_what_kind_of_act_it_is(kind: str, texts: Sequence[str]) -> None:
    for text in texts:
        assert {act.kind for act in acts(text)} <= {kind}, text
        assert acts(text) or kind == "rows", text


@pytest.mark.parametrize(
    ("question", "meant", "others"),
    [
        ("DROP TABLE payments", ["drop table shop.payments", "DROP TABLE a, payments"], ["truncate payments"]),
        ("shop.payments", ["drop table payments", "truncate shop.payments"], ["drop table public.payments"]),
        ('"Odd name"', ['drop table "Odd name"'], ['drop table "odd name"']),
        ("create role", ["create user u", "create group g"], ["create table role_x(i int)", "alter role u nologin"]),
        ("drop user bob", ["drop role bob"], ["drop role alice"]),
        ("ALTER TABLE payments", ["alter table payments drop column x"], ["drop table payments"]),
        ("pg_read_file", ["select pg_read_file('x')"], ["select 1"]),
        ("copy program", ["copy t to program 'x'"], ["copy t to stdout"]),
        ("delete from payments where id = 7", ["DELETE FROM payments WHERE id = 8"], ["delete from payments"]),
        ("grant", ["grant select on t to x", "grant a to b"], ["revoke select on t from x"]),
    ],
)  # fmt: skip
def test_what_was_asked(question: str, meant: Sequence[str], others: Sequence[str]) -> None:
    wanted = parse_query(question)
    for text in meant:
        assert any(wanted.meets(act) for act in acts(text)), text
        assert any(needle in text.lower().encode() for needle in wanted.needles()), text
    for text in others:
        assert not any(wanted.meets(act) for act in acts(text)), text


def test_what_nobody_can_ask() -> None:
    with pytest.raises(UsageError):
        parse_query("who was it?")


def test_what_is_shown() -> None:
    assert without_constants("comment on table t\n is 'secret' -- x") == "comment on table t is $1"
    assert without_constants("select $1, 7, $$x$$, 'cut off") == "select …"
    assert without_secrets("select 'a'") == "select 'a'"
    for text in (
        "alter role x password 'geheim'",
        "DO $$ begin create role x password 'geheim'; end $$",
        "create subscription s connection 'host=h password=geheim' publication p",
        "select dblink_connect('postgresql://u:geheim@h/d')",
        "create user mapping for x server s options (user 'a', password $geheim$geheim$geheim$)",
        "alter role x password 'geheim",
    ):
        assert "geheim" not in without_secrets(text)


AT = "2026-11-28 10:00:00.123 UTC"


def course(*said: str, vxid: str = "%v ") -> dict[str, str]:
    """What became of the acts in the log of a session: lines as ``vxid message``."""
    prefix = f"%m [%p] %u {vxid}"
    lines = []
    for line in said:
        number, _, message = line.partition(" ")
        lines.append(f"{AT} [7] app_user {number + ' ' if vxid else ''}{message}\n")
    data = "".join(lines).encode()
    form = logs.sniff(data, prefix)
    assert form is not None
    search = Search(parse_query(""), False, "")
    scan = search.scan(form)
    scan.feed(data, final=True)
    return {deed.object: deed.outcome for deed in search.deeds}


@pytest.mark.parametrize("vxid", ["%v ", ""])
def test_what_became_of_it(vxid: str) -> None:
    begin, commit, back = "3/2 LOG:  statement: BEGIN", "3/2 LOG:  statement: COMMIT", "3/2 LOG:  statement: ROLLBACK"
    drop, end = "3/2 LOG:  statement: DROP TABLE t", "3/3 LOG:  statement: SELECT 1"
    refused = "3/2 ERROR:  must be owner of table t"
    assert course(begin, drop, commit, end, vxid=vxid) == {"t": "done"}
    assert course(begin, drop, back, end, vxid=vxid) == {"t": "rolled back"}
    zero = ("3/2 LOG:  statement: SELECT 1/0", "3/2 ERROR:  division by zero", "3/2 STATEMENT:  SELECT 1/0")
    assert course(begin, drop, *zero, commit, end, vxid=vxid) == {"t": "rolled back"}
    deferred = ("3/2 ERROR:  deferred", "3/2 STATEMENT:  COMMIT")
    assert course(begin, drop, commit, *deferred, vxid=vxid) == {"t": "rolled back"}
    assert course(begin, drop, refused, "3/2 STATEMENT:  DROP TABLE t", vxid=vxid) == {"t": "refused"}
    assert course("3/1 LOG:  statement: COMMIT", drop, end, vxid=vxid) == {"t": "done"}
    assert course("3/1 LOG:  statement: COMMIT", drop, vxid=vxid) == {"t": "maybe rolled back"}
    assert course(drop, end, vxid=vxid) == {"t": "maybe rolled back"}
    saved, to = "3/2 LOG:  statement: SAVEPOINT a", "3/2 LOG:  statement: ROLLBACK TO a"
    also = "3/2 LOG:  statement: DROP TABLE u"
    assert course(begin, drop, saved, also, to, commit, end, vxid=vxid) == {"t": "done", "u": "rolled back"}
    assert course(begin, saved, drop, *zero, commit, end, vxid=vxid) == {"t": "rolled back"}
    several = "3/2 LOG:  statement: BEGIN; DROP TABLE t; COMMIT; DROP TABLE u"
    error = ("3/3 ERROR:  must be owner of table u", "3/3 STATEMENT:  BEGIN; DROP TABLE t; COMMIT; DROP TABLE u")
    assert course(several, *error, vxid=vxid) == {"t": "done", "u": "refused"}


def test_by_the_extended_protocol_several_may_be_one_transaction() -> None:
    """Where the number of the transaction does not tell, it takes a simple query to know that it has ended."""
    commit, drop = "3/1 LOG:  statement: COMMIT", "3/2 LOG:  execute <unnamed>: DROP TABLE t"
    assert course(commit, drop, "3/3 LOG:  statement: SELECT 1", vxid="") == {"t": "done"}
    assert course(commit, drop, "3/3 LOG:  execute <unnamed>: SELECT 1", vxid="") == {"t": "maybe rolled back"}
    assert course(commit, drop, "3/3 LOG:  execute <unnamed>: SELECT 1") == {"t": "done"}
    same = "3/2 LOG:  execute <unnamed>: SELECT 1/0"
    assert course(commit, drop, same, "3/2 ERROR:  zero", "3/2 STATEMENT:  SELECT 1/0") == {"t": "rolled back"}


def test_what_a_duration_says() -> None:
    """Outside any transaction when it is done: so it was committed."""
    drop = "3/2 LOG:  statement: DROP TABLE t"
    assert course(drop, "3/0 LOG:  duration: 1.2 ms") == {"t": "done"}
    assert course(drop, "3/2 LOG:  duration: 1.2 ms") == {"t": "maybe rolled back"}
    assert course("3/0 LOG:  duration: 1.2 ms  statement: DROP TABLE t") == {"t": "done"}


@pytest.mark.parametrize(
    ("question", "database", "found"),
    [
        ("t", "shop", ["DROP TABLE"]),
        ("t", "", ["DROP TABLE", "TRUNCATE"]),
        ("", "shop", ["DROP TABLE", "TRUNCATE", "CREATE ROLE"]),
        ("r", "shop", ["CREATE ROLE"]),
    ],
)
def test_objects_of_the_same_name_in_another_database(question: str, database: str, found: list[str]) -> None:
    data = "".join(
        f"{AT} [7] app_user@{where} LOG:  statement: {text}\n"
        for where, text in (("shop", "DROP TABLE t"), ("other", "TRUNCATE t"), ("other", "CREATE ROLE r"))
    ).encode()
    form = logs.sniff(data)
    assert form is not None
    search = Search(parse_query(question), False, "", database=database)
    search.scan(form).feed(data, final=True)
    assert [deed.act for deed in search.deeds] == found


CAST = Cast(
    purposes={
        "app_user": ("app_user",),
        "web": ("app_user",),
        "app_migrator": ("app_migrator",),
        "ro": ("app_readonly",),
    },
    people=frozenset({"dba", "alice"}),
    legacy=frozenset({"shop"}),
    existing=frozenset({"app_user", "web", "app_migrator", "dba", "alice", "shop", "other", "ro"}),
    addresses=frozenset({"10.0.0.7"}),
    become={"app_user": ("tenant_a",)},
    truncate={"app_user": ("public.staging",)},
)


def deed(text: str, login: str, outcome: str = "done", client: str = "10.0.0.7") -> Deed:
    made = Deed.of(acts(text)[0], "done", "log", login=login, acting_as=login, client=client, application="flyway 10")
    return replace(made, outcome=outcome)  # type: ignore[arg-type]  # any word


@pytest.mark.parametrize(
    ("text", "login", "outcome", "client", "judgement"),
    [
        ("drop table t", "app_migrator", "done", "10.0.0.7", "legitimate"),
        ("drop table t", "app_migrator", "done", "10.9.9.9", "look"),
        ("create role x", "app_migrator", "refused", "10.0.0.7", "look"),
        ("drop table t", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("drop table t", "web", "refused", "10.0.0.7", "suspicious"),
        ("drop table t", "ro", "refused", "10.0.0.7", "suspicious"),
        ("drop table t", "app_user", "done", "10.0.0.7", "suspicious"),
        ("set role tenant_a", "app_user", "done", "10.0.0.7", "legitimate"),
        ("set role dba", "app_user", "done", "10.0.0.7", "suspicious"),
        ("set role tenant_a", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("truncate staging", "app_user", "done", "10.0.0.7", "legitimate"),
        ("truncate payments", "app_user", "done", "10.0.0.7", "suspicious"),
        ("truncate payments", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("truncate staging", "web", "refused", "10.0.0.7", "suspicious"),
        ("create role x", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("alter role app_user rename to x", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("grant select on t to public", "app_user", "done", "10.0.0.7", "suspicious"),
        ("alter default privileges grant select on tables to x", "app_user", "done", "10.0.0.7", "suspicious"),
        ("select pg_read_file('x')", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("select lo_export(1, '/tmp/x')", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("alter system set fsync = off", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("copy t from program 'id'", "app_user", "refused", "10.0.0.7", "suspicious"),
        ("select * from secrets", "app_user", "refused", "10.0.0.7", "look"),
        ("drop table t", "alice", "done", "10.0.0.7", "person"),
        ("drop table t", "shop", "done", "10.0.0.7", "look"),
        ("drop table t", "other", "done", "10.0.0.7", "look"),
        ("drop table t", "gone", "done", "10.0.0.7", "look"),
    ],
)
def test_whose_doing_it_was(text: str, login: str, outcome: str, client: str, judgement: str) -> None:
    assert judge(deed(text, login, outcome, client), CAST)[0] == judgement


def test_who_says_it_is_flatsplit_is_as_suspicious_as_anybody() -> None:
    """Anybody may say so; an operator who has just tried it all is reminded of that."""
    judgement, why = judge(replace(deed("drop table t", "app_user"), application="flatsplit"), CAST)
    assert judgement == "suspicious"
    assert "flatsplit verify --password-file" in why
    assert "verify" not in judge(deed("drop table t", "app_user"), CAST)[1]


def test_own_trials_are_known_by_process_and_time_alone() -> None:
    began = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
    own = OwnSession("app_user", 0x11DD, began, began + timedelta(seconds=2))
    cast = replace(CAST, trials=(own,))

    def judged(**changed: Any) -> str:
        told = {"at": "2026-11-28T10:00:01+00:00", "session": "6b0aa54c.11dd", **changed}
        return judge(replace(deed("drop table t", "app_user"), **told), cast)[0]

    assert judged() == judged(session=str(0x11DD)) == judged(at="2026-11-28T10:00:00+00:00") == "legitimate"
    assert {
        judged(application="flatsplit", session="6b0aa54c.11de"),
        judged(application="flatsplit", at="2026-11-28T10:00:04+00:00"),
        judged(application="flatsplit", login="app_other", session=""),
        judged(at=""),
        judged(at="when it was"),
        judged(doubtful=True),
    } <= {"suspicious", "look"}


def test_doubt_is_suspicious_and_nobody_is_looked_at() -> None:
    assert judge(replace(deed("drop table t", "app_migrator"), doubtful=True), CAST)[0] == "suspicious"
    assert judge(replace(deed("drop table t", ""), acting_as=""), CAST)[0] == "look"
    unnamed = replace(deed("truncate staging", ""), acting_as="app_user")
    assert judge(unnamed, CAST)[0] == "look", "it may do this, but the source says only as what it ran"
    assert judge(replace(unnamed, act="DROP TABLE"), CAST)[0] == "suspicious"
    nowhere = judge(deed("drop table t", "app_migrator", client=""), CAST)
    assert nowhere == ("look", "app_migrator is the migration tool's role; the source does not say from where")
    both = replace(CAST, purposes={**CAST.purposes, "shop": ("app_migrator",)})
    assert judge(deed("drop table t", "shop"), both)[0] == "look", "by its bridge the old role acts as the new one"
    assert "any more" in judge(deed("drop table t", "gone"), CAST)[1]


def test_the_shape_of_the_answer() -> None:
    found = Trail(deeds=[deed("alter role x password 'geheim'", "app_user", "refused")])
    (act,) = shape(found, literal=True)["acts"]
    assert {
        "at",
        "login",
        "acting_as",
        "application",
        "client",
        "act",
        "object",
        "outcome",
        "judgement",
        "source",
    } <= set(act)
    assert "geheim" not in str(act)


def test_times() -> None:
    assert written(moment("2026-11-28 10:00:00.123 UTC")) == "2026-11-28T10:00:00.123+00:00"
    assert written(moment("2026-11-28 10:00:00 CET")) == "2026-11-28T09:00:00+00:00"
    assert written(moment("2026-07-28 10:00:00 IST", zone_named("Asia/Kolkata"))) == "2026-07-28T04:30:00+00:00"
    assert written(moment("2026-11-28 10:00:00 XYZ"), "2026-11-28 10:00:00 XYZ") == "2026-11-28 10:00:00 XYZ"
    assert written(moment("1795860000.250")) == "2026-11-28T10:00:00.250+00:00"


@pytest.mark.parametrize(
    ("zone", "text", "utc"),
    [
        ("America/Chicago", "2026-11-01 01:30:00 CDT", "06:30"),
        ("America/Chicago", "2026-11-01 01:30:00 CST", "07:30"),
        ("Europe/Berlin", "2026-10-25 02:30:00 CEST", "00:30"),
        ("Europe/Berlin", "2026-10-25 02:30:00 CET", "01:30"),
        ("Europe/Dublin", "2026-10-25 01:30:00 IST", "00:30"),
        ("Europe/Dublin", "2026-10-25 01:30:00 GMT", "01:30"),
        ("America/Havana", "2026-11-01 00:30:00 CDT", "04:30"),
        ("America/Havana", "2026-11-01 00:30:00 CST", "05:30"),
        ("Australia/Sydney", "2026-04-05 02:30:00 AEDT", "15:30"),
        ("Australia/Sydney", "2026-04-05 02:30:00 AEST", "16:30"),
        ("America/Santiago", "2026-04-04 23:30:00 -04", "03:30"),
        ("Asia/Shanghai", "2026-11-01 08:30:00 CST", "00:30"),
    ],
)
def test_an_hour_that_the_clock_shows_twice(zone: str, text: str, utc: str) -> None:
    assert written(moment(text, zone_named(zone)))[11:16] == utc
