"""A log of any size, of which only what matters is read: looked for as bytes first, parsed where something is found.

Constant memory: a chunk, and some of what came before it. Looking for a few words in bytes is a hundred times faster
than reading every entry, and next to nothing in a log matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flatsplit.logs.entry import Entry
from flatsplit.logs.reading import Format

CHUNK = 2 * 1024 * 1024
BEHIND = 1024 * 1024
"""Bytes before the chunk that are kept, for what an earlier entry of the same session says."""
LONGEST = 32 * 1024 * 1024
"""Bytes of one entry; a longer one is read as far as that."""
FOLLOWED = 16
"""Sessions at a time whose every entry is read."""

_LOOK = 60_000
"""Bytes that are searched for a word in the time that it takes to see where an entry begins and ends."""

Sieve = Callable[[bytes], bool]
"""Told the lower-case bytes of an entry in which a word was found: whether it is worth reading."""


@dataclass(slots=True)
class _Cursor:
    """A word that is looked for, and where it stands next."""

    word: bytes
    folded: bool
    """Whether it is looked for in lower case."""
    at: int = -1


class Scan:
    """One pass over a log. Make it, say what to look for, feed it chunks.

    ``folded``: words, whatever their case, of which one stands in what matters; several such lists where words of each
    stand there, of which the rarest is taken. ``exact``: words as they are.
    """

    def __init__(
        self,
        form: Format,
        folded: Sequence[Sequence[bytes]],
        exact: Sequence[bytes],
        sieve: Sieve,
        found: Callable[[Entry, Scan], None],
    ) -> None:
        self.form = form
        self._choices = [[word.lower() for word in words] for words in folded]
        self._words = [_Cursor(word, folded=False) for word in exact]
        self._sieve = sieve
        self._found = found
        self._followed: dict[str, tuple[_Cursor, Callable[[Entry], bool]]] = {}
        self._data = b""
        self._done = 0
        self._start = 0

    def feed(self, chunk: bytes, *, final: bool) -> None:
        """The next bytes; ``final``: there are no more."""
        cut = max(0, self._done - BEHIND)
        self._data = self._data[cut:] + chunk
        self._done -= cut
        last = len(self._data) if final else self._data.rfind(b"\n") + 1
        if last > self._done:
            self._done = self._search(last, final)

    def follow(self, session: str, told: Callable[[Entry], bool]) -> None:
        """Have every further entry of a session told, until the answer is False; the oldest makes room."""
        if not session:
            return
        while len(self._followed) >= FOLLOWED:
            del self._followed[next(iter(self._followed))]
        self._followed[session] = (_Cursor(self.form.key(session), folded=False), told)

    def before(self, session: str) -> Iterator[Entry]:
        """Entries of a session before the one that was found last, the newest first, as far as they are at hand."""
        if not session:
            return
        key, place = self.form.key(session), self._start
        while place > 0:
            hit = self._data.rfind(key, 0, place)
            if hit < 0:
                return
            place = self.form.start(self._data, hit)
            end = self.form.end(self._data, place, final=True)
            entry = self.form.read(self._data[place:end])
            if entry is not None and entry.session == session:
                yield entry

    def latest(self) -> Entry | None:
        """The last entry of what was fed."""
        place = len(self._data.rstrip(b"\n"))
        while place > 0:
            place = self.form.start(self._data, place - 1)
            entry = self.form.read(self._data[place:])
            if entry is not None:
                return entry
        return None

    def _choose(self, lower: bytes) -> None:
        """Of the lists of words, takes the one that costs least: each word is a pass, each find takes a look."""

        def cost(words: Sequence[bytes]) -> float:
            return sum(map(lower.count, words)) * _LOOK + len(words) * len(lower)

        if self._choices:
            cheapest = min(self._choices, key=cost)
            self._words = [_Cursor(word, folded=True) for word in cheapest] + self._words
            self._choices = []

    def _search(self, last: int, final: bool) -> int:
        """Goes through the data up to ``last``; how far it came."""
        data, done, form = self._data, self._done, self.form
        folded = bool(self._choices) or any(cursor.folded for cursor in self._words)
        lower, offset = (data[done:last].lower(), done) if folded else (b"", 0)
        self._choose(lower)

        def move(cursor: _Cursor, start: int) -> None:
            if cursor.folded:
                hit = lower.find(cursor.word, start - offset)
                cursor.at = hit + offset if hit >= 0 else last
            else:
                hit = data.find(cursor.word, start, last)
                cursor.at = hit if hit >= 0 else last

        words = self._words
        for cursor in words:
            move(cursor, done)
        for cursor, _ in self._followed.values():
            cursor.at = -1
        while True:
            at = last
            for cursor in words:
                if cursor.at < at:
                    at = cursor.at
            for cursor, _ in self._followed.values():
                if cursor.at < done:
                    move(cursor, done)
                if cursor.at < at:
                    at = cursor.at
            if at >= last:
                return last
            start = form.start(data, at)
            if start < done:
                start = done
            end = form.end(data, start, final=final)
            if end < 0:
                if len(data) - start < LONGEST:
                    return start  # once more, with what comes next
                end = len(data)
            wanted = False
            for cursor in words:
                if cursor.at < end:
                    wanted = True
                    break
            if wanted:
                wanted = self._sieve(
                    lower[start - offset : end - offset] if folded and end <= last else data[start:end].lower()
                )
            if wanted or (self._followed and any(cursor.at < end for cursor, _ in self._followed.values())):
                entry = form.read(data[start:end])
                if entry is not None:
                    self._start = start
                    self._tell(entry, wanted)
            done = end if end > at else at + 1
            for cursor in words:
                if cursor.at < done:
                    move(cursor, min(done, last))

    def _tell(self, entry: Entry, wanted: bool) -> None:
        followed = self._followed.get(entry.session)
        if followed is not None and not followed[1](entry):
            self._followed.pop(entry.session, None)
        if wanted:
            self._found(entry, self)
