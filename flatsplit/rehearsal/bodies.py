"""Judges the statements in a routine's body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flatsplit.rehearsal import legacy_names, plpgsql_execute
from flatsplit.rehearsal.grammar import Parsed, Unparsable, name_of, parse, parse_one, walk
from flatsplit.rehearsal.plpgsql import Piece, pieces
from flatsplit.rehearsal.plpgsql_tokens import NoBody
from flatsplit.rehearsal.values import Problem, distinct, within

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging, Path


def sql(judge: Judging, source: str, definition: str | None, where: str, path: Path | None) -> list[Problem]:
    """Problems of a body in SQL: of its source, or of its definition where it was parsed at CREATE (BEGIN ATOMIC)."""
    found: list[Problem] = []
    try:
        statements = parse(source) if definition is None else []
        if definition is not None:
            made = parse_one(definition).node
            for part in walk(made.sql_body):
                if name_of(part) in ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"):
                    found += judge.planned(part, ())
    except Unparsable as why:
        return within(where, [Problem("unknown", f"its body {why}")])
    judge.remember_temporary(statements)
    for parsed in statements:
        found += judge.statement(parsed, path)
    return distinct(within(where, found))


def plpgsql(
    judge: Judging, source: str, where: str, path: Path | None, given: Mapping[str, str] | None = None
) -> list[Problem]:
    """Problems of a PL/pgSQL body; ``given`` are the constants with which the routine was called."""
    try:
        parts = pieces(source)
    except NoBody as why:
        return within(where, [Problem("unknown", f"its body cannot be read: {why}")])
    found: list[Problem] = []
    parsed: list[tuple[Piece, Parsed]] = []
    for piece in parts:
        here = f"{where}, line {piece.line}"
        try:
            if piece.dynamic:
                known = plpgsql_execute.Known(piece.known, given or {})
                found += within(here, _told(piece, plpgsql_execute.problems(judge, piece.sql, path, known)))
            else:
                parsed.append((piece, parse_one(piece.sql)))
        except Unparsable as why:
            found += within(here, [Problem("unknown", f"a statement there {why}")])
    judge.remember_temporary(each for _, each in parsed)
    for piece, each in parsed:
        said = judge.statement(each, path)
        if piece.guard is not None:
            said = legacy_names.guarded(judge.actor, each.node, piece.guard, said)
        found += within(f"{where}, line {piece.line}", _told(piece, said))
    return distinct(found)


def _told(piece: Piece, said: list[Problem]) -> list[Problem]:
    """The problems of a statement, weakened by its place: a handler of exceptions hides a refusal from the caller, and
    what depends on a condition may not run.
    """
    if piece.perhaps:
        said = [each._replace(perhaps=True) for each in said]
    if not piece.caught:
        return said
    return [
        each._replace(outcome="silent", reason=f"{each.reason}, which a handler of exceptions keeps to itself")
        if each.outcome in ("denied", "migrator")
        else each
        for each in said
    ]
