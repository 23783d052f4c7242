"""The recorder of structural changes: a table, two functions and two event triggers in flatsplit's own schema.

It does not store the text of a query, which is the whole string that a client sent, with passwords in its other
statements. Its functions only warn where they fail: an error would stop every migration, and the application's
temporary tables. They run as their owner, and write only into a table of the same owner without triggers and rules: the
owner of the schema can put another table in its place, but none that belongs to a superuser.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import NamedTuple

from flatsplit.ddl.names import ident
from flatsplit.model import JOURNAL_SCHEMA

TABLE = f"{JOURNAL_SCHEMA}.ddl"
CONFIG = ("search_path=pg_catalog, pg_temp", "lock_timeout=100ms")
"""Settings of the functions: names are looked up in pg_catalog only, and nobody waits long for a locked table."""


class Part(NamedTuple):
    """One part of the recorder."""

    name: str
    create: str
    """SQL that creates it, also where it exists with another content."""
    drop: str
    looks: str
    """What the catalog says of it on one line when it is as created."""


def fingerprint(text: str) -> str:
    """A hash of the body of a function."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _text(name: str) -> str:
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _function(name: str) -> Part:
    """The part for a function. Drops of what depends on a table, such as its indexes, are not recorded: the table's
    says it.
    """
    body = _text(name)
    settings = "\n  ".join("SET {} = {}".format(*_assigned(each)) for each in CONFIG)
    return Part(
        f"function {JOURNAL_SCHEMA}.{name}()",
        f"CREATE OR REPLACE FUNCTION {JOURNAL_SCHEMA}.{name}() RETURNS event_trigger\n"
        f"  LANGUAGE plpgsql SECURITY DEFINER\n"
        f"  {settings}\n"
        f"AS $flatsplit${body}$flatsplit$;",
        f"DROP FUNCTION {JOURNAL_SCHEMA}.{name}();",
        f"plpgsql definer {'; '.join(CONFIG)} {fingerprint(body)}",
    )


def _assigned(setting: str) -> tuple[str, str]:
    name, _, value = setting.partition("=")
    return name, value if name == "search_path" else f"'{value}'"


def _trigger(name: str, event: str, function: str) -> Part:
    return Part(
        f"event trigger {name}",
        f"DROP EVENT TRIGGER IF EXISTS {name};\n"
        f"CREATE EVENT TRIGGER {name} ON {event} EXECUTE FUNCTION {JOURNAL_SCHEMA}.{function}();",
        f"DROP EVENT TRIGGER {name};",
        f"{event} {JOURNAL_SCHEMA}.{function}() O",
    )


PARTS: tuple[Part, ...] = (
    Part(f"table {TABLE}", _text("table").strip(), f"DROP TABLE {TABLE};", "table"),
    _function("record_commands"),
    _function("record_drops"),
    _trigger("flatsplit_record_commands", "ddl_command_end", "record_commands"),
    _trigger("flatsplit_record_drops", "sql_drop", "record_drops"),
)
"""In the order of creation; they are dropped in the reverse order. Roles that can use the schema, because they dump the
database, can read the table; the application cannot.
"""


def let_thin(role: str) -> str:
    """Let the role that keeps the journal delete old rows."""
    return f"GRANT DELETE ON TABLE {TABLE} TO {ident(role)};"


def impossible_event_trigger() -> str:
    """CREATE EVENT TRIGGER with a function that does not exist. A role that may not create any gets another error
    before that.
    """
    return (
        "CREATE EVENT TRIGGER flatsplit_impossible ON ddl_command_end "
        "EXECUTE FUNCTION pg_catalog.flatsplit_there_is_no_such_function();"
    )


def forget_recorder() -> tuple[str, ...]:
    """Statements that drop whatever exists of it."""
    return tuple(_if_exists(part.drop) for part in reversed(PARTS))


def _if_exists(drop: str) -> str:
    for kind in ("EVENT TRIGGER", "FUNCTION", "TABLE"):
        drop = drop.replace(f"DROP {kind} ", f"DROP {kind} IF EXISTS ", 1)
    return drop
