"""Lines of pgaudit's: which statement of the string that a client sent each is about.

``AUDIT: SESSION,1,1,DDL,DROP TABLE,TABLE,public.t,drop table t,<not logged>``: kind, statement, substatement, class,
command, kind and name of the object, text, parameters. The text is the whole string; each of its statements has a line,
and whatever goes along with a DROP has one more of the same numbers.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from flatsplit.logs import Entry
from flatsplit.trail.acts import Act, acts

_HEAD = "AUDIT: "
_SESSIONS = 64
"""Sessions that are kept in mind."""


def is_audit(entry: Entry) -> bool:
    """Whether pgaudit wrote it."""
    return entry.message.startswith(_HEAD)


@dataclass
class Said:
    """What a session's lines have told of one string."""

    text: str = ""
    rest: list[Act] = field(default_factory=list)
    numbers: set[tuple[str, str]] = field(default_factory=set)
    told: bool = False
    """Somebody has told of it by these lines, and not by those of log_statement."""


class Audits:
    """Reads them in their order."""

    def __init__(self) -> None:
        self._sessions: dict[str, Said] = {}

    def read(self, entry: Entry) -> tuple[Said, tuple[Act, ...]]:
        """The string, and the act in it that this line is about, if it is about one that no line was about before."""
        row = next(csv.reader(io.StringIO(entry.message[len(_HEAD) :])), [])
        if len(row) < 8:
            return Said(), ()
        numbers, command, text = (row[1], row[2]), row[4], row[7]
        said = self._sessions.get(entry.session)
        again = said is not None and said.text == text and (bool(said.rest) or numbers in said.numbers)
        if said is None or not again:
            said = Said(text, [act for act in acts(text) if act.kind != "transaction"])
            while len(self._sessions) >= _SESSIONS:
                del self._sessions[next(iter(self._sessions))]
            if entry.session:
                self._sessions[entry.session] = said
        if numbers in said.numbers:
            return said, ()
        said.numbers.add(numbers)
        word = command.removesuffix(" TABLE") if command.startswith("TRUNCATE") else command
        meant = next((act for act in said.rest if act.word == word), None)
        if meant is None:
            meant = next((act for act in said.rest if act.word.split()[0] == word.split()[0]), None)
        if meant is None:
            return said, ()
        said.rest.remove(meant)
        return said, (meant,)
