"""Traps that are known to bite during or after the walk, each found before it does."""

from __future__ import annotations

from importlib import resources
from typing import Any

import psycopg

from flatsplit.hazards import legacy, objects, operator, server
from flatsplit.model import Finding, State
from flatsplit.steps import Context

_ORDER = {"blocker": 0, "warning": 1, "note": 2}


def find(conn: psycopg.Connection[Any], state: State, context: Context) -> tuple[Finding, ...]:
    """Every hazard of this database, blockers first. Reads catalogs only and takes no lock above ACCESS SHARE."""
    found = [
        *legacy.judge(state, context),
        *objects.judge(state, context),
        *objects.unmatched_grants(state, context),
        *objects.row_security(_ask(conn, "rls", objects.row_security_parameters(conn, context)), context),
        *server.event_triggers(_ask(conn, "event_triggers")),
        *server.conditions(_ask(conn, "server"), context),
        *operator.find(conn, state, context),
    ]
    return tuple(sorted(found, key=lambda finding: (_ORDER[finding.severity], finding.id)))


def _ask(conn: psycopg.Connection[Any], name: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    query = resources.files(__package__).joinpath(f"queries/{name}.sql").read_bytes()
    return conn.execute(query, parameters).fetchall()
