"""A text for psql into its statements: quotes, comments, bodies of routines, psql's own commands, data of COPY.

The rules are psql's (psqlscan.l, psqlscanslash.l). libpg_query's own splitting leaves out a statement without keywords,
lets an open parenthesis take everything after it, and cuts the body of a routine after BEGIN ATOMIC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<space>\s++)
    | (?P<comment>--[^\n]*+|/\*)
    | (?P<quoted>[eE]'(?:[^'\\]++|\\.|'')*+'|'(?:[^']++|'')*+'|"(?:[^"]++|"")*+")
    | (?P<word>[^\W\d][\w$]*+)
    | (?P<dollar>\$(?:[^\W\d]\w*+)?\$)
    | (?P<mark>['";()\\])
    | (?P<other>(?:[^\s'"$;()\\\w/-]|[\d][\w.]*+|\$\d*+|/(?!\*)|-(?!-))++)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")
_LINE_END = re.compile(r";[ \t]*\r?\n")
_COPIES_IN = re.compile(r"(?:\s|--[^\n]*\n)*COPY\b[^;]*\bFROM\s+STDIN\b", re.IGNORECASE)
_DATA_END = re.compile(r"^\\\.[ \t]*\r?$\n?", re.MULTILINE)
_META = re.compile(r"\\(?P<command>[^\s\\]*)(?P<arguments>(?:'[^'\n]*'|[^\n\\]|\\(?!\\))*)(?:\\\\)?")
_CLIENT_COPY = re.compile(
    r"\s*(?P<what>\(.*\)|[^()]+?(?:\([^()]*\))?)\s*\b(?P<way>from|to)\s+(?:program\s+)?(?P<where>'(?:[^']|'')*'|\S+)"
    r"(?P<options>.*)",
    re.IGNORECASE,
)

_SENDS = frozenset({"g", "gx", "gset", "gexec", "gdesc", "watch", "crosstabview", "bind", "bind_named", "parse", ";"})
"""Commands of psql that send what was typed before them; ``\\;`` ends it and sends it later."""
_FILE = "the name of a file that psql reads"
MORE = {
    "gexec": "statements that psql makes of an answer",
    "i": _FILE,
    "ir": _FILE,
    "include": _FILE,
    "include_relative": _FILE,
}
"""Commands after which statements run that do not stand in the text, and what they stand for."""
_VARIABLE = re.compile(r"""(?<![:\w"'\[]):(?:'\w+'|"\w+"|[^\W\d]\w*)""")


class _Piece(NamedTuple):
    """What stands up to the end of a statement."""

    text: str
    end: int
    """Where the next one begins."""
    doubtful: bool
    """Whether a quote or parenthesis is open at its end, or holds what looks like the end of a statement."""


def statements(text: str, can_be_read: Callable[[str], bool]) -> Iterator[str]:
    """The statements of a text, also those that cannot be parsed; a comment belongs to what follows it.

    Where a quote or parenthesis is not closed, so that it would take the statements after it, the statement ends with
    its line; ``can_be_read`` tells those apart from statements with a semicolon in them. A command of psql's is left
    out, except for one that runs statements from elsewhere, which is a piece of its own: it begins with a backslash.
    """
    place = 0
    while place < len(text):
        scan = _Scan(text, place)
        piece = scan.piece()
        if piece.doubtful and not can_be_read(piece.text):
            line = _LINE_END.search(text, place)
            if line is not None and line.end() < piece.end:
                yield text[place : line.start()].strip()
                place = line.end()
                continue
        if scan.holds_something:
            yield piece.text.strip()
        yield from scan.beside
        place = piece.end
        if _COPIES_IN.match(piece.text):
            data = _DATA_END.search(text, place)
            place = data.end() if data is not None else place


def command(piece: str) -> str:
    """The command of psql's with which a piece begins."""
    return piece.split(None, 1)[0].removeprefix("\\")


def has_variables(text: str) -> bool:
    """Whether it looks as if psql would put the values of variables into it."""
    return _VARIABLE.search(text) is not None


class _Scan:
    """Reads one statement."""

    def __init__(self, text: str, place: int) -> None:
        self.text = text
        self.place = place
        self.holds_something = False
        self.beside: list[str] = []
        """Statements that psql's commands stand for."""
        self._kept: list[str] = []
        self._from = place
        self._depth = 0
        self._doubtful = False
        self._words: list[str] = []
        self._blocks = 0
        """How many BEGIN and CASE are open in the body of a routine."""

    def piece(self) -> _Piece:
        """The statement that begins here."""
        text = self.text
        while self.place < len(text):
            token = _TOKEN.match(text, self.place)
            assert token is not None, text[self.place : self.place + 20]
            begin, self.place = self.place, token.end()
            kind, found = token.lastgroup, token[0]
            if kind == "comment":
                if found == "/*" and not self._past_block():
                    break
            elif kind != "space" and found not in ("\\", ";"):
                self.holds_something = True
            if kind == "word":
                self._word(found.upper())
            elif kind == "quoted":
                self._doubtful = self._doubtful or _LINE_END.search(found) is not None
            elif kind == "dollar":
                close = text.find(found, self.place)
                if close < 0:
                    return self._rest()
                self.place = close + len(found)
            elif found == "(":
                self._depth += 1
            elif found == ")":
                self._depth = max(self._depth - 1, 0)
            elif found in ("'", '"'):
                return self._rest()
            elif found == ";":
                if not self._depth and not self._blocks:
                    return self._until(begin)
                self._doubtful = self._doubtful or _LINE_END.match(text, begin) is not None
            elif found == "\\" and self._command(begin):
                return self._until(begin)
        self._doubtful = self._doubtful or bool(self._depth or self._blocks)
        return self._until(len(text))

    def _past_block(self) -> bool:
        """Past a comment, in which others may be; False where it is not closed."""
        depth = 1
        while depth:
            mark = _BLOCK.search(self.text, self.place)
            if mark is None:
                self.place, self._doubtful, self.holds_something = len(self.text), True, True
                return False
            depth += 1 if mark[0] == "/*" else -1
            self.place = mark.end()
        return True

    def _word(self, word: str) -> None:
        if len(self._words) < 4:
            self._words.append(word)
        first = self._words
        if first[0] != "CREATE" or not {"FUNCTION", "PROCEDURE"} & {*first[1:2], *first[3:4]}:
            return
        if word == "BEGIN" or (word == "CASE" and self._blocks):
            self._blocks += 1
        elif word == "END" and self._blocks:
            self._blocks -= 1

    def _command(self, begin: int) -> bool:
        """Past a command of psql's; whether it ends the statement."""
        meta = _META.match(self.text, begin)
        assert meta is not None
        name = ";" if meta["command"].startswith(";") else meta["command"]
        self._kept.append(self.text[self._from : begin])
        self.place = self._from = begin + 2 if name == ";" else meta.end()
        if name == "copy":
            copied = _CLIENT_COPY.fullmatch(meta["arguments"].rstrip())
            if copied is not None:
                end = "FROM STDIN" if copied["way"].lower() == "from" else "TO STDOUT"
                self.beside.append(f"COPY {copied['what'].strip()} {end}{copied['options']}".rstrip("; "))
                if copied["way"].lower() == "from" and copied["where"].lower().rstrip(";") == "stdin":
                    data = _DATA_END.search(self.text, self.place)
                    self.place = self._from = data.end() if data is not None else self.place
        elif name in MORE:
            self.beside.append(meta[0].strip())
        return name in _SENDS

    def _until(self, end: int) -> _Piece:
        if end >= self._from:
            self._kept.append(self.text[self._from : end])
        return _Piece("".join(self._kept), self.place, self._doubtful)

    def _rest(self) -> _Piece:
        """All that is left, where a quote is not closed."""
        self.place, self._doubtful = len(self.text), True
        return self._until(len(self.text))
