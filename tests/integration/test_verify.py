"""``verify`` and ``repair``: what was tried and how, drift with its cause, and nothing gained by hostile code."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit import blueprint
from flatsplit.evidence import trial
from flatsplit.model import ObjectRef
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk

SCHEMA = """
create table orders (id serial primary key, note text);
create table items (id int primary key, pieces int);
create table "we""ird\n" (a int);
create view open_orders as select * from orders;
"""


@pytest.fixture
def flat(database: Database) -> Database:
    database.execute(SCHEMA, database.legacy)
    return database


@pytest.fixture
def walk(flat: Database, invoke_cli: InProcess) -> Walk:
    return Walk(invoke_cli, flat).init()


def verified(walk: Walk, *arguments: str, exit_code: int = 0) -> Any:
    return walk("verify", "--json", *arguments).check(exit_code).json


def outcomes(found: Any, role: str) -> dict[tuple[str, str], set[str]]:
    """What came of each act of a role, by act."""
    proof = next(proof for proof in found["proofs"] if proof["role"] == role)
    acts: dict[tuple[str, str], set[str]] = {}
    for one in proof["trials"]:
        acts.setdefault((one["act"], "can" if one["expected"] else "cannot"), set()).add(one["outcome"])
    return acts


BEYOND = {
    ("call", "cannot"): {"refused"},
    ("become", "cannot"): {"refused"},
    ("read files of", "cannot"): {"refused"},
    ("write files of", "cannot"): {"refused"},
    ("run programs on", "cannot"): {"refused"},
}
USER = {
    **BEYOND,
    ("create in", "cannot"): {"refused"},
    ("read", "can"): {"allowed"},
    ("insert into", "can"): {"allowed"},
    ("update rows of", "can"): {"allowed"},
    ("delete rows of", "can"): {"allowed"},
    ("truncate", "cannot"): {"refused"},
    ("alter", "cannot"): {"refused"},
    ("drop", "cannot"): {"refused"},
}
DBA = {("create in", "can"): {"allowed"}, ("create", "can"): {"allowed"}}


@pytest.mark.majors("all")
def test_a_sample_is_tried_as_each_role_and_leaves_nothing(walk: Walk) -> None:
    walk.forward("enable-login")
    before = walk.snapshot()
    found = verified(walk)
    assert found["ok"]
    assert outcomes(found, "app_user") == USER
    reader = {**USER, ("delete rows of", "cannot"): {"refused"}}
    for act in ("insert into", "update rows of", "delete rows of"):
        del reader[act, "can"]
    assert outcomes(found, "app_readonly") == reader
    assert outcomes(found, "app_migrator") == {("create in", "can"): {"allowed"}, **BEYOND}
    assert {proof["role"]: proof["how"] for proof in found["proofs"]} == {
        "app_user": "as the role",
        "app_migrator": "as the role",
        "app_readonly": "as the role",
        "dba": "as the role",
    }
    assert outcomes(found, "dba") == DBA
    assert walk.snapshot() == before
    assert "the rest by the catalog" in walk("verify").check().stdout


def test_with_passwords_it_logs_in(walk: Walk) -> None:
    walk.forward("enable-login")
    found = verified(walk, "--password-file", str(walk.password_file))
    assert {proof["how"] for proof in found["proofs"]} == {"logged in"}
    assert outcomes(found, "app_user") == {**USER, ("log in to", "can"): {"allowed"}}
    assert outcomes(found, "dba") == {**DBA, ("log in to", "can"): {"allowed"}}
    walk.database.execute("alter role app_user nologin")
    found = verified(walk, "--password-file", str(walk.password_file), exit_code=4)
    assert outcomes(found, "app_user") == {("log in to", "can"): {"refused"}}
    walk.database.execute("alter role app_user login; alter role dba nosuperuser")
    found = verified(walk, exit_code=4)
    assert outcomes(found, "dba") == {("create in", "can"): {"refused"}}


def test_trying_never_waits_for_a_lock_and_makes_nobody_wait(walk: Walk) -> None:
    walk.forward("enable-login")
    reader = walk.database.connect(autocommit=False)
    reader.execute("select * from orders")
    found = verified(walk)  # TRUNCATE, ALTER and DROP are refused before they take their locks
    assert outcomes(found, "app_user") == USER
    reader.rollback()
    reader.execute("lock table orders in access exclusive mode")
    found = verified(walk)
    assert outcomes(found, "app_user")["read", "can"] == {"allowed", "untried"}
    reader.rollback()


def test_what_the_catalog_allows_is_not_tried_if_it_locks(walk: Walk) -> None:
    walk.forward("enable-login")
    walk.database.execute("grant truncate on orders to app_user")
    found = verified(walk, exit_code=4)
    assert outcomes(found, "app_user")["truncate", "cannot"] == {"refused", "untried"}
    assert any(check["exceptions"] == ["table public.orders"] for check in found["checks"])


GIVEN = (
    ("grant dba to app_user", "become role dba"),
    ("grant postgres to app_user", "become role postgres"),
    ("grant pg_read_server_files to app_user", "read files of the server"),
    ("grant pg_write_server_files to app_user", "write files of the server"),
    ("grant pg_execute_server_program to app_user", "run programs on the server"),
    (
        "grant execute on function dblink_connect_u(text, text) to app_user",
        "call function public.dblink_connect_u(text, text)",
    ),
    ("grant execute on function pg_read_file(text) to app_user", "call function pg_catalog.pg_read_file(text)"),
)
"""What somebody gave by hand, and which act shows it."""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_only_administrators_may_is_tried(flat: Database, invoke_cli: InProcess) -> None:
    """In either way, and nothing comes of it: no file, no program, no other role."""
    flat.execute("create extension dblink")
    walk = Walk(invoke_cli, flat).init()
    walk.forward("enable-login")
    login = ("--password-file", str(walk.password_file))
    untouched = walk.snapshot()
    assert outcomes(verified(walk, *login), "app_user")["call", "cannot"] == {"refused"}
    for given, act in GIVEN:
        flat.execute(given)
        before = walk.snapshot()
        for how in ((), login):
            failed = {
                f"{one['act']} {one['target']}"
                for proof in verified(walk, *how, exit_code=4)["proofs"]
                for one in proof["trials"]
                if one["outcome"] == "allowed" and not one["expected"]
            }
            assert act in failed, (given, how)
            assert walk.snapshot() == before
        flat.execute(given.replace("grant", "revoke", 1).replace(" to ", " from "))
    assert walk.snapshot() == untouched


@pytest.mark.majors("two")
def test_what_the_configuration_gives_is_not_held_against_it(flat: Database, invoke_cli: InProcess) -> None:
    flat.execute("create role crew; grant pg_read_server_files to crew; create extension dblink")
    walk = Walk(invoke_cli, flat).init()
    text = '[grants.app_migrator]\nmember = ["crew"]\n[grants.app_user]\nexecute = ["dblink_connect_u(text)"]\n'
    walk.config.write_text(f"{walk.config.read_text()}\n{text}")
    walk.forward("enable-login")
    for how in ((), ("--password-file", str(walk.password_file))):
        found = verified(walk, *how)
        assert ("read files of", "cannot") not in outcomes(found, "app_migrator")
        assert outcomes(found, "app_migrator")["run programs on", "cannot"] == {"refused"}
        assert outcomes(found, "app_user")["call", "cannot"] == {"refused"}


def test_a_refusal_that_tells_nothing_is_no_proof(walk: Walk) -> None:
    """A new owner in pg_temp needs TEMPORARY: without it app_user may become dba, and giving it the function fails."""
    walk.forward("enable-login")
    walk.database.execute(f"alter role dba nosuperuser; revoke temporary on database {walk.database.name} from public")
    walk.database.execute("grant dba to app_user")
    proofs = verified(walk, exit_code=4)["proofs"]
    one = next(one for one in proofs[0]["trials"] if one["target"] == "role dba")
    assert (one["outcome"], one["reason"]) == ("untried", "a session of its own would tell")
    logged_in = verified(walk, "--password-file", str(walk.password_file), exit_code=4)["proofs"]
    assert next(one for one in logged_in[0]["trials"] if one["target"] == "role dba")["outcome"] == "allowed"


_HOSTILE = """
create table taken (who text);
create function grab() returns int language plpgsql immutable as $$
begin
    begin perform set_config('role', 'none', false); exception when others then null; end;
    begin execute 'set session authorization default'; exception when others then null; end;
    begin execute 'alter role app_user superuser'; exception when others then null; end;
    begin execute 'insert into taken values (current_user)'; exception when others then null; end;
    return 1;
