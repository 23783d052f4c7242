"""Queries about an application's rows, run with the rights of their owner and never with the operator's.

A count as a superuser would run the application's code as one: planning evaluates an immutable function in the
predicate of an index.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors, sql

from flatsplit import ddl
from flatsplit.errors import MissingRights
from flatsplit.server import owned_function
from flatsplit.server.asking import question

_ASK = "SELECT a.answer FROM pg_temp.flatsplit_ask(%s) WITH ORDINALITY AS a (answer, place) ORDER BY a.place"


def answers(conn: psycopg.Connection[Any], owner: str, questions: Sequence[sql.Composable]) -> list[list[Any]]:
    """The rows of each question, as JSON values: a question selects one column of json. Everything is rolled back.

    Inside a transaction it sees what that sees. Raises MissingRights where the operator may not act as the owner, or
    where event triggers of ordinary roles would run as the operator.
    """
    refused = owned_function.refusal(conn)
    if refused:
        raise MissingRights(refused, owned_function.REMEDIES[refused])
    function = ddl.OwnedFunction("flatsplit_ask", "question text", "SETOF text", question("owner_function").decode())
    found = []
    try:
        with conn.transaction(force_rollback=True):
            owned_function.make(conn, function, {owner})
            owned_function.give(conn, function, owner)
            for each in questions:
                text = sql.SQL("SELECT q.answer::text FROM ({}) AS q (answer)").format(each).as_string(conn)
                rows = conn.execute(_ASK, (text,)).fetchall()
                found.append([json.loads(row[0]) for row in rows])
    except errors.ReadOnlySqlTransaction:
        raise MissingRights(
            "whoever only looks cannot ask as the owner", "who takes the step looks again, and can"
        ) from None
    except errors.InsufficientPrivilege as error:
        raise MissingRights(
            f"the rows of {owner} cannot be asked about ({error.diag.message_primary})",
            f"connect as a superuser, or as a role that may act as {owner}",
        ) from None
    return found
