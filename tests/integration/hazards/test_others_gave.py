"""Rights granted by somebody else than the owner: the advice revokes them as the role that granted them."""

from __future__ import annotations

import pytest

from flatsplit import blueprint
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.hazards import look
from tests.support.walk import Walk

GIVEN = """
create role giver; create role other;
grant create, usage on schema public to legacy; grant usage on schema public to giver;
alter database {database} owner to legacy; create schema apart authorization legacy;
set role legacy;
create table t (a int); create table u (a int);
create function d() returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1';
revoke execute on function d() from public;
revoke temporary on database {database} from public;
grant insert, select on t, u to giver with grant option; grant execute on function d() to giver with grant option;
grant temporary, create on database {database} to giver with grant option;
grant usage, create on schema apart to giver with grant option;
grant insert, select on u to public;
reset role; set role giver;
grant insert, select on t, u to public; grant execute on function d() to public;
grant temporary on database {database} to public; grant create on schema apart to public;
reset role;
"""
HAZARDS = ("public-writes", "public-reads", "definer-open", "public-temp", "public-create")


@pytest.mark.majors("two")
def test_of_what_everybody_may(database: Database) -> None:
    database.execute(GIVEN.format(database=database.name))
    for hazard in HAZARDS:
        found = look(database.admin, only=hazard)
        assert hazard in found

        for statement in found[hazard].fix.splitlines()[1:]:
            database.execute(statement)

        left = look(database.admin, only=hazard).get(hazard)
        assert left is None or all("enable-login takes it away" in name for name in left.objects), hazard


@pytest.mark.majors("two")
def test_of_memberships(database: Database, invoke_cli: InProcess) -> None:
    """An adopted role's before the walk, and one that came in the middle of it."""
    database.execute(
        "create role app_user; create role powers; create role giver createrole; create table t ();"
        "alter table t owner to legacy; grant create on schema public to legacy;"
        "grant powers to giver with admin option; set role giver; grant powers to app_user; reset role;"
        "grant powers to app_user"
    )
    walk = Walk(invoke_cli, database).init("--adopt")
    fix = next(each["fix"] for each in walk("doctor", "--json").json["findings"] if each["id"] == "adopted-powerful")
    database.execute(fix.partition(":\n")[2])
    assert "adopted-powerful" not in {each["id"] for each in walk("doctor", "--json").json["findings"]}

    walk.forward("grant-existing")
    database.execute(
        "alter role giver nocreaterole; grant app_user to giver with admin option; create role late; "
        "set role giver; grant app_user to late"
    )
    database.execute("reset role; grant app_user to late")
    (told,) = (
        one for one in walk("verify", "--json").check(4).json["strays"] if one["objects"] == ["late in app_user"]
    )
    for statement in told["sql"]:
        database.execute(statement)
    assert not [one for one in walk("verify", "--json").json["strays"] if one["objects"] == ["late in app_user"]]


@pytest.mark.majors("two")
def test_what_everybody_may_and_the_matrix_refuses(database: Database, invoke_cli: InProcess) -> None:
    """Who would be refused at ``verify`` is told by doctor, before the walk: for each kind and privilege."""
    major = database.cluster.major
    database.execute(
        "create table t (a int); create view v as select 1 as a; create materialized view m as select 1 as a; "
        "create sequence s; select lo_create(4711); create table p (a int) partition by list (a)",
        "legacy",
    )
    words = {
        "a": "insert",
        "w": "update",
        "d": "delete",
        "D": "truncate",
        "t": "trigger",
        "m": "maintain",
        "U": "usage",
    }
    places = {"table": "t", "view": "v", "materialized_view": "m", "sequence": "s", "partitioned_table": "p"}
    planted = 0
    for kind, name in (*places.items(), ("large_object", "4711")):
        for letter in blueprint.refused(kind):
            if letter == "m" and major < 17:
                continue
            on = "large object" if kind == "large_object" else "sequence" if kind == "sequence" else "table"
            given = f"{words[letter]} on {on} {name}"
            database.execute(f"grant {given} to public", "legacy")
            told = look(database.admin, only="public-writes")["public-writes"]
            assert [one for one in told.objects if one.endswith(name)], given
            for statement in told.fix.splitlines()[1:]:
                database.execute(statement)
            assert "public-writes" not in look(database.admin, only="public-writes"), given
            planted += 1
    database.execute("grant update (a), insert (a) on t to public; grant update (a) on v to public", "legacy")
    told = look(database.admin, only="public-writes")["public-writes"]
    assert told.objects == ("column public.t.a", "column public.v.a")
    for statement in told.fix.splitlines()[1:]:
        database.execute(statement)
    assert "public-writes" not in look(database.admin, only="public-writes")
    assert planted == (22 if major >= 17 else 18)
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    database.execute("grant usage on sequence s to public", "legacy")
    assert "sequence public.s" in walk("verify").check(4).stdout
    assert "public-writes" in look(database.admin, only="public-writes")
