"""A session that has become another role goes on as it: planted, seen to bite, silent beside, and cured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from flatsplit.config import Special
from flatsplit.model import Finding
from tests.fixtures.databases import Database
from tests.support.hazards import SHOP, look

ID = "set-role-goes-on"
ALICE, QUOTED = 'Alice "A" %:', '"Alice ""A"" %:"'
LIKE = Special(ALICE, like="app_user")


def said(database: Database, **config: Any) -> Finding | None:
    return look(database.admin, replace(SHOP, **config), ID).get(ID)


def who(session: psycopg.Connection[Any]) -> Any:
    return session.execute("select current_user").fetchone()


@pytest.mark.majors("two")
def test_what_one_has_become_outlives_a_revoke(database: Database, major: int) -> None:
    """Persons, on every release; a worker on its bridge, before 16."""
    admin, members = database.admin, major >= 16
    database.execute(f"create role app_user; create role dba superuser; create role {QUOTED} login")
    database.execute(f"grant app_user, dba to {QUOTED}")
    named = {"people": ((ALICE, ("app_user",)),)}
    assert said(database, people=((ALICE, ("app_user", "dba")),)) is None, "as the configuration says"
    assert said(database) is None, "and where it says nothing of people"
    found = said(database, **named)
    assert found is not None
    assert (found.severity, found.objects) == ("warning", (ALICE,))
    assert "may have become dba, which [people] does not say" in found.title
    assert found.fix.endswith("\n".join(found.sql))

    # In the raw: the membership is gone, and the session a superuser's
    with database.connect(ALICE) as session:
        session.execute("set role dba")
        admin.execute(f"revoke dba from {QUOTED}")
        assert who(session) == ("dba",)
        session.execute("create role made_by_nobody; drop role made_by_nobody")
        admin.execute(f"grant dba to {QUOTED}")
        for cure in found.sql:
            admin.execute(cure.encode())
        with pytest.raises(psycopg.OperationalError):
            who(session)
    assert said(database, **named) is None
    if members:
        database.execute(f"grant dba to {QUOTED} with set false")
        assert said(database, **named) is None, "who may not SET ROLE has become nobody"

    # A worker: from 16 on its bridge is not for SET ROLE
    note = said(database, special=(LIKE,))
    assert (note is None) is members
    if note is not None:
        assert note.severity == "note"
        with database.connect(ALICE) as session:
            session.execute("set role app_user")
            admin.execute(f"revoke app_user from {QUOTED}")
            assert said(database, special=(LIKE,)) is None, "once the bridge is cut"
            assert who(session) == ("app_user",)
            admin.execute(note.sql[0].encode())
            with pytest.raises(psycopg.OperationalError):
                who(session)


@pytest.mark.majors("two")
def test_who_has_become_somebody_outlives_his_own_role(database: Database) -> None:
    """As where a secrets manager drops the roles that it has made: no list of sessions by role shows them."""
    database.execute("create role app_user; create role leased login in role app_user")
    database.execute("alter role leased set role = app_user; create table thing (); grant select on thing to app_user")
    with database.connect("leased", application_name="puma") as session:
        assert said(database) is None
        database.execute("drop role leased")
        session.execute("select from thing")
        found = said(database)
        assert found is not None
        assert found.title == "1 session of a dropped role may go on as the role that it had become"
        assert (found.objects, len(found.sql)) == (("puma from local",), 1)
        database.execute(found.sql[0])
        with pytest.raises(psycopg.OperationalError):
            who(session)
    assert said(database) is None
