"""What is known where no log can be read: pg_stat_statements says who, the journal what flatsplit did."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.statistics import remember_statements
from tests.support.walk import Walk


@pytest.mark.slow
def test_statistics_and_the_journal(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    remember_statements(database)
    database.execute("CREATE TABLE payments (i int); CREATE TABLE orders (i int)", "legacy")
    database.execute("DROP TABLE payments", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    found = walk("who", "DROP TABLE payments", "--json").check(0).json
    (act,) = found["acts"]
    assert (act["login"], act["acting_as"], act["source"]) == (None, "legacy", "pg_stat_statements")
    assert (act["outcome"], act["judgement"]) == ("maybe rolled back", "look")
    assert any("logging_collector is off" in note for note in found["notes"])
    found = walk("who", "ALTER TABLE orders", "--json").check(0).json
    assert {
        (one["login"], one["outcome"], one["judgement"]) for one in found["acts"] if one["source"] == "journal"
    } == {("postgres", "done", "person")}
    refused = walk("who", "--refused").check(1).stderr
    assert "nothing here can know who it was" in refused
    assert "--log" in refused

    # Another name changes nothing of what a role did: the recorder has the former name, pg_stat_statements the new one
    walk.config.write_text(f"{walk.config.read_text()}\n[trail]\ntable = true\n")
    walk("begin", "trail", "--yes", "--through", "record-ddl").check()
    with walk.connect("app_migrator") as session:
        session.execute("create table made (i int)")
        session.execute("drop table made")
    before = walk("who", "made", "--json").json["acts"]
    assert [(act["act"], act["judgement"]) for act in before] == [("CREATE TABLE", "look"), ("DROP TABLE", "look")]
    database.execute("alter role app_migrator rename to deployer")
    assert walk("who", "made", "--json").json["acts"] == before
    database.execute("alter role deployer rename to app_migrator")
