"""Taking flatsplit out of a database, with its journal in a file or without."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from flatsplit.connection import Session
from flatsplit.errors import JournalError, UsageError, Waiting
from flatsplit.journal import HEAD, Journal
from flatsplit.model import Backend
from tests.fixtures.databases import Database
from tests.support.tracked import statement, track
from tests.unit.test_journal_codec import full_state


@pytest.fixture
def journal(opened: Session) -> Journal:
    made = track(opened)
    with opened.transaction():
        made.save_baseline(full_state())
        made.record("verify", "forward", [statement("SELECT 'ä\n\\'")])
        made.event("init", None, "begun", {"a": [1]})
        made.observe([Backend("legacy", "shop", "", "app", "idle")])
    return made


def forget(journal: Journal, export: Path | None = None) -> None:
    with journal.session.transaction():
        journal.forget(export)


def schemas(database: Database) -> list[str]:
    rows = database.admin.execute("SELECT nspname FROM pg_namespace WHERE nspname = 'flatsplit'")
    return [name for (name,) in rows]


@pytest.mark.majors("two")
def test_nothing_stays(journal: Journal, database: Database) -> None:
    forget(journal)
    assert not journal.exists()
    assert schemas(database) == []


@pytest.mark.majors("two")
def test_everything_is_in_the_file(journal: Journal, database: Database, tmp_path: Path) -> None:
    counts = {
        table: database.admin.execute(f"SELECT count(*) FROM flatsplit.{table}".encode()).fetchone()
        for table in ("cutover", "step", "action", "change", "baseline", "event", "observation", "alembic_version")
    }
    file = tmp_path / "journal.jsonl"
    forget(journal, file)
    assert schemas(database) == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    head, *lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert head["revision"] == HEAD
    written = {table: (sum(line["table"] == table for line in lines),) for table in counts}
    assert written == counts
    (action,) = [line["row"] for line in lines if line["table"] == "action"]
    assert action["sql"] == "SELECT 'ä\n\\'"
    (event,) = [line["row"] for line in lines if line["table"] == "event"]
    assert event["details"] == {"a": [1]}


def test_a_file_is_never_overwritten(journal: Journal, tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_text("precious")
    with pytest.raises(UsageError, match="exists"):
        forget(journal, file)
    assert file.read_text() == "precious"
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="exists"):
        forget(journal, file)
    with pytest.raises(UsageError, match="cannot write"):
        forget(journal, tmp_path / "no" / "such" / "folder")
    assert journal.exists()
    assert not (tmp_path / "elsewhere").exists()


def test_what_others_built_on_it_is_not_dropped(journal: Journal, database: Database, tmp_path: Path) -> None:
    database.execute("CREATE VIEW public.dashboard AS SELECT * FROM flatsplit.event")
    file = tmp_path / "journal.jsonl"
    with pytest.raises(JournalError) as refused:
        forget(journal, file)
    assert "dashboard" in refused.value.what
    assert not file.exists()
    database.execute("DROP VIEW public.dashboard; CREATE TABLE flatsplit.notes ()")
    with pytest.raises(JournalError, match="notes"):
        forget(journal)
    assert journal.exists()
    assert len(journal.events()) == 1


def test_a_backup_that_is_running_is_not_blocked_for_long(
    journal: Journal, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flatsplit.journal.schema.LOCK_TIMEOUT", "100ms")
    with database.connect(autocommit=False) as backup:
        backup.execute("LOCK TABLE flatsplit.action IN ACCESS SHARE MODE")
        with pytest.raises(Waiting, match="backup"):
            forget(journal)
    forget(journal)


def test_forgetting_is_undone_with_its_transaction(journal: Journal) -> None:
    def fail() -> None:
        with journal.session.transaction():
            journal.forget(None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert journal.exists()
    with pytest.raises(RuntimeError):
        journal.forget(None)
