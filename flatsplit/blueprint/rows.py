"""The rows of the blueprint: one for each purpose, with everything that is said of it."""

from __future__ import annotations

from flatsplit.blueprint.purpose import Attempt, Expectation, Purpose
from flatsplit.model import ROUTINES, TABLES, TYPES

_WRITABLE = TABLES | {"view"}
_READABLE = _WRITABLE | {"materialized_view"}

_RUNNING: dict[str, str] = {
    **dict.fromkeys(_WRITABLE, "adrw"),
    "materialized_view": "r",
    "sequence": "U",
    "schema": "U",
    "large_object": "rw",
    **dict.fromkeys(ROUTINES, "X"),
    **dict.fromkeys(TYPES, "U"),
}
_READING: dict[str, str] = {
    **dict.fromkeys(_READABLE, "r"),
    "sequence": "r",
    "schema": "U",
    "large_object": "r",
    **dict.fromkeys(TYPES, "U"),  # needed by its SELECTs; it calls no routines that PUBLIC has lost
}
_INSIDE = {"schema": "U", "database": "c"}

# EXPLAIN checks privileges and fires no trigger. It checks only what is left in the plan (ExecInitFunc() in execExpr.c:
# routines that policies and views call), so every column has to be read, under no condition that is folded away
_READ = Attempt("read", "EXPLAIN SELECT * FROM {only}{}", "relation")
_WRITES = (
    Attempt("insert into", "EXPLAIN INSERT INTO {} DEFAULT VALUES"),
    Attempt("update rows of", "EXPLAIN UPDATE {only}{} SET {column} = {column}"),
    Attempt("delete rows of", "EXPLAIN DELETE FROM {only}{}"),
)
# What must be refused has to be refused for the table itself, not for what its policies call
_DELETE = Attempt("delete rows of", "EXPLAIN DELETE FROM {} WHERE false")
# PostgreSQL refuses these before it takes their lock
_TRUNCATE = Attempt("truncate", "TRUNCATE {}")
_ALTER = Attempt("alter", "ALTER TABLE {} SET (fillfactor = 100)")
_DROP = Attempt("drop", "DROP TABLE {}")
_CREATE = Attempt("create in", "CREATE TABLE {} ()", "schema")

_READS = Expectation("read tables and views", True, kinds=_READABLE, letters="r", attempts=(_READ,))
_LIMITS = (
    Expectation("truncate tables", False, kinds=TABLES, letters="D", attempts=(_TRUNCATE,)),
    Expectation("put triggers on tables or views", False, kinds=_WRITABLE, letters="t"),
    # LOCK TABLE on a view locks the tables below it as the view's owner (LockViewRecurse() in lockcmds.c)
    Expectation("maintain tables or views", False, kinds=_READABLE, letters="m"),
    Expectation("alter or drop objects", False, "owning", attempts=(_ALTER, _DROP)),
    Expectation("grant privileges", False, "granting"),
    Expectation("create permanent objects", False, "creating", attempts=(_CREATE,)),
)

APPLICATION = Purpose(
    key="app_user",
    duty="application",
    who="the application",
    may="read and write rows, use sequences, call routines",
    may_not="create, alter, drop, truncate or grant",
    uses=_RUNNING,
    borrows={**_RUNNING, "sequence": "Urw", "database": "Tc", "language": "U", "parameter": "s", "column": "adrw"},
    beyond_scope=True,
    around=_INSIDE,
    takes=frozenset({"settings", "connection_limit", "valid_until", "bypassrls", "policies", "mappings"}),
    expectations=(
        _READS,
        Expectation("insert, update and delete rows", True, kinds=_WRITABLE, letters="awd", attempts=_WRITES),
        Expectation("use sequences", True, kinds=frozenset({"sequence"}), letters="U"),
        Expectation("read and write large objects", True, kinds=frozenset({"large_object"}), letters="rw", if_any=True),
        Expectation("call routines", True, kinds=ROUTINES, letters="X"),
        *_LIMITS,
    ),
)

OWNER = Purpose(
    key="app_migrator",
    duty="owner",
    who="the migration tool",
    may="own, create, alter and drop everything in scope",
    may_not="manage roles",
    keeps_all=True,
    around={"schema": "CU", "database": "c"},
    takes=frozenset({"settings", "valid_until", "createdb", "policies", "mappings", "memberships"}),
    expectations=(
        Expectation("alter and drop what the application owns", True, "inheriting"),
        Expectation("create in the schemas in scope", True, "around", frozenset({"schema"}), "C", attempts=(_CREATE,)),
    ),
)

READER = Purpose(
    key="app_readonly",
    duty="reader",
    who="reports and dashboards",
    may="read",
    may_not="write",
    uses=_READING,
    borrows={**_READING, "column": "r"},
    dumps="rU",
    around=_INSIDE,
    takes=frozenset({"settings", "policies", "mappings"}),
    expectations=(
        _READS,
        Expectation("write tables", False, kinds=_WRITABLE, letters="awdD", attempts=(_DELETE,)),
        Expectation("change sequences", False, kinds=frozenset({"sequence"}), letters="Uw"),
        Expectation("write large objects", False, kinds=frozenset({"large_object"}), letters="w", if_any=True),
        *_LIMITS,
    ),
)

ADMINISTRATOR = Purpose(
    key="dba",
    duty="administrator",
    who="people",
    may="all that the server allows",
    may_not="be used by programs",
    # A superuser needs no grant, but by this one another database's cutover sees that the role is used here
    around={"database": "c"},
    programs=False,
    expectations=(
        Expectation(
            "",
            True,
            "trial",
            # No statement that could run the application's code, since the role is a superuser
            attempts=(_CREATE, Attempt("create", "CREATE ROLE {}", "cluster")),
        ),
    ),
)

ROWS: tuple[Purpose, ...] = (APPLICATION, OWNER, READER, ADMINISTRATOR)
"""In the order in which everything lists them."""
