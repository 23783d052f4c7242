"""The log on stderr: lines begin with log_line_prefix, and continue in lines that begin with a tab.

One message has several entries in the file: ERROR, then DETAIL, CONTEXT, STATEMENT, each with the prefix. They are
written at once (send_message_to_server_log() in elog.c), so they are consecutive.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flatsplit.logs.entry import Entry, client_of
from flatsplit.logs.languages import NOT_LET_IN, labels, severities, words
from flatsplit.logs.prefix import compiled, escapes, guess, word_pattern

_ANY = re.compile(rb"(?P<prefix>[^\n]*?)" + word_pattern() + rb"(?P<rest>[^\n]*)")
_LABELLED = re.compile(word_pattern() + rb"(?P<rest>[^\n]*)")
_WHEN = re.compile(
    rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?"
    rb"(?: (?!\[)[^\s\]>;|,:\"]+?(?=-[0-9a-f]+\.|[\s\]>;|,:\"]|\Z))?"  # a session id follows in `UTC-6b0aa54c.11dd`
)
_PID = re.compile(rb"\[(\d+)(?:-\d+)?\]")
_USER = re.compile(rb"(?:user=(?P<user>[^,\s\]]*))|(?P<at>[^\s@,\[\]:]+)@(?P<db>[^\s@,\]:]+)")
_DATABASE = re.compile(rb"\b(?:db|database|dbname)=([^,\s\]]*)")
_APPLICATION = re.compile(rb"\b(?:app|application|application_name)=([^,\]]*?)(?=[,\]]|\s\w+=|\s*\Z)")
_CLIENT = re.compile(rb"\b(?:client|host|remote)=([^,\s\]]*)")
_STATE = re.compile(rb"(?<![\w.])(42501|0100[67]|42601|00000)(?![\w.])")
_VERBOSE = re.compile(r"(?!AUDIT)([0-9A-Z]{5}): ")
"""Precedes the message where log_error_verbosity is verbose. AUDIT is no SQLSTATE, but begins lines of pgaudit."""
_FAR = 1_000
"""How many lines back the beginning of an entry is looked for."""
_UNKNOWN = "[unknown]"


class StderrLog:
    """The format, with a known prefix, or with one that is recognised in each line."""

    def __init__(self, prefix: str | None) -> None:
        self.prefix = prefix
        self._patterns = compiled(prefix) if prefix is not None else (_ANY, _ANY)
        has = escapes(prefix) if prefix is not None else frozenset("au")
        self.tells_state = "e" in has
        self._session = "c" if "c" in has else "p"

    name = "stderr"

    def start(self, data: bytes, place: int) -> int:
        """Where the entry with this place begins."""
        begin = here = self._line(data, place)
        for _ in range(_FAR):
            if not begin or not self._may_belong(data, begin):
                break
            begin = self._line(data, begin - 1)
        return begin if begin == here or self._belongs(data, here, self._heads(data, begin)) else here

    @staticmethod
    def _line(data: bytes, place: int) -> int:
        begin = data.rfind(b"\n", 0, place) + 1
        while begin and data.startswith(b"\t", begin):
            begin = data.rfind(b"\n", 0, begin - 1) + 1
        return begin

    def _matches(self, data: bytes, place: int) -> list[re.Match[bytes]]:
        """Both readings of a line."""
        return [match for pattern in self._patterns if (match := pattern.match(data, place)) is not None]

    def _may_belong(self, data: bytes, place: int) -> bool:
        matches = self._matches(data, place)
        return not matches or any(match["label"] for match in matches)

    def _heads(self, data: bytes, place: int) -> list[bytes]:
        """What precedes the severity of a message; the same precedes the labels of its further lines."""
        return [data[place : match.start("severity")] for match in self._matches(data, place) if match["severity"]]

    def _belongs(self, data: bytes, place: int, heads: Sequence[bytes]) -> re.Match[bytes] | None:
        """The label of a line that belongs to the message with these beginnings; None for a line of another one.

        Where the prefix numbers the lines, it is enough that all readings of the line have a label.
        """
        for head in heads:
            if data.startswith(head, place):
                match = _LABELLED.match(data, place + len(head))
                if match is not None and match["label"]:
                    return match
        matches = self._matches(data, place)
        return matches[0] if matches and all(match["label"] for match in matches) else None

    def end(self, data: bytes, start: int, *, final: bool) -> int:
        """Where the entry that begins here ends, with all its lines; -1 where that is after the data."""
        heads = self._heads(data, start)
        place = data.find(b"\n", start)
        while place >= 0:
            if place + 1 >= len(data):
                break
            if not data.startswith(b"\t", place + 1) and self._belongs(data, place + 1, heads) is None:
                if not final and data.find(b"\n", place + 1) < 0:
                    break  # an incomplete line cannot be read yet
                return place + 1
            place = data.find(b"\n", place + 1)
        return len(data) if final else -1

    def read(self, raw: bytes) -> Entry | None:
        """The entry; None where it is none."""
        head, *more = _joined(raw)
        readings = [match for match in self._matches(head, 0) if match["severity"]]
        if not readings:
            return None
        entry = self._entry(readings[0], head)
        other = self._entry(readings[-1], head, last=True)
        entry.other = None if entry.tells(other) else other
        heads = self._heads(head, 0)
        for line in more:
            match = self._belongs(line, 0, heads)
            if match is None:
                continue
            label = labels()[match["label"].decode()]
            text = line[match.start("rest") :].decode("utf-8", "replace")
            for each in entry.readings():
                if label == "STATEMENT":
                    each.statement = text
                elif label == "DETAIL":
                    each.detail = text
                elif label == "CONTEXT":
                    each.context = text
        return entry

    def _entry(self, match: re.Match[bytes], head: bytes, *, last: bool = False) -> Entry:
        message = head[match.start("rest") :].decode("utf-8", "replace")
        severity = severities()[match["severity"].decode()]
        if self.prefix is None:
            entry = _told(match["prefix"], -1 if last else 0)
        else:
            groups = {
                letter: value.decode("utf-8", "replace")
                for letter, value in match.groupdict(b"").items()
                if len(letter) == 1 and value is not None
            }
            entry = self._of(groups)
        verbose = _VERBOSE.match(message) if not entry.sqlstate else None
        if verbose is not None:
            entry.sqlstate, message = verbose[1], message[verbose.end() :]
        entry.severity, entry.message = severity, message
        return entry

    def _of(self, groups: Mapping[str, str]) -> Entry:
        def named(letter: str) -> str:
            value = groups.get(letter, "")
            return "" if value == _UNKNOWN else value

        return Entry(
            at=named("m") or named("t") or named("n"),
            user=named("u"),
            database=named("d"),
            client=client_of(named("r") or named("h")),
            application=named("a"),
            session=named(self._session),
            sqlstate=named("e"),
            tag=named("i"),
            vxid=named("v"),
        )

    def errors(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a statement that was refused or had no effect."""
        if self.tells_state:
            return (b"42501", b"01007", b"01006", b"42601")
        return tuple(f"{word}:  ".encode() for word in words("ERROR", "WARNING"))

    def failed_logins(self) -> tuple[bytes, ...]:
        """Bytes of which one is in every entry about a failed login."""
        if self.tells_state:
            return tuple(state.encode() for state in sorted(NOT_LET_IN))
        return tuple(f"{word}:  ".encode() for word in words("FATAL"))

    def key(self, session: str) -> bytes:
        """Bytes that are in every entry of a session."""
        return session.encode()


