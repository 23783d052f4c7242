"""Access control lists that are full: found by their size, with a fix that runs as it is printed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from flatsplit.model import Finding
from tests.support.crowd import CREATE, LEASES, crowd
from tests.support.hazards import look

HOSTILE = '"The ""crowd"" @role %s :x $flatsplit$ ünïcödé, as long as a na"'


def said(conn: psycopg.Connection[Any]) -> Finding | None:
    return look(conn, only="rights-list-full").get("rights-list-full")


@pytest.mark.parametrize(
    ("make", "grant", "on", "named"),
    [
        (f"CREATE TABLE {HOSTILE} (a int)", "SELECT", f"TABLE {HOSTILE}", "table public.The"),
        ("CREATE VIEW v AS SELECT 1", "SELECT, UPDATE", "TABLE v", "view public.v"),
        ("CREATE SEQUENCE s", "USAGE", "SEQUENCE s", "sequence public.s"),
        ('CREATE TABLE t ("A %b" int)', 'SELECT ("A %b"), UPDATE ("A %b")', "TABLE t", "column public.t.A %b"),
        ("SELECT lo_create(4711)", "SELECT", "LARGE OBJECT 4711", "large object 4711"),
    ],
    ids=["table", "view", "sequence", "column", "large object"],
)
def test_full_lists(patient: psycopg.Connection[Any], make: str, grant: str, on: str, named: str) -> None:
    """Silent half full, found where what comes does not fit, and silent once the way out is taken."""
    of_columns = named.startswith("column")
    owner = "vendor" if of_columns else "legacy"  # for the columns of its own tables nobody is granted anything
    some = f"GRANT {grant} ON {on}"
    wanted = f"GRANT {grant} ON {on} TO app_user, app_readonly, app_migrator"
    with patient.transaction(force_rollback=True):
        patient.execute(CREATE.encode())
        patient.execute(f"GRANT CREATE ON SCHEMA public TO vendor; SET ROLE {owner}; {make}; RESET ROLE".encode())
        patient.execute(f"{some} TO legacy".encode())
        assert crowd(patient, some, 1200) == 1200
        assert said(patient) is None
        assert 2300 < crowd(patient, some) < len(LEASES)
        patient.execute('ALTER ROLE "Lease 7" NOINHERIT')
        found = said(patient)
        assert found is not None
        assert found.blocks
        assert len(found.objects) == 1
        assert found.objects[0].startswith(named)
        assert found.objects[0].endswith(" grantees to come")
        with pytest.raises(psycopg.errors.ProgramLimitExceeded, match="row is too big"):
            refused(patient, wanted)
        patient.execute(found.fix.split("\n", 1)[1].encode())
        assert said(patient) is None
        patient.execute(wanted.encode())
        # Whoever inherits has it by membership, whoever does not has it still
        members = "SELECT count(*) FROM pg_auth_members WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname ~ %s)"
        row = patient.execute(members, ["^users_of_"]).fetchone()
        assert row is not None
        assert row[0] > 2300
        patient.execute(f'REVOKE {grant} ON {on} FROM "Lease 7"'.encode())


def refused(conn: psycopg.Connection[Any], statement: str) -> None:
    with conn.transaction():
        conn.execute(statement.encode())


@pytest.mark.slow
@pytest.mark.majors("two")
def test_same_crowd_same_role(patient: psycopg.Connection[Any]) -> None:
    """Many objects of one crowd are opened to one role; nothing is said where the walk adds nothing."""
    with patient.transaction(force_rollback=True):
        patient.execute((CREATE + "CREATE TABLE theirs (a int); ALTER TABLE theirs OWNER TO vendor").encode())
        for table in ("one", "two"):
            patient.execute(f"CREATE TABLE {table} (a int); ALTER TABLE {table} OWNER TO legacy".encode())
            assert crowd(patient, f"GRANT SELECT ON {table}", 2440) == 2440
        assert crowd(patient, "GRANT SELECT ON theirs") > 2400
        found = said(patient)
        assert found is not None
        assert [name.split(":")[0] for name in found.objects] == ["table public.one", "table public.two"]
        assert found.fix.count("CREATE ROLE") == 1
        patient.execute(found.fix.split("\n", 1)[1].encode())
        assert said(patient) is None
        for table in ("one", "two"):
            row = patient.execute(
                "SELECT count(*) FROM generate_series(0, 2439) AS i "
                "WHERE has_table_privilege('Lease ' || i, %s, 'SELECT')",
                [table],
            ).fetchone()
            assert row == (2440,)
