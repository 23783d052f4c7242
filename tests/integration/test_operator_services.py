"""Managed services are recognised, and what each does to the walk is said before it."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, Shape, make_operator

SERVICES = [shape for shape in SHAPES.values() if shape.group]


def findings(walk: OperatorsWalk) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in walk("doctor", "--json").json["findings"]}


@pytest.mark.majors("two")
@pytest.mark.parametrize("shape", SERVICES, ids=lambda shape: shape.name)
def test_the_service_is_named_and_dba_is_its_strongest_role(
    shape: Shape, database: Database, invoke_cli: InProcess, major: int
) -> None:
    make_operator(database, shape)
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()

    found = findings(walk)
    assert shape.provider in found["managed-service"]["title"]
    assert "it lacks SUPERUSER" in found["managed-service"]["why"]
    assert not {"service-administrators", "legacy-administrator", "legacy-signs-in-by-token"} & found.keys()
    assert "operator-monitor" not in found
    if major >= 16:  # who is only a member of the service's role may not give it away
        assert f'GRANT "{shape.group}" TO "dba"' in found["managed-service"]["fix"]
        database.execute(f"grant {shape.group} to {sql.Identifier(OPERATOR).as_string(None)} with admin option")
        assert "GRANT" not in findings(walk)["managed-service"]["fix"]
    walk.next()
    assert database.admin.execute("select pg_has_role('dba', %s, 'member')", [shape.group]).fetchone() == (True,)

    # What a console or an API does: users of its making are administrators
    database.execute(f"grant {shape.group} to app_user, {database.legacy}")
    found = findings(walk)
    assert found["service-administrators"]["objects"] == ["app_user"]
    assert found["legacy-administrator"]["objects"] == [database.legacy]
    # In the raw: as members they may see what everybody does, and whom app_migrator inherits from gives it that
    sees = "select pg_has_role(%s, 'pg_signal_backend', 'usage')"
    assert database.admin.execute(sees, ["app_user"]).fetchone() == (True,)
    with database.admin.transaction(force_rollback=True):
        database.execute(f"grant {database.legacy} to app_migrator")
        assert database.admin.execute(sees, ["app_migrator"]).fetchone() == (True,)
    for id_, role in (("service-administrators", "app_user"), ("legacy-administrator", database.legacy)):
        given = ' GRANTED BY "postgres"' if major >= 16 else ""  # before 16 there is one grant, whoever gave it
        revoke = f'REVOKE "{shape.group}" FROM "{role}"{given};'
        assert found[id_]["fix"].startswith(revoke)
        database.execute(revoke)
        assert database.admin.execute(sees, [role]).fetchone() == (False,)
    assert not {"service-administrators", "legacy-administrator"} & findings(walk).keys()
    walk.rollback()
    assert database.admin.execute("select count(*) from pg_roles where rolname = 'dba'").fetchone() == (0,)


def test_an_ordinary_server_is_no_service(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create role rds_superuser")
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()

    assert not {"managed-service", "rds-restricted-passwords", "legacy-entra"} & findings(walk).keys()


def test_restricted_passwords_and_tokens(database: Database, invoke_cli: InProcess) -> None:
    make_operator(database, SHAPES["rds"])
    database.admin.execute(
        sql.SQL("alter database {} set rds.restrict_password_commands = 'on'").format(sql.Identifier(database.name))
    )
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()
    assert findings(walk)["rds-restricted-passwords"]["severity"] == "blocker"
    assert "legacy-signs-in-by-token" not in findings(walk)

    database.execute(findings(walk)["rds-restricted-passwords"]["fix"])
    database.execute(f"grant rds_iam to {database.legacy}")

    found = findings(walk)
    assert "rds-restricted-passwords" not in found
    assert found["legacy-signs-in-by-token"]["objects"] == [database.legacy]
    # The fix: app_user too
    member = "select pg_has_role('app_user', 'rds_iam', 'member')"
    database.execute(findings(walk)["operator-lacks"]["objects"][0])
    walk.next()
    assert database.admin.execute(member).fetchone() == (False,)
    database.execute("grant rds_iam to app_user")
    assert database.admin.execute(member).fetchone() == (True,)


@pytest.mark.majors("two")
def test_a_principal_of_entra(database: Database, invoke_cli: InProcess, major: int) -> None:
    """The label is written where Azure's own provider of labels would: it cannot be had here."""
    make_operator(database, SHAPES["azure"])
    walk = OperatorsWalk(invoke_cli, database)
    walk.init()

    def label(role: str, provider: str) -> None:
        database.admin.execute(
            "insert into pg_shseclabel select oid, 'pg_authid'::regclass, %s, 'aadauth,oid=1,type=service' "
            "from pg_roles where rolname = %s",
            [provider, role],
        )

    label(database.legacy, "selinux")
    label(OPERATOR, "pgaadauth")
    assert "legacy-entra" not in findings(walk)
    label(database.legacy, "pgaadauth")

    found = findings(walk)["legacy-entra"]
    assert (found["severity"], found["objects"]) == ("warning", [database.legacy])

    # In the raw: the label stays legacy's alone, so app_user is asked for a password, unless it is labelled too
    walk.next()
    labelled = "select rolname from pg_shseclabel join pg_roles on oid = objoid where provider = 'pgaadauth'"
    assert set(database.admin.execute(labelled).fetchall()) == {(database.legacy,), (OPERATOR,)}
    walk.rollback()
    database.execute("delete from pg_shseclabel where provider = 'pgaadauth'")
    assert "legacy-entra" not in findings(walk)
