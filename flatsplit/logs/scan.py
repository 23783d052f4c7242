"""Reads only what matters of a log of any size: it searches bytes, and parses entries where something is found.

It needs constant memory: a chunk, and some of what came before. Searching bytes for a few words is a hundred times
faster than parsing every entry, and few entries of a log matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flatsplit.logs.entry import Entry
from flatsplit.logs.reading import Format
from flatsplit.logs.words import Word, Words

CHUNK = 2 * 1024 * 1024
PIECE = 128 * 1024
"""Bytes that are checked for all words at once; few enough for a processor's cache."""
BEHIND = 1024 * 1024
"""Bytes before the chunk that are kept, for earlier entries of the same session."""
LONGEST = 32 * 1024 * 1024
"""The longest entry; a longer one is read up to here."""
FOLLOWED = 16
"""Sessions at a time of which every entry is read; each is another word to search for."""
PATIENCE = 128 * 1024 * 1024
"""Bytes without an entry of such a session after which no more is expected of it."""

_RARE = 8
"""So few places in a piece that other words need not be searched."""

Sieve = Callable[[bytes], bool]
"""Called with the lower-case bytes of an entry in which a word was found: whether to parse it."""


class Scan:
    """One pass over a log: create it with what to search for, and feed it chunks.

    ``words``: lists of words; an entry matters if it has a word of each list. ``exact``: further words, of which any
    makes an entry matter.
    """

    def __init__(
        self,
        form: Format,
        words: Sequence[Iterable[Word]],
        exact: Sequence[bytes],
        sieve: Sieve,
        found: Callable[[Entry, Scan], None],
    ) -> None:
        self.form = form
        self._lists = [Words(each) for each in words]
        self._exact = Words(Word(each, folded=False) for each in exact)
        self._sieve = sieve
        self._found = found
        self._followed: dict[str, _Followed] = {}
        self._data = b""
        self._done = 0
        self._start = 0

    def feed(self, chunk: bytes, *, final: bool) -> None:
        """The next bytes; ``final``: the last ones."""
        cut = max(0, self._done - BEHIND)
        self._data = self._data[cut:] + chunk
        self._done -= cut
        last = len(self._data) if final else self._data.rfind(b"\n") + 1
        while self._done < last and (end := self._piece(last, final)) > self._done:
            self._done = self._search(end, final)
        for session, followed in list(self._followed.items()):
            followed.silent += len(chunk)
            if followed.silent > PATIENCE:
                del self._followed[session]

    def follow(self, session: str, told: Callable[[Entry], bool]) -> None:
        """Call ``told`` with every further entry of a session until it returns False. The oldest session makes room."""
        if not session:
            return
        while len(self._followed) >= FOLLOWED:
            del self._followed[next(iter(self._followed))]
        self._followed[session] = _Followed(self.form.key(session), told)

    def before(self, session: str) -> Iterator[Entry]:
        """Earlier entries of a session before the one found last, the newest first, as far as they are in memory."""
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

    def _piece(self, last: int, final: bool) -> int:
        """Where a piece of whole entries ends; ``last`` where an entry has no end yet."""
        data, done, form = self._data, self._done, self.form
        cut = data.find(b"\n", done + PIECE, last) + 1 or last
        if final and cut == last:
            return last
        start = max(done, form.start(data, cut - 1))
        end = form.end(data, start, final=final)
        if end >= 0 or start > done:
            return max(start, end)
        return done if len(data) - start < LONGEST else last

    def _places(self, start: int, end: int) -> list[int]:
        """Where something in a piece may matter: the places of the words from the list that occurs least."""
        data = self._data[start:end]
        lists = [words.among(data) for words in self._lists]
        exact = self._exact.among(data)
        if not exact and not all(lists):
            return []
        lower = data.lower() if lists else b""
        least: list[int] = []
        for number, words in enumerate(lists if all(lists) else []):
            found = _every(words, data, lower)
            least = found if number == 0 or len(found) < len(least) else least
            if len(least) <= _RARE:
                break
        return [start + place for place in sorted(least + _every(exact, data, lower))]

    def _search(self, last: int, final: bool) -> int:
        """Search the data up to ``last``; returns how far it came."""
        data, done, form = self._data, self._done, self.form
        places = self._places(done, last)
        places.append(last)
        number = 0
        for followed in self._followed.values():
            followed.at = -1
        while True:
            at = places[number]
            for followed in self._followed.values():
                if followed.at < done:
                    hit = data.find(followed.key, done, last)
                    followed.at = hit if hit >= 0 else last
                if followed.at < at:
                    at = followed.at
            if at >= last:
                return max(done, last)
            start = max(done, form.start(data, at))
            end = form.end(data, start, final=final)
            if end < 0:
                end = last
            wanted = places[number] < end and places[number] < last and self._sieve(data[start:end].lower())
            if wanted or any(followed.at < end for followed in self._followed.values()):
                entry = form.read(data[start:end])
                if entry is not None:
                    self._start = start
                    self._tell(entry, wanted)
            done = end if end > at else at + 1
            while places[number] < done and places[number] < last:
                number += 1

    def _tell(self, entry: Entry, wanted: bool) -> None:
        followed = self._followed.get(entry.session)
        if followed is not None:
            followed.silent = 0
            if not followed.told(entry):
                self._followed.pop(entry.session, None)
        if wanted:
            self._found(entry, self)


@dataclass(slots=True)
class _Followed:
    """A session of which every entry is reported."""

    key: bytes
    told: Callable[[Entry], bool]
    at: int = -1
    silent: int = 0
    """Bytes since its last entry."""


def _every(words: Iterable[Word], data: bytes, lower: bytes) -> list[int]:
    """The places of each of the words."""
    found = []
    for word in words:
        text = lower if word.folded else data
        if word.but_after and word.stands_only_after(text):
            continue
        place = word.find(text, 0, len(text))
        while place >= 0:
            found.append(place)
            place = word.find(text, place + len(word.text), len(text))
    return found