def _joined(raw: bytes) -> list[bytes]:
    """The lines of an entry, each with the lines that continue it."""
    found: list[bytes] = []
    for line in raw.rstrip(b"\r\n").split(b"\n"):
        if line.startswith(b"\t") and found:
            found[-1] += b"\n" + line[1:]
        else:
            found.append(line)
    return found


def _told(prefix: bytes, place: int) -> Entry:
    """What a prefix of unknown form says, by usual spellings; of several the first (0) or the last (-1)."""

    def text(pattern: re.Pattern[bytes], group: int | str = 1) -> str:
        every = list(pattern.finditer(prefix))
        value = every[place][group] if every else None
        found = value.decode("utf-8", "replace") if value else ""
        return "" if found == _UNKNOWN else found

    return Entry(
        at=text(_WHEN, 0),
        user=text(_USER, "user") or text(_USER, "at"),
        database=text(_DATABASE) or text(_USER, "db"),
        client=client_of(text(_CLIENT)),
        application=text(_APPLICATION),
        session=text(_PID),
        sqlstate=text(_STATE),
    )


def sniff_stderr(sample: bytes, prefix: str | None = None) -> StderrLog | None:
    """The format of a log on stderr; None where it is none."""
    lines = [line for line in sample.split(b"\n")[:400] if line and not line.startswith(b"\t")]
    fit = [line for line in lines[:200] if _ANY.match(line)]
    if not fit:
        return None
    if prefix is not None:
        pattern, _ = compiled(prefix)
        if sum(1 for line in fit if pattern.match(line)) * 2 >= len(fit):
            return StderrLog(prefix)
    return StderrLog(guess(fit))
