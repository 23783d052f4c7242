"""The recorder of structural changes: a table, two functions and two event triggers in flatsplit's own schema.

No text of a query is kept: it is the whole string that a client sent, passwords of its other statements included. A
function that fails only warns, since an error in it would be the end of every migration, and of the application's
temporary tables. It runs as its owner, and writes only into a table of that same owner's without code on it: whoever
owns the schema can put another table there, but none that belongs to a superuser.
"""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import NamedTuple

from flatsplit.ddl.names import ident
from flatsplit.model import JOURNAL_SCHEMA

TABLE = f"{JOURNAL_SCHEMA}.ddl"
CONFIG = ("search_path=pg_catalog, pg_temp", "lock_timeout=100ms")
"""Settings of the functions: names mean what they say, and nobody waits long for a table that somebody has locked."""


class Part(NamedTuple):
    """Something that the recorder is made of."""

    name: str
    create: str
    """Also where it is there and not as it was made."""
    drop: str
    looks: str
    """What tells one that is as it was made: what the catalog says of it, in one line."""


def fingerprint(text: str) -> str:
    """Of the body of a function."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _text(name: str) -> str:
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _function(name: str) -> Part:
    """What goes with a table, such as its indexes, says nothing that the table does not: such drops are left out."""
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
"""In the order in which they are made; they are dropped in the opposite one. Everybody may read the table who is let
into the schema, which whoever dumps the database is; the application is not."""


def let_thin(role: str) -> str:
    """Whoever keeps the journal may take old rows away."""
    return f"GRANT DELETE ON TABLE {TABLE} TO {ident(role)};"


def impossible_event_trigger() -> str:
    """One that cannot be made, since its function is not there; who may not make any is told so first."""
    return (
        "CREATE EVENT TRIGGER flatsplit_impossible ON ddl_command_end "
        "EXECUTE FUNCTION pg_catalog.flatsplit_there_is_no_such_function();"
    )


def forget_recorder() -> tuple[str, ...]:
    """Drops whatever there is of it."""
    return tuple(_if_exists(part.drop) for part in reversed(PARTS))


def _if_exists(drop: str) -> str:
    for kind in ("EVENT TRIGGER", "FUNCTION", "TABLE"):
        drop = drop.replace(f"DROP {kind} ", f"DROP {kind} IF EXISTS ", 1)
    return drop
