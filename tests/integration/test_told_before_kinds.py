"""Who is refused is told before, whatever kind of statement it is: what begin says is held against the server itself.

An operator without superuser rights lacks something; begin is asked; all that the walk would run is run as it would be,
and undone. Whatever the server refuses of that, begin has refused, or named with the reason.
"""

from __future__ import annotations

from typing import get_args

import pytest

from flatsplit.model import FactKey
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_leave import ALICE, QUOTED, SHOP, hers, named
from tests.support.grouping import declare as declare_group
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator
from tests.support.refusals import JOINING, run_through, untold
from tests.support.snapshot import difference
from tests.support.special import declare as declare_role
from tests.support.special import quoted
from tests.support.walk import Walk, assert_same, toml, write_passwords

WORKER, BOB, TWINS = 'Night: "job" %s', "bob", ("app_user_a", "app_user_b")
READERS = ("reader a", "reader b")
WALKS = (
    f"leave:{ALICE}",
    "group:app_user",
    f"role:{WORKER}",
    "trail",
    JOINING,
    "rotate:app_readonly",
    "rotate:app_migrator",
)  # between twins, and in place
ELSEWHERE: dict[str, str] = {
    "owner": "", "privilege": "", "column_privilege": "", "default_privilege": "", "policy": "", "member": "",
    "role": "", "attribute": "", "setting": "", "comment": "", "user_mapping": "", "recorder": "",
    "condition": "tenants", "row_security": "tenants", "tenancy": "tenants", "tenant": "tenants",
}  # fmt: skip
"""Every kind of fact, and the kind of walk that alone changes it where none of these does: that has laws of its own."""
ADMIN = "with admin true, inherit false, set false"
WORLD = """
create role keeper; create role kept; create role guard superuser;
create schema apart authorization guard; create table apart.theirs (id int, v text);
alter table apart.theirs owner to guard; alter table apart.theirs enable row level security;
create table shop.kept (id int, v text); alter table shop.kept owner to app_migrator;
create table shop.third (id int, v text); alter table shop.third owner to keeper;
alter table shop.third enable row level security;
create extension postgres_fdw; create server far foreign data wrapper postgres_fdw;
create role "reader a" login in role app_readonly; alter role "reader a" set role = app_readonly;
create role "reader b" in role app_readonly; alter role app_readonly nologin password null;
alter role app_user set work_mem = '8MB'; grant usage, create on schema public to app_migrator;
"""
"""What a superuser has made beside what is the application's and hers: things of another superuser and of a third, and
two logins of app_readonly as the walk of a group makes them."""
LACKS: dict[str, tuple[str, str]] = {
    "nothing": ("", ""),
    # Of 16 and later: an administrator takes a role from the operator. Before, nobody is a member: CREATEROLE is enough
    "person": (f"revoke {QUOTED} from {{}}", f"grant {QUOTED} to {{}} {ADMIN}"),
    "another": ("revoke carol from {}", f"grant carol to {{}} {ADMIN}"),
    "readers": ("revoke app_readonly from {}", f"grant app_readonly to {{}} {ADMIN}"),
    "application": ("revoke app_user from {}", f"grant app_user to {{}} {ADMIN}"),
    "coming": ('revoke "reader b" from {}', f'grant "reader b" to {{}} {ADMIN}'),
    "former": ('revoke "reader a" from {}', f'grant "reader a" to {{}} {ADMIN}'),
    "listed": ("revoke kept from {}", f"grant kept to {{}} {ADMIN}"),
    "makes no roles": ("alter role {} nocreaterole", "alter role {} createrole"),
    # A role is a superuser's
    "person is": (f"alter role {QUOTED} superuser", f"alter role {QUOTED} nosuperuser"),
    "readers are": ("alter role app_readonly superuser", "alter role app_readonly nosuperuser"),
    "application is": ("alter role app_user superuser", "alter role app_user nosuperuser"),
    "coming is": ('alter role "reader b" superuser', 'alter role "reader b" nosuperuser'),
    "former is": ('alter role "reader a" superuser', 'alter role "reader a" nosuperuser'),
    "owner is": ("alter role app_migrator superuser", "alter role app_migrator nosuperuser"),
    # There is something that only somebody else may change
    "setting": ("alter role app_user set log_min_duration_statement = '1s'",
                "alter role app_user reset log_min_duration_statement"),
    "policy": (f"create policy p on apart.theirs to {QUOTED}", "drop policy p on apart.theirs"),
    "a third's policy": (f"create policy p on shop.third to {QUOTED}", "drop policy p on shop.third"),
    "privilege": (f"grant select on apart.theirs to {QUOTED}", f"revoke all on apart.theirs from {QUOTED}"),
    "a third's privilege": (f"grant select on shop.third to {QUOTED}", f"revoke all on shop.third from {QUOTED}"),
    "column": (f"grant update (v) on apart.theirs to {QUOTED}", f"revoke update (v) on apart.theirs from {QUOTED}"),
    "a third's column": (f"grant update (v) on shop.third to {QUOTED}",
                         f"revoke update (v) on shop.third from {QUOTED}"),
    "schema": (f"grant usage on schema apart to {QUOTED}", f"revoke usage on schema apart from {QUOTED}"),
    "default": (f"alter default privileges for role guard grant select on tables to {QUOTED}",
                f"alter default privileges for role guard revoke select on tables from {QUOTED}"),
    "a third's default": (f"alter default privileges for role keeper grant select on tables to {QUOTED}",
                          f"alter default privileges for role keeper revoke select on tables from {QUOTED}"),
    "mapping": (f"create user mapping for {QUOTED} server far", f"drop user mapping for {QUOTED} server far"),
    "member": (f"grant keeper to {QUOTED} with admin option; set role {QUOTED}; grant keeper to carol; reset role",
               f"set role {QUOTED}; revoke keeper from carol; reset role; revoke keeper from {QUOTED}"),
    "schema of a third's": ("alter table shop.kept owner to keeper; grant keeper to {}",
                            "revoke keeper from {}; alter table shop.kept owner to app_migrator"),
    "owned apart": (f"create table apart.hers (); alter table apart.hers owner to {QUOTED}", "drop table apart.hers"),
    "database": (f"alter database {{db}} owner to {QUOTED}", "alter database {db} owner to app_migrator"),
    "server": (f"alter server far owner to {QUOTED}", "alter server far owner to postgres"),
    "listed table": ("alter table shop.kept owner to keeper", "alter table shop.kept owner to app_migrator"),
    # At the end, since it cannot be given back: grants stand on it
    "owner": ("revoke app_migrator from {} cascade", ""),
}  # fmt: skip
"""What an operator lacks, one thing at a time, and how it has it again."""


