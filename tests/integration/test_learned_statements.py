"""What is learned of a special role is enough for every kind of statement that it ran, and no more than that."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.learned import ALIKE, program, run, sections, shop
from tests.support.special import declare, quoted
from tests.support.statistics import remember_statements
from tests.support.walk import Walk

ROLE = 'Night: "job" %s'
NAME = f"role:{ROLE}"
ON = {"usage": "sequence ", "execute": "routine "}
"""What GRANT and REVOKE want to hear before a name; nothing for what is like a table."""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_enough_and_no_more(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    database, statements = make_database(), program(major)
    database.execute(f"grant create on database {quoted(database.name)} to legacy")
    database.execute("grant usage, create on schema public to legacy")
    database.execute(shop(major), "legacy")
    remember_statements(database)
    walk = Walk(invoke_cli, database).init()
    walk.config.write_text(f"{walk.config.read_text()}\n{sections(major)}")
    walk.forward()
    declare(walk, ROLE, {"role": {"like": "app_user", "learn": "0s"}})
    walk("begin", "role", ROLE, "--yes").check()
    walk.next("--walk", NAME, "--through", "open")
    with walk.connect(ROLE) as session:
        walk.next("--walk", NAME, "--through", "switch-connections")
        assert [one for one in statements if run(session, one)] == [], "over the bridge"
        walk("observe").check()
    found = walk("learn", ROLE, "--json").check().json
    assert found["holes"] == []
    text = walk("learn", ROLE).check().stdout
    walk.config.write_text(f"{walk.config.read_text()}\n{text[text.index('[grants') : text.index('Why')]}\n")
    walk.next("--walk", NAME, "--through", "grant")
    walk("rehearse", "--as", ROLE).check()
    walk.next("--walk", NAME, "--through", "narrow")
    with walk.connect(ROLE) as session:
        assert [one for one in statements if run(session, one)] == [], "what was learned is not enough"
    unmissed = set()
    for line in found["lines"]:
        what = f"{line['privilege']} on {ON.get(line['privilege'], '')}{line['name']}"
        database.execute(f"revoke {what} from {quoted(ROLE)}")
        with walk.connect(ROLE) as session:  # a new one: expressions are kept once they were allowed
            if all(run(session, one) != "42501" for one in statements):
                unmissed.add(what)
        database.execute(f"grant {what} to {quoted(ROLE)}")
    assert unmissed == ALIKE, "nobody missed these"
    walk.wait_until_gone(ROLE)
