"""Lines of pg_hba.conf that let legacy in, and whether they would let app_user in."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from flatsplit.config import Config
from flatsplit.hazards import REGISTRY
from flatsplit.hazards.hba_match import Rule, about
from flatsplit.hazards.registry import Found, Seen
from flatsplit.model import RoleFacts, State
from flatsplit.walks.split.context import Context
from tests.support.tracked import TARGET

# Lines for whoever it is, by the ways in which pg_hba.conf can say so: whether app_user gets the same
FOR_LEGACY = {
    ("all", "legacy"): False,
    ("shop", "/^leg"): False,
    ("sameuser", "all"): False,
    ("shop", "+team"): False,
    ("samerole", "all"): False,
    ("shop", "legacy,app_user"): True,
    ("shop", "all"): True,
    ("shop", "/^(leg|app)"): True,
    ("other", "legacy"): True,
    ("shop", "+carried"): True,
}


@pytest.mark.parametrize(("line", "same"), FOR_LEGACY.items(), ids=map(" ".join, FOR_LEGACY))
def test_lines_for_legacy_that_are_not_for_app_user(line: tuple[str, str], same: bool) -> None:
    """The names of roles and databases are those that the lines say, so that sameuser and samerole mean legacy's."""
    databases, users = (tuple(words.split(",")) for words in line)
    database = {"sameuser": "legacy", "samerole": "team"}.get(line[0], "shop")
    rule = Rule(1, "host", databases, users, "all", None, "scram-sha-256")
    assert about(rule, "legacy", {"team", "carried"}, database) is (line[0] != "other")
    assert about(rule, "app_user", {"carried"}, database) is (same and line[0] != "other")


CONFIG = Config("shop", "shop", ("public",))
"""The old role is called like the database."""
CLIENTS = [("10.0.0.5", False, False, "shop"), (None, False, False, "shop")]
Line = tuple[Any, ...]


def found(lines: list[Line]) -> list[Found]:
    """What doctor says of a file; the numbers of its lines are their places."""
    login = RoleFacts(login=True, password=True)
    state = State(replace(TARGET, database="shop"), roles={"shop": login, "app_user": login})
    rows = [(number, *line, None) for number, line in enumerate(lines, 1)]
    return list(REGISTRY["hba-app-user"].judge(Seen(state, Context(CONFIG, state), {"hba": rows, "clients": CLIENTS})))


def done(lines: list[Line], fix: str) -> list[Line]:
    """The file once somebody has done what is said."""
    printed = [line for line in fix.splitlines() if line.startswith(("host", "local"))]
    if printed:
        parts = [line.split() for line in printed]
        kinds = [(kind, (base,), tuple(users.split(",")), *rest) for kind, base, users, *rest in parts]
        new = [(*kind[:3], *((*kind[3:-1], None, None)[:2]), kind[-1]) for kind in kinds]
        return [*new, *lines]
    assert fix.startswith("Add app_user to the lines that let ") or not fix
    letting = [line for line in lines if line[5] != "reject" and {"shop", "all"} & set(line[2])]
    return [(*line[:2], (*line[2], "app_user"), *line[3:]) for line in letting] + lines


@pytest.mark.parametrize("last", ["reject", "none"])
def test_what_doctor_says_of_lines_lets_app_user_in(last: str) -> None:
    """Every pair of lines for a network and for the socket, with and without a line that turns away whoever is left."""
    told = 0
    for near, local in product(
        product(("all", "sameuser", "samerole", "shop"), ("all", "shop", "shop,app_user")), repeat=2
    ):
        lines: list[Line] = [
            ("host", (near[0],), tuple(near[1].split(",")), "10.0.0.0", "255.0.0.0", "scram-sha-256"),
            ("local", (local[0],), tuple(local[1].split(",")), None, None, "scram-sha-256"),
        ]
        lines += [("host", ("all",), ("all",), "all", None, "reject")] * (last == "reject")
        for one in found(lines):
            told += 1
            assert found(done(lines, one.fix)) == [], (lines, one.fix)
    assert told > 50
