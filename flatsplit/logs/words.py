"""Words that are looked for in a log, many at once.

Each word is a pass over the bytes, and most words are not there. So first all bytes that stand in none of them are
taken out, in one pass, and of what is left, which is a third, everything between two line feeds or quotes that is there
again: a log is the same few statements over and over. A word that is not in the rest is not in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

_LOWER = bytes(range(256)).lower()
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_&") | frozenset(range(128, 256))
"""Mostly enough to tell a word by; ``&`` for U&"…"."""
_NOT_AFTER = _LETTERS - {ord("&")} | frozenset(b"0123456789$).")
"""What no keyword of a command is followed by: what a name goes on with (ident_cont in scan.l), or ends with."""
_ENDS = b"'\n"
"""What parts of a line end with that may be the same in another."""
_FEW = 2
_STEM = 3
"""Bytes at the beginning of several words, which are looked for first: the server's own names begin with ``pg_``."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word to look for."""

    text: bytes
    """In lower case where it is looked for whatever its case."""
    folded: bool = True
    """Whether it is looked for whatever its case."""
    keyword: bool = False
    """Whether it has to end there: CREATE, and not created_at.

    Where it begins says nothing: jsonlog writes a line feed as ``\\n``.
    """
    but_after: tuple[bytes, ...] = ()
    """Words after which, with one blank, it is not meant."""

    def find(self, data: bytes, start: int, end: int) -> int:
        """Where it stands next; -1 for nowhere. Of a folded one, ``data`` is in lower case."""
        place = data.find(self.text, start, end)
        if not self.keyword:
            return place
        while place >= 0:
            after = place + len(self.text)
            if (after >= len(data) or data[after] not in _NOT_AFTER) and not data.endswith(
                self.but_after, 0, place - 1
            ):
                return place
            place = data.find(self.text, after, end)
        return -1

    def stands_only_after(self, data: bytes) -> bool:
        """Whether it is nowhere meant: quicker than to look at each place."""
        return data.count(self.text) == sum(data.count(each + b" " + self.text) for each in self.but_after)


class Words:
    """Several words, of which one has to be there."""

    def __init__(self, words: Iterable[Word]) -> None:
        every = dict.fromkeys(words)
        self._groups = [
            _Group(group, folded)
            for folded in (True, False)
            if (group := [word for word in every if word.folded is folded])
        ]

    def __bool__(self) -> bool:
        return bool(self._groups)

    def among(self, data: bytes) -> list[Word]:
        """Those that may stand in a piece of a log: the others do not."""
        return [word for group in self._groups for word in group.among(data)]


class _Group:
    """Words that are all looked for in lower case, or as they are."""

    def __init__(self, words: list[Word], folded: bool) -> None:
        kept = frozenset(b"".join(word.text for word in words))
        telling = all(len(_LETTERS.intersection(word.text)) >= _FEW for word in words)
        self._parted = telling and kept.isdisjoint(_ENDS)  # numbers are hardly ever the same
        if telling:
            kept &= _LETTERS
        if self._parted:
            kept |= frozenset(_ENDS)
        table = _LOWER if folded else _alike(words)
        self._out = bytes(byte for byte in range(256) if table[byte] not in kept)
        self._table = table.replace(_ENDS[1:], _ENDS[:1]) if self._parted else table
        self._by_rest: dict[bytes, list[Word]] = {}
        for word in words:
            self._by_rest.setdefault(word.text.translate(self._table, self._out), []).append(word)
        stems: dict[bytes, list[bytes]] = {}
        for rest in self._by_rest:
            stems.setdefault(rest[:_STEM], []).append(rest)
        self._stems = [
            (stem if len(several) > 1 else b"", several, any(map(bytes.isascii, several)))
            for stem, several in stems.items()
        ]
        self._all = list(words)

    def among(self, data: bytes) -> list[Word]:
        if len(self._all) <= _FEW:
            return self._all
        left, plain = data.translate(self._table, self._out), data.isascii()
        if self._parted:
            left = _ENDS[:1].join(set(left.split(_ENDS[:1])))
        found = {
            rest
            for stem, several, latin in self._stems
            if (latin or not plain) and stem in left
            for rest in several
            if rest in left
        }
        return [word for rest in found for word in self._by_rest[rest]]


def _alike(words: list[Word]) -> bytes:
    """A table by which words that differ in one digit, as SQLSTATEs do, become the same: a pass less."""
    table = bytes(range(256))
    for one, other in combinations((word.text for word in words), 2):
        differ = {bytes(pair) for pair in zip(one, other, strict=False) if pair[0] != pair[1]}
        if len(one) == len(other) and len(differ) == 1 and (pair := differ.pop()).isdigit():
            table = table.translate(bytes.maketrans(pair[:1], pair[1:]))
    return table
