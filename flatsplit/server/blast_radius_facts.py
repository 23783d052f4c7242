"""Facts for the blast radius that a State does not hold."""

from __future__ import annotations

from typing import Any

import psycopg

from flatsplit.model import ObjectRef
from flatsplit.rights.exposure import Surroundings
from flatsplit.server.asking import ask


def surroundings(conn: psycopg.Connection[Any]) -> Surroundings:
    """What the server says now."""
    relations = ask(conn, "rows")
    return Surroundings(
        rows={(schema, name): rows for schema, name, rows, _ in relations},
        secured=frozenset((schema, name) for schema, name, _, secured in relations if secured),
        reading=frozenset(ObjectRef("policy", *row) for row in ask(conn, "policies")),
        databases=tuple((name, owner, frozenset(grantees)) for name, owner, grantees in ask(conn, "databases")),
    )