def world(database: Database, invoke_cli: InProcess, major: int) -> OperatorsWalk:
    """The split is done, a person has come and made things; more walks are in the configuration."""
    database.execute(SHOP, database.legacy)
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()
    walk.forward()
    named(walk, alice=["app_readonly"], carol=["app_readonly"])
    declare_group(walk, "app_readonly", READERS)
    # By a superuser, so that no grant stands on the operator's own rights
    database.execute(f"create role {QUOTED} login; create role carol login; grant app_readonly to {QUOTED}, carol")
    hers(database)
    database.execute(WORLD)
    if major >= 16:
        database.execute(f'grant {QUOTED}, carol, kept, "reader a", "reader b" to {quoted(OPERATOR)} {ADMIN}')
    declare_group(walk, "app_user", TWINS)
    declare_role(walk, WORKER, {
        "role": {"like": "app_user", "settings": {"work_mem": "8MB"}, "create": ["shop"]},
        "grants": {"select": ["shop.thing", "shop.kept", "shop.secret(id)"], "member": ["kept"]},
    })  # fmt: skip
    walk.config.write_text(f"{walk.config.read_text()}\n[trail]\nlog = true\ntable = true\n")
    people = walk.config.read_text().replace("[people]\n", f'[people]\n{toml(BOB)} = ["app_readonly", "dba"]\n')
    walk.config.write_text(people)
    walk.passwords[BOB] = "password of bob"
    write_passwords(walk.password_file, walk.passwords)
    return walk


def begun(walk: Walk, name: str) -> str | None:
    """What begin says of what somebody else has to run; None where it refuses, and all is as it was."""
    if name == JOINING:
        before = walk.snapshot()
        said = walk("people", "--join", "--yes", "--password-file", str(walk.password_file))
        if difference(before, walk.snapshot()):
            walk.database.execute(f"drop role if exists {BOB}")
            return ""
        return None if said.exit_code else ""
    kind, _, subject = name.partition(":")
    said = walk("begin", kind, *filter(None, [subject]), "--yes")
    if said.exit_code:
        assert len(said.stderr.splitlines()) == 2, said.stderr
        return None
    walk.rollback("--all", "--walk", name)
    return said.stderr


@pytest.mark.slow
@pytest.mark.majors("two")
def test_every_kind_of_statement(
    database: Database, invoke_cli: InProcess, major: int, pytestconfig: pytest.Config
) -> None:
    """Of lacks and walks each second square, as on a chessboard; with --whole all of them."""
    whole = pytestconfig.getoption("--whole")
    walk = world(database, invoke_cli, major)
    before, operator, db = walk.snapshot(), quoted(OPERATOR), quoted(database.name)
    seen: set[str] = set()
    refused: set[str] = set()
    wrong: list[str] = []
    for row, (lack, (take, give)) in enumerate(LACKS.items()):
        if major < 16 and take.startswith("revoke"):
            continue
        database.execute(take.format(operator, db=db) or "select")
        for name in WALKS if whole or not take else WALKS[(row + 1) % 2 :: 2]:
            ran, found = run_through(walk, name, database.conninfo(OPERATOR))
            seen |= {change.fact for _, each in ran for change in each.changes}
            refused |= {fact for one in found for fact in one.facts}
            told = begun(walk, name) if name != JOINING or found else None
            if not take and name != "trail":
                wrong += [f"{lack}, {name}: {one}" for one in found]
            wrong += [f"{lack}, {name}: {one}" for one in (untold(found, told) if told is not None else ())]
        if give or not take:
            database.execute(give.format(operator, db=db) or "select")
            assert_same(before, walk.snapshot(), lack)
    assert not wrong, "\n".join(wrong)
    assert seen == {fact for fact in get_args(FactKey) if not ELSEWHERE[fact]}
    assert refused == seen, "each kind is refused to somebody"
