"""Searches for many words at once in a log.

Each word is one pass over the bytes, and most words do not occur. So first all bytes that are in none of the words are
removed in one pass. Of the rest, about a third, every part between line feeds or quotes that occurs again is removed: a
log consists of the same few statements. A word that is not in what remains is not in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

_LOWER = bytes(range(256)).lower()
_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_&") | frozenset(range(128, 256))
"""Usually enough to recognise a word; ``&`` is for U&"…"."""
_NOT_AFTER = _LETTERS - {ord("&")} | frozenset(b"0123456789$).")
"""What cannot follow a keyword of a command: characters of identifiers (ident_cont in scan.l) and of other words."""
_ENDS = b"'\n"
"""What ends parts of a line that may occur again in another line."""
_FEW = 2
_STEM = 3
"""Bytes that several words begin with, which are searched first: names of the server's own begin with ``pg_``."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word to search for."""

    text: bytes
    """In lower case where its case does not matter."""
    folded: bool = True
    """Whether its case does not matter."""
    keyword: bool = False
    """Whether the word has to end there: CREATE, and not created_at.

    Its beginning tells nothing, since jsonlog writes a line feed as a backslash and an n.
    """
    but_after: tuple[bytes, ...] = ()
    """Words after which, with one blank, it does not count."""

    def find(self, data: bytes, start: int, end: int) -> int:
        """Its next place; -1 where there is none. For a folded word ``data`` is in lower case."""
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
        """Whether it occurs only where it does not count; faster than looking at each place."""
        return data.count(self.text) == sum(data.count(each + b" " + self.text) for each in self.but_after)


class Words:
    """Several words, one of which has to occur."""

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
        """The words that may be in a piece of a log."""
        return [word for group in self._groups for word in group.among(data)]


class _Group:
    """Words that are all searched in lower case, or all as they are."""

    def __init__(self, words: list[Word], folded: bool) -> None:
        kept = frozenset(b"".join(word.text for word in words))
        telling = all(len(_LETTERS.intersection(word.text)) >= _FEW for word in words)
        self._parted = telling and kept.isdisjoint(_ENDS)  # numbers hardly ever occur again
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
    """A table that makes words equal which differ in one digit, as SQLSTATEs do, which saves a pass."""
    table = bytes(range(256))
    for one, other in combinations((word.text for word in words), 2):
        differ = {bytes(pair) for pair in zip(one, other, strict=False) if pair[0] != pair[1]}
        if len(one) == len(other) and len(differ) == 1 and (pair := differ.pop()).isdigit():
            table = table.translate(bytes.maketrans(pair[:1], pair[1:]))
    return table
