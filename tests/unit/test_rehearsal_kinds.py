"""Every kind of statement that PostgreSQL's grammar has is judged by somebody, or unknown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from postgast import pg_query_pb2

from flatsplit.rehearsal import kinds
from flatsplit.rehearsal.grammar import PLANNED, Parsed
from flatsplit.rehearsal.kinds import RULES
from flatsplit.rehearsal.utility import FREE, HANDLED

STATEMENTS = sorted(field.name for field in pg_query_pb2.Node.DESCRIPTOR.fields if field.name.endswith("stmt"))

INSIDE = {
    "raw_stmt": "holds a statement",
    "set_operation_stmt": "of a query that was analyzed already",
    "return_stmt": "the body of a function",
    "plassign_stmt": "an assignment of PL/pgSQL",
    "replica_identity_stmt": "a part of ALTER TABLE",
}
"""Nodes of that name that are no statement of their own."""

JUDGED = (PLANNED, FREE, frozenset(HANDLED), frozenset(RULES))


@pytest.mark.parametrize("kind", STATEMENTS)
def test_each_kind_has_one_judge(kind: str) -> None:
    assert sum(kind in judged for judged in JUDGED) == (0 if kind in INSIDE else 1)


def test_no_rule_is_for_what_is_not_there() -> None:
    assert not frozenset().union(*JUDGED).difference(STATEMENTS)


@pytest.mark.parametrize("kind", [*INSIDE, "create_property_graph_stmt"])
def test_a_kind_without_a_rule_is_unknown(kind: str) -> None:
    ordinary: Any = SimpleNamespace(actor=SimpleNamespace(rights=SimpleNamespace(superuser=False)))
    found = kinds.problems(ordinary, Parsed(kind, None, "CREATE PROPERTY GRAPH g"), None)
    assert [each.outcome for each in found] == ["unknown"]
