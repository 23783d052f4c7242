"""Random policies: what was said of each command is compared with what then happens to it."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import psycopg
import pytest

from flatsplit.rehearsal.values import PERHAPS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk

WAIVED = ("--waive", "no-blockers", "--waive", "owner-powers", "--reason", "to see")
TABLES = 30
CONDITIONS = (
    "true",
    "true",
    "false",
    "id > 1",
    "who = current_user",
    "who = session_user::text",
    "tenant = current_setting('app.tenant', true)",
    "tenant = current_setting('app.nobody_sets_it')",
    "EXISTS (SELECT FROM public.mapping m WHERE m.member = current_user)",
    "public.is_me(who)",
)
ROLES = ("public", "public", "legacy", "other", "legacy, other")
COMMANDS = ("ALL", "ALL", "SELECT", "INSERT", "UPDATE", "DELETE")
SCHEMA = """
create table public.mapping (member text);
insert into public.mapping values ('legacy');
create table public.asked (member text);
insert into public.asked values ('legacy');
alter table public.asked enable row level security;
create policy me on public.asked using (member = current_user);
create function public.is_me(who text) returns boolean language plpgsql as
    $$ begin return exists (select from public.mapping where member = who and member = current_user); end $$;
"""
BLANK = ("no policy for SELECT is for it", "its policies for SELECT let no row pass")


class Case(NamedTuple):
    """A statement on one of the tables."""

    text: str
    copied: bool = False


def policies(rng: random.Random, table: str) -> str:
    lines = [
        f"create table public.{table} (id int primary key, who text default current_user, tenant text default 'a')",
        f"insert into public.{table} (id) values (1), (2), (3)",
        f"alter table public.{table} enable row level security",
    ]
    if rng.random() < 0.3:
        lines.append(f"alter table public.{table} force row level security")
    for number in range(rng.randint(0, 3)):
        command, kind = rng.choice(COMMANDS), rng.choice(("permissive", "permissive", "restrictive"))
        using = f" using ({rng.choice(CONDITIONS)})" if command != "INSERT" and rng.random() < 0.9 else ""
        check = ""
        if command in ("ALL", "INSERT", "UPDATE") and rng.random() < 0.5:
            check = f" with check ({rng.choice(CONDITIONS)})"
        lines.append(
            f"create policy p{number} on public.{table} as {kind} for {command} to {rng.choice(ROLES)}{using}{check}"
        )
    return ";\n".join((*lines, f"create view public.v_{table} as select id, who, tenant from public.{table}", ""))


def cases(table: str, major: int) -> list[Case]:
    found = [
        f"select id from public.{table}",
        f"select id from public.{table} for update",
        f"insert into public.{table} (id) values (7)",
        f"insert into public.{table} (id) values (7) returning id",
        f"insert into public.{table} (id) values (1) on conflict do nothing",
        f"insert into public.{table} (id) values (7) on conflict (id) do nothing",
        f"insert into public.{table} (id) values (1) on conflict (id) do update set tenant = 'a'",
        f"insert into public.{table} (id, who) select 7, (select member from public.asked)",
        (
            f"insert into public.{table} (id, who) select 1, (select member from public.asked) "
            "on conflict (id) do update set tenant = excluded.who"
        ),
        f"update public.{table} set tenant = 'a'",
        f"update public.{table} set tenant = 'a' where id > 0",
        f"delete from public.{table}",
        f"delete from public.{table} where id > 0",
        f"select id from public.v_{table}",
        f"insert into public.v_{table} (id) values (8)",
        f"delete from public.v_{table} where id > 0",
    ]
    if major >= 15:
        found.append(
            f"merge into public.{table} t using (values (1), (9)) s (i) on t.id = s.i "
            "when matched then update set tenant = 'a' when not matched then insert (id) values (s.i)"
        )
        source = f"merge into public.{table} t using (values (1), (9)) s (i) on t.id = s.i"
        found += [
            f"{source} when not matched then insert (id) values (s.i + 20)",
            f"{source} when matched then delete when not matched then insert (id) values (s.i + 20)",
        ]
    return [*map(Case, found), Case(f"copy public.{table} (id) from stdin", copied=True)]


def happens(connection: psycopg.Connection[Any], case: Case) -> tuple[str, int]:
    """SQLSTATE, "" for success, and the number of rows."""
    cursor = connection.cursor()
    try:
        with connection.transaction(force_rollback=True):
            if case.copied:
                with cursor.copy(case.text) as copy:
                    copy.write("70\n")
            else:
                cursor.execute(case.text)
            return "", cursor.rowcount
    except psycopg.Error as error:
        return error.sqlstate or "?", -1


def all_of_them(database: Database, role: str, every: list[Case]) -> dict[str, tuple[str, int]]:
    with psycopg.connect(database.conninfo(role), autocommit=True) as connection:
        return {case.text: happens(connection, case) for case in every}


def contradicts(said: dict[str, Any], before: tuple[str, int], after: tuple[str, int]) -> bool:
    verdict = said["verdict"]
    if verdict == "silent":
        return before[0] != after[0] == "42501" and PERHAPS not in said["reason"]
    if verdict == "allowed":
        return before != after
    if verdict == "denied":
        return after[0] not in ("42501", "0A000", "42704")
    return False


def told(walk: Walk) -> dict[str, set[str]]:
    """The tables that doctor names in its hazards about policies."""
    findings = walk("doctor", "--json").json["findings"]
    return {
        one["id"]: {name.rpartition(" on ")[2].removeprefix("public.") for name in one["objects"]}
        for one in findings
        if one["id"] in ("rls-zero-rows", "rls-fewer-rows", "policies-ask-who")
    }


@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", [3, 52])
def test_what_is_said_is_what_happens(
    make_database: MakeDatabase, invoke_cli: InProcess, major: int, seed: int
) -> None:
    rng = random.Random(seed)
    database = make_database()
    database.execute("grant usage, create on schema public to legacy; create role other")
    database.execute(SCHEMA, "legacy")
    names = [f"t{number}" for number in range(TABLES)]
    database.execute("".join(policies(rng, name) for name in names), "legacy")
    every = [case for name in names for case in cases(name, major)]
    before = all_of_them(database, "legacy", every)
    walk = Walk(invoke_cli, database).init()
    hazards = told(walk)
    blank = hazards["rls-zero-rows"]
    walk.next("--through", "enable-login", *WAIVED)
    after = all_of_them(database, "app_user", every)
    path = walk.run.cwd / "statements.sql"
    path.write_text(";\n".join(case.text for case in every))
    found = walk("rehearse", "--file", str(path), "--json").check(4).json["statements"]
    said = {each["query"]: each for each in found}
    wrong = [
        f"{text}: {said[text]['verdict']} ({said[text]['reason']}), before {before[text]}, after {after[text]}"
        for text in before
        if contradicts(said[text], before[text], after[text])
    ]
    assert "\n".join(wrong) == ""
    looks = {name: f"select id from public.{name}" for name in names}
    silent = {name for name, look in looks.items() if said[look]["verdict"] == "silent"}
    assert blank == {name for name in silent if any(why in said[looks[name]]["reason"] for why in BLANK)}
    assert {before[looks[name]] for name in blank} <= {("", 3)}
    assert {after[looks[name]] for name in blank} <= {("", 0), ("42704", -1)}, "a setting may be asked for first"
    for name in set(names).difference(*hazards.values()):
        assert said[looks[name]]["verdict"] == "allowed", (name, said[looks[name]], hazards)
    counted = {verdict: sum(each["verdict"] == verdict for each in found) for verdict in ("allowed", "unknown")}
    assert counted["allowed"] > len(every) / 20
    assert counted["unknown"] < len(every) / 8
