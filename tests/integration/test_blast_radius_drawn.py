"""Whatever blast-radius says a role could do, an attacker with its password does; and nothing else that it tells of."""

from __future__ import annotations

import os
import random
from typing import Any

import psycopg
import pytest

from flatsplit.catalog import read_state
from flatsplit.rights.exposure import exposures
from flatsplit.server.blast_radius_facts import surroundings
from tests.fixtures.databases import MakeDatabase
from tests.support.drawn_rights import ALONE, ROLES, Attacker, relations, statements
from tests.support.special import quoted

SEEDS = [int(seed) for seed in os.environ.get("FLATSPLIT_SEEDS", "3 5").split()]
"""A second each. More of them find more: FLATSPLIT_SEEDS="1 2 4"."""


def tried(conn: psycopg.Connection[Any], role: str) -> dict[str, set[str]]:
    """What the role manages to do, and whom it becomes."""
    with conn.transaction(force_rollback=True):
        attacker = Attacker(conn, role, relations(conn))
        # The owner of the database is it as well, by an implicit membership
        become = {*attacker.identities} - {role, "pg_database_owner"}
        return {**attacker.does(), "become": become}


@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_said_is_what_an_attacker_does(make_database: MakeDatabase, major: int, seed: int) -> None:
    database, made = make_database(), list[str]()
    for statement in statements(random.Random(seed), major):
        text = statement.format(database=quoted(database.name))
        try:
            database.execute(text)
        except psycopg.Error:
            continue
        made.append(text)
    said = exposures(read_state(database.admin), surroundings(database.admin), ROLES)
    wrong = []
    for found in said:
        for key, really in tried(database.admin, found.role).items():
            line = found.ability(key)
            assert line is not None
            told = {""} if key in ALONE and line.count else set(line.names)
            if told != really:
                wrong.append(f"{found.role} {key}: said alone {told - really}, true alone {really - told}")
    assert not wrong, "\n".join([*wrong, *made])