end $$;
create index on items ((pieces + grab()));
create function fire() returns trigger language plpgsql as
    $$ begin perform grab(); insert into taken values ('trigger'); return null; end $$;
create trigger t before insert or update or delete or truncate on items execute function fire();
"""


@pytest.mark.majors("two")
def test_hostile_code_gains_nothing(walk: Walk) -> None:
    walk.database.execute(_HOSTILE, walk.database.legacy)
    walk.forward("enable-login")
    before = walk.snapshot()
    verified(walk)
    verified(walk, "--password-file", str(walk.password_file))
    assert walk.snapshot() == before
    assert walk.database.admin.execute("select count(*) from taken").fetchone() == (0,)


def test_event_triggers_of_others_stop_the_trial(walk: Walk) -> None:
    walk.forward("enable-login")
    walk.database.execute(
        "create function public.watch_ddl() returns event_trigger language plpgsql as 'begin end';"
        "alter function public.watch_ddl() owner to app_migrator;"
        "create event trigger watching on ddl_command_end execute function public.watch_ddl()"
    )
    found = verified(walk)
    assert {proof["how"] for proof in found["proofs"]} == {""}
    assert "event triggers" in found["proofs"][0]["reason"]
    walk.database.execute("drop event trigger watching")


def test_an_operator_without_superuser_rights_is_told_what_was_not_tried(walk: Walk) -> None:
    walk.forward("enable-login")
    walk.database.execute("create role helper login createrole; grant usage on schema flatsplit to helper")
    walk.database.execute("grant select on all tables in schema flatsplit to helper")
    found = walk.run("verify", "--json", dsn=walk.database.conninfo("helper")).json
    user = next(proof for proof in found["proofs"] if proof["role"] == "app_user")
    assert (user["how"], user["trials"]) == ("", [])
    assert "helper may not act as app_user" in user["reason"]


# -- drift, and its cause


@pytest.mark.parametrize(
    ("done", "cause"),
    [
        ("revoke select on orders from app_user", "the privilege was taken away from app_user"),
        ("alter default privileges for role app_migrator in schema public revoke all on tables from app_user",
         "default privileges were taken away or changed, or the schema is new in scope"),
        ("alter role app_readonly nologin", "somebody changed role app_readonly"),
    ],
)  # fmt: skip
def test_drift_names_its_cause_and_repair_mends_it(walk: Walk, done: str, cause: str) -> None:
    walk.forward("enable-login")
    before = walk.snapshot()
    walk.database.execute(done)
    found = verified(walk, exit_code=4)
    assert {one["cause"] for one in found["drift"]} == {cause}
    assert cause in walk("verify").check(4).stdout
    said = walk("repair", "--yes", "--password-file", str(walk.password_file)).check()
    assert "repair: done" in said.stdout
    assert verified(walk)["ok"]
    assert walk.snapshot() == before
    directions = walk.database.admin.execute("select count(*) from flatsplit.action where direction = 'repair'")
    assert directions.fetchone() != (0,)


def test_an_object_given_away_is_named(walk: Walk) -> None:
    walk.forward("enable-login")
    walk.database.execute("alter table orders owner to postgres")
    strays = verified(walk, exit_code=4)["strays"]
    assert next((stray["id"], stray["objects"]) for stray in strays) == (
        "given-away",
        ["sequence public.orders_id_seq", "table public.orders"],
    )
    walk.database.execute("alter table orders owner to app_migrator")
    walk("repair", "--yes").check()
    assert verified(walk)["ok"]


def test_legacy_that_comes_back_to_life_is_called_so(walk: Walk) -> None:
    walk.forward()
    walk.database.execute("alter role legacy login; grant app_migrator to legacy; grant select on items to legacy")
    found = verified(walk, exit_code=4)
    causes = " ".join(one["cause"] for one in found["drift"])
    assert "legacy came back to life" in causes
    assert "legacy became a member of app_migrator" in causes
    assert "somebody granted it to legacy since" in causes
    walk("repair", "--yes").check()
    assert verified(walk)["ok"]


def test_objects_of_the_old_role_made_since_are_called_new(walk: Walk) -> None:
    walk.forward("transfer-ownership")
    walk.database.execute("create schema more; create table late (id serial)", walk.database.legacy)
    causes = {one["cause"] for one in verified(walk, exit_code=4)["drift"]}
    assert any(cause.startswith("created by legacy since the last step, so it belongs to legacy") for cause in causes)


def test_repair_shows_first_and_refuses_what_it_cannot_do(walk: Walk) -> None:
    walk.forward("enable-login")
    assert "Nothing to repair" in walk("repair", "--yes").check().stdout
    walk.database.execute("revoke select on orders from app_user")
    shown = walk("repair").check()
    assert "GRANT SELECT" in shown.stderr.partition("Apply again")[0]
    assert "repair" in walk("history").check().stdout


def test_a_sample_is_spread_evenly() -> None:
    refs = [ObjectRef("table", "public", f"t{number:02d}") for number in range(50)]
    assert [ref.name for ref in trial.sample(refs, 4)] == ["t00", "t16", "t33", "t49"]
    assert trial.sample(refs[:3], 4) == refs[:3]


def test_hostile_names_are_tried_as_data(flat: Database) -> None:
    name = "x'; drop table orders; --"
    flat.admin.execute(sql.SQL("create role {}; create schema {}").format(sql.Identifier(name), sql.Identifier(name)))
    acts = trial.acts_of(blueprint.APPLICATION, relations={ObjectRef("table", name, '"'): "a"}, schemas=[name])
    with psycopg.connect(flat.dsn, autocommit=True) as connection:
        proof = trial.try_as_function(connection, name, acts)
    assert {one.outcome for one in proof.trials} <= {"refused", "untried"}
    assert flat.admin.execute("select to_regclass('public.orders') is not null").fetchone() == (True,)
