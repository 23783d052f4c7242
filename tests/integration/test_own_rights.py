"""What app_migrator owns and has no rights on any more: status, verify and doctor tell it, and print the GRANT."""

from __future__ import annotations

import pytest
from psycopg import errors

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.walk import Walk

WORLD = """
create table t (id int primary key); create table u (id int references t); create view v as select * from t;
create sequence s; create schema aux; create table aux.audit (a int); revoke update, delete on aux.audit from legacy;
"""
LOST = ("all on t", "select on v", "all on sequence s", "insert on aux.audit", "usage on schema aux")


OBJECTS = {"table public.t", "view public.v", "sequence public.s", "table aux.audit", "schema aux"}


def made(database: Database) -> None:
    database.execute("grant create on schema public to legacy")
    database.execute(f"grant create on database {database.name} to legacy")
    database.execute(WORLD, "legacy")


@pytest.mark.majors("two")
@pytest.mark.parametrize("operator", ["", "createrole"])
def test_told_and_given_back(database: Database, invoke_cli: InProcess, operator: str) -> None:
    made(database)
    if operator:
        make_operator(database, SHAPES[operator])
    walk = (OperatorsWalk if operator else Walk)(invoke_cli, database).init()
    walk.forward("enable-login")
    before = walk.snapshot()
    walk("verify").check()
    with walk.connect("app_migrator") as owner, walk.connect("app_user") as application:
        for right in LOST:
            owner.execute(f"revoke {right} from app_migrator".encode())
        with pytest.raises(errors.InsufficientPrivilege):
            application.execute("insert into u values (null), (1)")
        found = walk("verify", "--json").check(4).json
        (told,) = found["strays"]
        assert set(told["objects"]) == OBJECTS
        (broken,) = walk("status", "--json").check(4).json["broken"]
        assert broken["fix"] == told["fix"]
        assert told["fix"].startswith("as a superuser, or a member of app_migrator: " if operator else "GRANT ")
        (hazard,) = (one for one in walk("doctor", "--json").json["findings"] if one["id"] == "owner-rights")
        assert hazard["sql"] == told["sql"]
        for statement in told["sql"]:
            assert statement in told["fix"]
            owner.execute(statement.encode())
        application.execute("select * from v")
    assert walk.snapshot() == before
    walk("verify").check()
    walk("status").check()


def test_meant(database: Database, invoke_cli: InProcess) -> None:
    made(database)
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    database.execute("revoke update on t from app_migrator")
    assert 'write into flatsplit.toml: [hazards.accept] owner-rights = "why"' in walk("status").check(4).stdout
    walk.config.write_text(f'{walk.config.read_text()}\n[hazards.accept]\nowner-rights = "nobody changes it"\n')
    walk("status").check()
    walk("verify").check()


@pytest.mark.majors("two")
def test_what_a_superuser_did_not_need(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database(legacy_options="superuser")
    made(database)
    walk = Walk(invoke_cli, database, decided=False).init()
    (hazard,) = (one for one in walk("doctor", "--json").json["findings"] if one["id"] == "owner-rights")
    assert hazard["objects"] == ["table aux.audit"]
    for statement in hazard["sql"]:
        database.execute(statement)
    assert "owner-rights" not in {one["id"] for one in walk("doctor", "--json").json["findings"]}
