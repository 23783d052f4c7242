"""Lines of pg_hba.conf that let legacy in, and whether they would let app_user in."""

from __future__ import annotations

import pytest

from flatsplit.hazards.hba_match import Rule, about

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
