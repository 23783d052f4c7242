"""The catalog is read while the rest is being imported: that works only as long as reading needs little itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flatsplit.cutover import open_walk
from tests.fixtures.databases import ROOT

HEAVY = ("sqlalchemy", "alembic", "jinja2", "rich", "flatsplit.cutover.walk")


def loaded(imported: str, watched: tuple[str, ...]) -> list[str]:
    """Which of these a process has that has imported no more than that."""
    script = f"import sys, {imported}\nprint(*(name for name in {watched} if name in sys.modules))\n"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_what_reads_the_catalog_imports_nothing_heavy():
    assert loaded("flatsplit.cli.commands.status, flatsplit.cutover.open_walk", HEAVY) == []


def test_a_status_waits_for_neither_templates_nor_hazards_nor_a_journals_migrations():
    never = ("sqlalchemy", "alembic", "jinja2", "flatsplit.render.engine", "flatsplit.rehearsal.rehearse")
    assert loaded("flatsplit.cutover.status, flatsplit.cli.views.status", never) == []
    assert loaded("flatsplit.render.engine", never) == ["jinja2", "flatsplit.render.engine"]


@pytest.mark.parametrize("command", ["next", "begin", "rollback"])
def test_a_step_waits_for_nothing_that_it_seldom_wants(command: str) -> None:
    """All hazards, a parser of SQL, whatever reads logs."""
    seldom = ("flatsplit.hazards", "flatsplit.rehearsal", "flatsplit.trail", "flatsplit.render", "sqlalchemy")
    assert loaded(f"flatsplit.cutover.{command}", seldom) == []


def test_hazards_wait_for_a_parser_of_sql_only_where_there_is_sql_to_judge() -> None:
    seldom = ("flatsplit.rehearsal.rehearse", "flatsplit.rehearsal.grammar", "flatsplit.logs", "pglast")
    assert loaded("flatsplit.hazards.lookups, flatsplit.hazards.registry", seldom) == []


def test_a_module_is_imported_beside_the_work_and_there_when_it_is_done(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    before = sys.getswitchinterval()
    with open_walk._importing("colorsys"):
        pass
    assert "colorsys" in sys.modules
    assert sys.getswitchinterval() == before


def test_an_import_that_fails_does_not_hide_what_the_work_says():
    with pytest.raises(LookupError, match="the server"), open_walk._importing("flatsplit.no_such_module"):
        raise LookupError("the server")
    with open_walk._importing("flatsplit.no_such_module"):
        pass  # whoever needs it imports it next, and hears why
