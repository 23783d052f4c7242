"""The registry itself: complete, told, reproduced, written down, cheap and harmless."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from flatsplit import hazards
from flatsplit.hazards import REGISTRY, stories
from flatsplit.render.hazards import render_hazards
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import ROOT, Database
from tests.support.hazards import look

PAGE = ROOT / "runbooks" / "hazards.md"
USED = {"rights", "roles", "cron_elsewhere", "stored_trees"}
"""Queries that every hazard may use, that are asked elsewhere, or that are a part of others."""
UPDATE = bool(os.environ.get("FLATSPLIT_UPDATE_GOLDEN"))
FOLDER = Path(hazards.__file__).parent


def test_each_has_everything() -> None:
    assert {path.stem for path in (FOLDER / "stories").glob("*.md")} == set(REGISTRY)
    asked = {question for one in REGISTRY.values() for question in one.questions}
    assert {path.stem for path in (FOLDER / "queries").glob("*.sql")} == asked | USED
    for one in REGISTRY.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id)
        assert re.fullmatch(r"[a-z0-9-]+\.html(#[A-Z0-9-]+)?", one.manual), one.id
        told = stories.story(one.id)
        assert len(told.text) > 120, one.id
        assert 1 <= len(told.reproduction.splitlines()) <= 3, one.id
        assert all((one.why, one.fix, one.looks_at)), one.id


def test_the_page_is_what_would_be_written_today() -> None:
    """FLATSPLIT_UPDATE_GOLDEN=1 writes it anew."""
    if UPDATE:
        PAGE.write_text(render_hazards())
    assert PAGE.read_text() == render_hazards(), "run this with FLATSPLIT_UPDATE_GOLDEN=1"


RUNNABLE = [id_ for id_ in REGISTRY if stories.story(id_).runs]


@pytest.mark.majors("two")
def test_reproductions_show_what_they_say(patient: psycopg.Connection[Any], major: int) -> None:
    assert len(RUNNABLE) > 35
    wrong = []
    for id_ in RUNNABLE:
        with patient.transaction(force_rollback=True):
            for name in ("vendor", "team", "trainee"):  # these make them themselves
                patient.execute(f"ALTER ROLE {name} RENAME TO fs_{name}".encode())
            for line in stories.story(id_).reproduction.splitlines():
                if said := reproduce(patient, line):
                    wrong.append(f"{id_}: {line}: {said}")
    assert "\n".join(wrong) == ""


def reproduce(conn: psycopg.Connection[Any], line: str) -> str:
    """What is wrong with this line of a reproduction."""
    statement, _, error = line.partition("-- ERROR:")
    _, _, value = line.partition("-->")
    try:
        with conn.transaction(force_rollback="-- ERROR:" in line):
            cursor = conn.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
    except psycopg.Error as found:
        return "" if "-- ERROR:" in line and error.strip() in str(found) else str(found)
    if "-- ERROR:" in line:
        return "succeeds"
    return "" if not value or (row and str(row[0]) == value.strip()) else f"gives {row}"


def test_explain(invoke_cli: InProcess) -> None:
    for id_ in ("rls-zero-rows", "hba-app-user"):
        shown = invoke_cli("doctor", "--explain", id_).check().stdout
        assert stories.story(id_).reproduction in shown
        assert REGISTRY[id_].fix in shown
        assert invoke_cli("doctor", "--explain", id_, "--json").check().json["id"] == id_
    refused = invoke_cli("doctor", "--explain", "rls").check(2)
    assert "there is no hazard 'rls'" in refused.stderr


def test_no_lock_is_stronger_than_access_share(database: Database) -> None:
    """Inside one transaction, so that every lock that was ever taken is still there at its end."""
    database.execute("create view v as select current_user as a; alter view v owner to legacy; create table t (a int)")
    database.execute("alter table t owner to legacy; alter table t enable row level security")
    locks = "select distinct mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'"
    with database.connect() as conn, conn.transaction(force_rollback=True):
        assert "rls-zero-rows" in look(conn)
        assert {row[0] for row in conn.execute(locks)} == {"AccessShareLock"}
        conn.execute("lock table t in row exclusive mode")  # the test can fail
        assert {row[0] for row in conn.execute(locks)} == {"AccessShareLock", "RowExclusiveLock"}


def test_nobody_is_waited_for(database: Database) -> None:
    """A table that somebody holds in ACCESS EXCLUSIVE does not hold doctor up: it looks at catalogs only."""
    database.execute(
        "create table t (a text default current_user check (a <> current_user)); alter table t owner to legacy"
    )
    database.execute("create view v as select * from t where a = current_user; alter view v owner to legacy")
    database.execute("alter table t enable row level security; create policy p on t using (a = current_user)")
    database.execute(
        "create view information_schema.v as select * from v; alter view information_schema.v owner to legacy"
    )
    with database.connect(autocommit=False) as holder, database.connect() as conn:
        holder.execute("lock table t, v in access exclusive mode")
        conn.execute("set lock_timeout = '50ms'")
        asking = {"current-user-views", "current-user-policies", "current-user-defaults", "outside-scope"}
        assert asking <= look(conn).keys()
        holder.rollback()


def test_only_what_a_gate_needs_is_asked() -> None:
    """``next`` asks for blockers alone. Of the text of views and routines only what has the old role's name in it."""
    few = {question for one in REGISTRY.values() if hazards.is_blocker(one) for question in one.questions}
    assert few == {
        "as_reader",
        "clients",
        "cron_commands",
        "cron_new_roles",
        "crowded",
        "event_trigger_bodies",
        "event_triggers",
        "hba",
        "initial_privileges",
        "names",
        "operator_surroundings",
        "pending_detach",
        "policies_who",
        "rls",
        "role_functions",
        "schema_publications",
        "server",
        "unknown_kinds",
    }


def test_each_query_says_what_it_asks() -> None:
    for path in (FOLDER / "queries").glob("*.sql"):
        assert path.read_text().startswith("-- "), path
