"""Remedies of hazards that a walk rarely meets: taken as they are printed, the finding blocks no more."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from flatsplit.config.reading import parse
from tests.support.hazards import CRON, extension, look

CONFIG = '[cutover]\nname = "shop"\nlegacy_role = "legacy"\nschemas = ["public"]\nretire = "drop"\n'
LOGIN = (
    "CREATE FUNCTION public.f() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE 'no'; END $f$; "
    'CREATE EVENT TRIGGER "the ""trap" ON login EXECUTE FUNCTION public.f()'
)
CRONS = (
    f"{CRON} {extension('pg_cron', 'cron.job')} "
    "UPDATE cron.job SET database = current_database(), command = 'SET ROLE legacy' WHERE jobid = 1"
)
THEIRS = """ALTER ROLE legacy SUPERUSER; CREATE TABLE public."It's ""theirs" (a int);
    ALTER TABLE public."It's ""theirs" OWNER TO vendor"""
LISTS = (
    """ALTER ROLE legacy SUPERUSER; CREATE SCHEMA "A tool"; CREATE TABLE "A tool"."Schema_migrations" (id serial);"""
)
CASES = {
    "login-event-trigger": (LOGIN, 17),
    "cron-commands": (CRONS, 13),
    "superuser-reach": (THEIRS, 13),
    "migrations-out-of-reach": (LISTS, 13),
}
"""What is planted, and since when it can be."""


@pytest.mark.majors("two")
@pytest.mark.parametrize("hazard", CASES)
def test_taken_as_printed(hazard: str, patient: psycopg.Connection[Any], major: int) -> None:
    planted, since = CASES[hazard]
    if major < since:
        pytest.skip(f"this came with PostgreSQL {since}")
    with patient.transaction(force_rollback=True):
        patient.execute(planted.encode())
        found = look(patient, parse(CONFIG), hazard)[hazard]
        assert found.blocks or found.severity == "warning"
        assert found.sql or found.toml
        for statement in found.sql:
            patient.execute(statement.encode())
        left = look(patient, parse(_with(found.toml)), hazard).get(hazard)
        assert left is None or (not left.blocks and found.blocks)


def _with(lines: tuple[str, ...]) -> str:
    text = CONFIG
    for line in lines:
        section, _, setting = line.partition("] ")
        key = setting.partition(" = ")[0]
        if f"\n{key} = " in text:
            text = "".join(f"{setting if each.startswith(f'{key} = ') else each}\n" for each in text.splitlines())
        elif f"\n{section}]\n" in text:
            text = text.replace(f"{section}]\n", f"{section}]\n{setting}\n")
        else:
            text += f"{section}]\n{setting}\n"
    return text
