"""The tokens of a PL/pgSQL body, with a current position."""

from __future__ import annotations

from typing import NamedTuple

OPEN, CLOSE = ("(", "["), (")", "]")


class NoBody(Exception):
    """The body cannot be taken apart."""


class Token(NamedTuple):
    """A word of a body, with its first byte and the byte after its last."""

    word: str
    """In lower case."""
    start: int
    end: int


class Tokens:
    """The tokens of a body without comments, and a current position. Raises NoBody."""

    def __init__(self, body: str) -> None:
        import postgast

        self.bytes = body.encode()
        try:
            scanned = postgast.scan(body).tokens
        except (postgast.PgQueryError, UnicodeError) as error:
            raise NoBody(str(error)) from None
        names = [
            Token(self.bytes[each.start : each.end].decode().lower(), each.start, each.end)
            for each in scanned
            if self.bytes[each.start : each.start + 2] not in (b"--", b"/*")
        ]
        self.tokens = names
        self.at = 0
        # PL/pgSQL does not count a line feed right after the opening quote (plpgsql_location_to_lineno)
        self.offset = 0 if body.startswith(("\n", "\r\n")) else 1

    def word(self, ahead: int = 0) -> str:
        """The word ``ahead`` tokens after the current one; "" after the end."""
        place = self.at + ahead
        return self.tokens[place].word if place < len(self.tokens) else ""

    def until(self, *ends: str) -> tuple[int, int]:
        """Move behind the next of these words outside parentheses and CASE; returns the range of the tokens
        before it.
        """
        first, depth, cases = self.at, 0, 0
        while self.at < len(self.tokens):
            word = self.word()
            if depth == 0 and cases == 0 and word in ends:
                self.at += 1
                return first, self.at - 1
            if word in OPEN:
                depth += 1
            elif word in CLOSE:
                depth -= 1
            elif word == "case":
                cases += 1
            elif word == "end" and cases:
                cases -= 1
            self.at += 1
        if ";" in ends:
            return first, self.at
        raise NoBody(f"no {' or '.join(ends)} where one is expected")

    def text(self, span: tuple[int, int]) -> str:
        """The text of a range as written."""
        first, last = span
        if first >= last:
            return ""
        return self.bytes[self.tokens[first].start : self.tokens[last - 1].end].decode()

    def line(self, place: int) -> int:
        """The line of a token, as PL/pgSQL counts lines."""
        start = self.tokens[min(place, len(self.tokens) - 1)].start
        return self.bytes[:start].count(b"\n") + self.offset
