"""Finds the SQL in a PL/pgSQL body.

libpg_query has a parser of PL/pgSQL too, but it compiles: without a catalog it refuses many bodies that a server takes
(types it does not know, VARIADIC), and it prints broken JSON for trigger functions. Which statements there are, and
whether their text is fixed, can be told from the tokens alone: statements of PL/pgSQL begin with keywords and end with
``;``, ``THEN`` or ``LOOP`` (pl_gram.y).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from flatsplit.rehearsal.plpgsql_branches import conditional
from flatsplit.rehearsal.plpgsql_handlers import handled
from flatsplit.rehearsal.plpgsql_tokens import CLOSE, OPEN, NoBody, Tokens
from flatsplit.rehearsal.plpgsql_variables import Known, assigned


class Guard(NamedTuple):
    """What the branches of an IF do."""

    then: bool
    """Whether it raises where the condition holds …"""
    otherwise: bool | None
    """… and where it does not; None where another condition decides that."""
    caught: bool = False
    """Whether the body has a handler of exceptions."""


class Piece(NamedTuple):
    """SQL inside a body."""

    sql: str
    """A statement; an expression as ``SELECT expression``; of a dynamic statement the expression that makes
    its text.
    """
    line: int
    """The line in the body, as PL/pgSQL counts it."""
    dynamic: bool = False
    guard: Guard | None = None
    """For a condition: what depends on it."""
    caught: bool = False
    """Whether the block it is in goes on after a refusal."""
    perhaps: bool = False
    """Whether it only runs under a condition."""
    known: Known = MappingProxyType({})
    """For a dynamic statement: the variables that the body sets, with the expression of those that are set once."""


_NOTHING = frozenset({"null", "exit", "continue", "get", "fetch", "move", "close", "commit", "rollback"})
_SQL = frozenset(
    {
        *("select", "insert", "update", "delete", "merge", "with", "values", "table", "call", "do", "create", "alter"),
        *("drop", "truncate", "lock", "copy", "refresh", "notify", "listen", "unlisten", "set", "reset", "analyze"),
        *("vacuum", "grant", "revoke", "comment", "reindex", "cluster", "import", "explain", "declare", "prepare"),
        *("deallocate", "discard", "show", "security", "reassign", "load", "checkpoint"),
    }
)
_STARTS = frozenset({";", "then", "else", "loop", "begin"})
"""What a statement of PL/pgSQL follows."""
_LEVELS = frozenset({"debug", "log", "info", "notice", "warning"})
"""Levels at which RAISE is no error."""


def pieces(body: str) -> list[Piece]:
    """The SQL of a body in its order. Raises NoBody."""
    whole = _Body(body)
    found = list(whole.read())
    if any(each.dynamic for each in found):
        known = assigned(whole.tokens, whole.bytes)
        found = [each._replace(known=known) if each.dynamic else each for each in found]
    return found


class _Body(Tokens):
    def expression(self, span: tuple[int, int]) -> Iterator[Piece]:
        text = self.text(span)
        if text:
            yield Piece(f"SELECT {text}", self.line(span[0]))

    # -- statements

    def read(self) -> Iterator[Piece]:
        spans, branches = handled(self.tokens), conditional(self.tokens)
        while self.at < len(self.tokens):
            caught = any(first <= self.at < last for first, last in spans)
            perhaps = any(first <= self.at < last for first, last in branches)
            for piece in self.statement():
                yield piece._replace(caught=caught, perhaps=perhaps) if caught or perhaps else piece

    def statement(self) -> Iterator[Piece]:
        word = self.word()
        if word in (";", "begin", "else", "loop", "exception", "#", "<<"):
            if word == "<<" or (word == "#" and self.word(1)):
                self.at += 3  # <<label>>, #option value
            else:
                self.at += 1
        elif word.startswith("<<"):
            self.at += 1
        elif word == "declare":
            self.at += 1
            yield from self.declarations()
        elif word in ("if", "elsif", "elseif"):
            self.at += 1
            span = self.until("then")
            yield from (each._replace(guard=self.guard()) for each in self.expression(span))
        elif word == "when":
            self.at += 1
            yield from self.expression(self.until("then"))
        elif word == "while":
            self.at += 1
            yield from self.expression(self.until("loop"))
        elif word == "case":
            self.at += 1
            span = self.until("when")
            self.at -= 1
            yield from self.expression(span)
        elif word in ("for", "foreach"):
            yield from self.loop()
        elif word == "end":
            while self.at < len(self.tokens) and self.word() != ";":
                self.at += 1
        elif word == "perform":
            self.at += 1
            line = self.line(self.at)
            yield Piece("SELECT " + self.text(self.until(";")), line)
        elif word == "execute":
            self.at += 1
            yield from self.dynamic(";")
        elif word == "return":
            self.at += 1
            yield from self.returned()
        elif word == "open":
            self.at += 1
            yield from self.opened()
        elif word == "raise":
            self.at += 1
            yield from self.arguments(self.until(";"))
        elif word == "assert":
            self.at += 1
            yield from self.asserted(self.until(";"))
        elif word in _NOTHING:
            self.until(";")
        elif word in _SQL and self.word(1) not in (":=", "=", ".", "["):
            line = self.line(self.at)
            yield Piece(self.without_into(self.until(";")), line)
        else:
            yield from self.assignment()

    def declarations(self) -> Iterator[Piece]:
        while self.at < len(self.tokens) and self.word() != "begin":
            first, last = self.until(";")
            words = [token.word for token in self.tokens[first:last]]
            for mark in ("cursor",):
                if mark in words[:4]:
                    place = next((i for i, w in enumerate(words) if w in ("for", "is") and i > 1), None)
                    if place is not None:
                        span = (first + place + 1, last)
                        yield Piece(self.text(span), self.line(span[0]))
                    break
            else:
                place = next((i for i, w in enumerate(words) if w in (":=", "default", "=")), None)
                if place is not None:
                    yield from self.expression((first + place + 1, last))

    def loop(self) -> Iterator[Piece]:
        first, last = self.until("loop")
        words = [token.word for token in self.tokens[first:last]]
        place = next((i for i, w in enumerate(words) if w == "in"), None)
        if place is None:
            raise NoBody("a FOR without IN")
        begin = first + place + 1
        if words[0] == "foreach":
            yield from self.expression((begin + 1, last))
            return
        rest = words[place + 1 :]
        line = self.line(begin)
        if rest[:1] == ["execute"]:
            using = next((i for i, w in enumerate(rest) if w == "using"), len(rest))
            yield Piece(self.text((begin + 1, begin + using)), line, dynamic=True)
        elif ".." in rest:
            middle = begin + rest.index("..")
            start = begin + 1 if rest[0] == "reverse" else begin
            yield from self.expression((start, middle))
            end = next((i for i, w in enumerate(rest) if w == "by"), len(rest))
            yield from self.expression((middle + 1, begin + end))
        elif rest and (rest[0] in _SQL or rest[0] == "("):
            yield Piece(self.text((begin, last)), line)

    def dynamic(self, end: str) -> Iterator[Piece]:
        first, last = self.until(end)
        depth, stop = 0, last
        for place in range(first, last):
            word = self.tokens[place].word
            depth += (word in OPEN) - (word in CLOSE)
            if depth == 0 and word in ("into", "using"):
                stop = place
                break
        yield Piece(self.text((first, stop)), self.line(first), dynamic=True)

    def returned(self) -> Iterator[Piece]:
        word = self.word()
        if word == "query":
            self.at += 1
            if self.word() == "execute":
                self.at += 1
                yield from self.dynamic(";")
                return
            line = self.line(self.at)
            yield Piece(self.text(self.until(";")), line)
            return
        if word == "next":
            self.at += 1
        yield from self.expression(self.until(";"))

    def opened(self) -> Iterator[Piece]:
        first, last = self.until(";")
        words = [token.word for token in self.tokens[first:last]]
        place = next((i for i, w in enumerate(words) if w == "for"), None)
        if place is None:
            return
        if words[place + 1 : place + 2] == ["execute"]:
            using = next((i for i, w in enumerate(words) if w == "using"), len(words))
            yield Piece(self.text((first + place + 2, first + using)), self.line(first), dynamic=True)
        else:
            yield Piece(self.text((first + place + 1, last)), self.line(first))

    def arguments(self, span: tuple[int, int]) -> Iterator[Piece]:
        """The arguments of RAISE and ASSERT that call or read something."""
        first, last = span
        if any(self.tokens[place].word == "(" for place in range(first, last)):
            start = next((i for i in range(first, last) if self.tokens[i].word == ","), None)
            if start is not None:
                stop = next((i for i in range(start, last) if self.tokens[i].word == "using"), last)
                yield Piece("SELECT " + self.text((start + 1, stop)), self.line(start))

    def asserted(self, span: tuple[int, int]) -> Iterator[Piece]:
        """The condition of ASSERT, and the message for when it does not hold."""
        first, last = span
        depth = 0
        for place in range(first, last):
            word = self.tokens[place].word
            depth += (word in OPEN) - (word in CLOSE)
            if word == "," and not depth:
                break
        else:
            place = last
        guard = Guard(then=False, otherwise=True, caught=self.catches)
        yield from (each._replace(guard=guard) for each in self.expression((first, place)))
        yield from self.expression((place + 1, last))

    def guard(self) -> Guard:
        """Which branches of the IF raise, read from behind its THEN. Statements in nested blocks do not count."""
        raises, depth, branch = [False] * 3, 0, 0
        for place in range(self.at, len(self.tokens)):
            word, before = self.tokens[place].word, self.tokens[place - 1].word
            starts = before in _STARTS
            after = self.tokens[place + 1].word if place + 1 < len(self.tokens) else ""
            if word == "end" and starts:
                depth -= 1
                if depth < 0:
                    break
            elif (starts and word in ("if", "case", "begin")) or (word == "loop" and before != "end"):
                depth += 1
            elif not depth and starts and word in ("elsif", "elseif"):
                branch = 2
            elif not depth and starts and word == "else":
                branch = max(branch, 1)
            elif not depth and starts and word == "raise" and after not in _LEVELS:
                raises[branch] = True
        return Guard(raises[0], None if raises[2] else raises[1], self.catches)

    @property
    def catches(self) -> bool:
        """Whether the body has a handler of exceptions."""
        words = [token.word for token in self.tokens]
        return ("exception", "when") in pairwise(words)

    def assignment(self) -> Iterator[Piece]:
        first, last = self.until(";")
        for place in range(first, last):
            if self.tokens[place].word in (":=", "="):
                yield from self.expression((place + 1, last))
                return

    def without_into(self, span: tuple[int, int]) -> str:
        """The statement without the INTO that names variables (make_execsql_stmt() in pl_gram.y)."""
        first, last = span
        start = None
        for place in range(first, last):
            before = self.tokens[place - 1].word if place > first else ""
            if self.tokens[place].word == "into" and before not in ("insert", "merge"):
                start = place
                break
        if start is None or self.tokens[first].word in ("create", "copy", "import", "explain"):
            return self.text(span)
        stop = start + 1
        if self.tokens[stop].word == "strict" if stop < last else False:
            stop += 1
        expecting = True
        while stop < last:
            word = self.tokens[stop].word
            if expecting:
                stop += 1
                expecting = False
            elif word in (",", "."):
                stop += 1
                expecting = True
            elif word == "[":
                while stop < last and self.tokens[stop].word != "]":
                    stop += 1
                stop += 1
            else:
                break
        return f"{self.text((first, start))} {self.text((stop, last))}".strip()
