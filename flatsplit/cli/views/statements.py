"""Statements: how many of each sort, the first few, and as JSON."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from flatsplit.cli.output import Printer, one_line
from flatsplit.words import listed

if TYPE_CHECKING:
    from flatsplit.cli.views.shapes import Json
    from flatsplit.model import Statement

FEW = 3
"""Statements of each sort that are shown before a question; ``flatsplit plan`` has all."""

_FIRST = re.compile(r'(?:LOCK TABLE (?:"(?:[^"]|"")*"|[^";])* MODE; |DO (\$\w*\$).*?\1; )+', re.DOTALL)
"""Statements that only take a lock early, before the main one of a batch."""

_BLOCK = re.compile(r"DO (\$\w*\$)\n(.*?)\n\1", re.DOTALL)
_LONG = 8
"""Lines of a block beyond which it is not shown beside other statements: REASSIGN OWNED has one of fifty."""

_VERB = re.compile(r"[A-Z]+(?: [A-Z]+){0,3}(?=[ ;(]|$)")
_GRANT = re.compile(
    r'(?P<verb>GRANT|REVOKE) (?P<what>(?:[A-Z, ]|\((?:"(?:[^"]|"")*"|[^")])*\))+) ON (?P<kind>[A-Z]+(?: [A-Z]+)*) '
)


def verb(sql: str) -> str:
    """The sort of statement, for example ``ALTER TABLE`` or ``GRANT … ON SEQUENCE``."""
    sql = _main(sql)
    grant = _GRANT.match(sql)
    if grant:
        return f"{grant['verb']} … {'(columns) ' if '(' in grant['what'] else ''}ON {grant['kind']}"
    match = _VERB.match(sql)
    return match.group() if match else "statement"


def _main(sql: str) -> str:
    """The statement without those that only take a lock before it."""
    locked = _FIRST.match(sql)
    return sql[locked.end() :] if locked and locked.end() < len(sql) else sql


def folded(sql: str) -> str:
    """The statement with the number of lines in place of each long block around the main one."""

    def fold(block: re.Match[str]) -> str:
        lines = block[2].count("\n") + 1
        return f"DO {block[1]} … {lines} lines … {block[1]}" if lines > _LONG else block[0]

    return _BLOCK.sub(fold, sql)


def groups(statements: Iterable[Statement]) -> dict[tuple[str, str], list[Statement]]:
    """Statements by sort and lock, in the order in which each first appears."""
    found: defaultdict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in statements:
        found[verb(statement.sql), statement.lock].append(statement)
    return found


def terminated(sql: str) -> str:
    """The statement with the semicolon that psql needs."""
    return sql if sql.rstrip().endswith(";") else f"{sql};"


def summarise(
    printer: Printer, statements: Sequence[Statement], few: int = FEW, shown: Callable[[str], str] = folded
) -> None:
    """Print how many statements of each sort there are with each lock, and the first few, of each what is ``shown``."""
    for (kind, lock), found in groups(statements).items():
        printer.say(f"  {len(found):>6,} × {kind}" + (f"  (lock: {lock})" if lock else ""))
        for statement in found[:few]:
            for line in terminated(shown(statement.sql)).split("\n"):
                printer.say(f"           {line}", "cyan")
        if len(found) > few:
            printer.say(f"           … and {len(found) - few:,} more", "dim")


def show_surplus(printer: Printer, surplus: Sequence[Statement]) -> None:
    """Print what roles hold and flatsplit.toml does not say, as the statements that take it away."""
    if surplus:
        owners = listed(sorted({role for statement in surplus for role in statement.acts if role}))
        may = f", as a superuser or as {owners}" if owners else ""
        said = "Roles hold what flatsplit.toml does not say. To take it away, if nobody needs it, run"
        printer.say(one_line(f"{said}{may}:"), "yellow")
        # LOCK TABLE is refused outside a transaction, and whoever runs one statement by hand needs no early lock
        summarise(printer, surplus, shown=_main)


def surplus_shape(statement: Statement) -> Json:
    """A statement that people run: also as whom, where that takes no superuser."""
    return {**shape(statement), "acts": [role for role in statement.acts if role]}


def shape(statement: Statement) -> Json:
    """One statement of a plan."""
    return {
        "description": statement.description,
        "sql": statement.sql,
        "undo": statement.undo,
        "lock": statement.lock,
    }
