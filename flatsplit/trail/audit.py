"""Lines of pgaudit: which statement of a client's text each is about.

``AUDIT: SESSION,1,1,DDL,DROP TABLE,TABLE,public.t,drop table t,<not logged>``: kind, statement, substatement, class,
command, kind and name of the object, text, parameters. The text is everything that the client sent. Each of its
statements has a line, and what a DROP removes as well has one more with the same numbers.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field

from flatsplit.logs import Entry
from flatsplit.trail.acts import Act, acts

_HEAD = "AUDIT: "
_SESSIONS = 64
"""How many sessions are remembered."""


def is_audit(entry: Entry) -> bool:
    """Whether pgaudit wrote the entry."""
    return entry.message.startswith(_HEAD)


@dataclass
class Said:
    """What a session's lines have said of one text."""

    text: str = ""
    rest: list[Act] = field(default_factory=list)
    numbers: set[tuple[str, str]] = field(default_factory=set)
    told: bool = False
    """Whether these lines report it, and not those of log_statement."""


class Audits:
    """Reads lines of pgaudit in their order."""

    def __init__(self) -> None:
        self._sessions: dict[str, Said] = {}

    def read(self, entry: Entry) -> tuple[Said, tuple[Act, ...]]:
        """The text, and the act in it that this line is about, where no earlier line was about that one."""
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
