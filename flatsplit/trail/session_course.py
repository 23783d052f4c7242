"""Follows a session through a log: what became of its acts.

A statement is logged before it runs, and its transaction may end long after. Later entries of the session tell how: an
error with the same statement; COMMIT or ROLLBACK, where log_statement = all shows them; a duration outside a
transaction, as csvlog and jsonlog show by the virtual transaction id. Otherwise it is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from flatsplit import logs
from flatsplit.logs import Entry
from flatsplit.trail.acts import Act, acts
from flatsplit.trail.values import Deed, Outcome

_TRANSACTION = re.compile(
    r"(?i)(?:\A|;)\s*(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b"
)
_STRUCTURE = re.compile(r"(?i)\A\s*(?:create|alter|drop|grant|revoke|comment|truncate|security|import|reassign)\b")
_BACK_TO = re.compile(r"(?i)\Arollback\b.*\bto\b")
_NAME = re.compile(r"(?i)\A\s*(?:savepoint|rollback\s+(?:work\s+|transaction\s+)?to(?:\s+savepoint)?)\s+(\S+?);?\s*\Z")
_RESET = re.compile(r"(?i)\A\s*(?:reset\s+role|set\s+(?:session\s+)?role\s+(?:to\s+|=\s*)?'?none'?|discard\s+all)")
_LOOKED_BACK = 200


@dataclass(slots=True)
class Item:
    """A part of a statement's text: an act, with its record if it has one, or a transaction command."""

    act: Act
    deed: Deed | None = None


@dataclass(slots=True)
class OpenAct:
    """An act that ran, in a transaction whose end is not known."""

    deed: Deed
    vxid: str
    savepoint: int


@dataclass(slots=True)
class Current:
    """The statement that was logged last."""

    text: str
    items: list[Item]
    vxid: str
    extended: bool


@dataclass
class Course:
    """One session, from its first act that matters."""

    block: bool | None = None
    """Whether it is inside BEGIN … COMMIT; None where that is not known."""
    everything: bool = False
    """Whether all statements of the session are logged, so that BEGIN would be seen."""
    failed: bool = False
    """Whether the transaction is aborted."""
    role: str = ""
    """The role that it has become by SET ROLE."""
    current: Current | None = None
    open: list[OpenAct] = field(default_factory=list)
    savepoints: list[str] = field(default_factory=list)
    handled: Entry | None = None
    """The entry that was reported last."""
    marked: bool = False
    """Whether the last error was about an act with a record."""

    @classmethod
    def after(cls, entries: Iterator[Entry], vxid: str) -> Course:
        """The state of a session before an entry, from what was logged before, the newest first."""
        course = cls()
        others = 0
        for number, entry in enumerate(entries):
            if number >= _LOOKED_BACK:
                break
            if entry.severity != "LOG":
                continue
            logged = logs.logged(entry.message)
            if logged is None:
                if course.block is None and logs.has_entered(entry.message):
                    course.block = False
                if course.block is None and logs.is_duration(entry.message) and entry.vxid.endswith("/0"):
                    course.block = False
                continue
            text = logged.text
            course.everything |= _STRUCTURE.match(text) is None
            if not course.role and (found := _became(text)) is not None:
                course.role = found or "-"
            if course.block is not None:
                if course.role:
                    break
                continue
            command = _command(text)
            if command is not None:
                course.block = command
            elif vxid and entry.vxid and entry.vxid != vxid and course.everything:
                course.block = False  # BEGIN would have had this transaction's number
            else:
                others += _STRUCTURE.match(text) is None
        if course.block is None and others >= 50:
            course.block = False
        course.role = course.role.strip("-")
        return course

    # -- what is logged

    def begin(self, entry: Entry, text: str, items: list[Item], *, ran: bool, extended: bool) -> None:
        """A statement is logged, before it runs or after it has run."""
        if self.handled is not entry:  # otherwise it was reported as a further entry of the session
            self._next(entry.vxid, extended=extended)
        self.handled = entry
        self.everything |= _STRUCTURE.match(text) is None
        self.current = Current(text, items, entry.vxid, extended)
        if ran:
            self._complete(ended=entry.vxid.endswith("/0"))

    def runs(self, text: str) -> bool:
        """Whether this is the statement that was logged last."""
        return self.current is not None and self.current.text == text

    def tell(self, entry: Entry) -> bool:
        """A further entry of the session; returns whether more of them are needed."""
        if entry.severity == "LOG":
            logged = logs.logged(entry.message)
            if logged is not None:
                if logged.ran and self.runs(logged.text):
                    self._complete(ended=entry.vxid.endswith("/0"))
                elif not logged.early:
                    items = _plain(logged.text)
                    self.begin(entry, logged.text, items, ran=logged.ran, extended=logged.extended)
            elif logs.is_duration(entry.message):
                self._complete(ended=entry.vxid.endswith("/0"))
            elif logs.has_left(entry.message):
                self._leave()
        elif entry.severity in ("ERROR", "FATAL", "PANIC"):
            self._fail(entry)
        elif logs.is_withheld(entry):
            self._withhold()
        self.handled = entry
        return bool(self.open) or any(item.deed for item in (self.current.items if self.current else ()))

    def broken(self, entry: Entry, items: list[Item]) -> None:
        """A statement that was not logged before fails."""
        self.handled = entry
        self._next(entry.vxid, extended=True)
        self.current = Current(entry.statement, items, entry.vxid, extended=False)
        self._fail(entry)

    # -- what follows from it

    def _next(self, vxid: str, *, extended: bool) -> None:
        """Another statement begins, so the one before ended without an error.

        With the extended protocol both may be in one transaction, up to Sync; a simple query comes after it.
        """
        before = self.current
        self._complete(ended=False)
        if not self.open or before is None:
            return
        if self.block is False and (self.everything or before.vxid.endswith("/0")):
            if vxid and before.vxid and vxid == before.vxid:
                return  # still the same transaction: a pipeline
            self._settle("maybe rolled back" if before.extended and extended and not vxid else "done")
        elif self.block is None and vxid and any(each.vxid and each.vxid != vxid for each in self.open):
            self._settle("maybe rolled back")

    def _complete(self, *, ended: bool) -> None:
        """The statement logged last ran without an error; ``ended``: and no transaction is open after it."""
        current, self.current = self.current, None
        if current is not None:
            if current.text and not any(item.act.kind == "transaction" for item in current.items):
                self.failed = False  # in an aborted transaction it would have failed too
            for item in current.items:
                if item.act.kind == "transaction":
                    self._command(item.act)
                elif item.deed is not None:
                    self.open.append(OpenAct(item.deed, current.vxid, len(self.savepoints)))
                if item.act.kind == "become" and item.act.names:
                    self.role = item.act.names[0][-1]
            if self.current is None:
                self.current = Current(current.text, [], current.vxid, current.extended)
        if ended:
            self._settle("rolled back" if self.failed else "done")
            self.block, self.failed = False, False

    def _command(self, act: Act) -> None:
        text, word = act.text, act.word
        if word in ("BEGIN", "START"):
            if self.block is not True:
                self._settle("done")
            self.block, self.failed = True, False
            self.savepoints.clear()
        elif word == "SAVEPOINT":
            found = _NAME.match(text)
            self.savepoints.append(found[1].lower() if found else "")
        elif word == "ROLLBACK" and _BACK_TO.match(text):
            self._back_to(text)
        elif word in ("COMMIT", "END"):
            self._settle("rolled back" if self.failed else "done")
            self.block, self.failed = False, False
        elif word in ("ROLLBACK", "ABORT") and " prepared" not in text.lower():
            self._settle("rolled back")
            self.block, self.failed = False, False
        elif word == "PREPARE":
            self._settle("maybe rolled back")
            self.block = False

    def _back_to(self, text: str) -> None:
        found = _NAME.match(text)
        name = found[1].lower() if found else ""
        depth = len(self.savepoints) - self.savepoints[::-1].index(name) if name in self.savepoints else 0
        for each in self.open:
            if each.savepoint >= depth:
                each.deed.outcome = "rolled back"
        self.open = [each for each in self.open if each.savepoint < depth]
        self.failed = False

    def _fail(self, entry: Entry) -> None:
        current = self.current
        inner = logs.inner_statement(entry.context)
        outcome = "refused" if logs.is_refused(entry) else "failed"
        items = current.items if current is not None and _alike(current.text, entry.statement) else []
        at = _failing(items, entry.message, inner)
        self.marked = at < len(items) and any(item.deed for item in items)
        lost: list[Deed] = []
        for number, item in enumerate(items):
            if item.act.kind == "transaction" and number < at:
                self._command(item.act)
                if item.act.word in ("COMMIT", "END"):
                    for deed in lost:
                        deed.outcome = "done"
                    lost.clear()
            elif item.deed is not None:
                if number < at:
                    item.deed.outcome = "rolled back"
                    lost.append(item.deed)
                elif number == at:
                    item.deed.outcome = "refused" if outcome == "refused" else "failed"
                else:
                    item.deed.outcome = "rolled back" if item.act.inner else "failed"
        if items or current is not None:
            self.current = Current("", [], entry.vxid, extended=False)
        self.failed = True
        kept = []
        for each in self.open:
            if each.vxid and entry.vxid:
                gone, sure = each.vxid == entry.vxid, True
            else:
                gone, sure = self.block is not False, self.block is True
            if self.savepoints:
                kept.append(each)  # it may go back to one of them, and go on
            elif gone:
                each.deed.outcome = "rolled back" if sure else "maybe rolled back"
            elif self.block is False or each.deed.outcome == "done":
                each.deed.outcome = "done"
        self.open = kept
        if self.block is False:
            self.failed = False
        if entry.severity != "ERROR":
            self._leave()

    def _withhold(self) -> None:
        self.marked = False
        for item in self.current.items if self.current is not None else ():
            if item.deed is not None and item.act.word in ("GRANT", "REVOKE"):
                item.deed.outcome = "refused"
                item.deed = None
                self.marked = True

    def _leave(self) -> None:
        """The session is over."""
        if self.current is not None and any(item.deed for item in self.current.items):
            self._complete(ended=False)
        if self.block is True:
            self._settle("rolled back")
        elif self.block is False and self.everything:
            self._settle("done")
        else:
            self._settle("maybe rolled back")

    def _settle(self, outcome: Outcome) -> None:
        for each in self.open:
            each.deed.outcome = outcome
        self.open.clear()


def _plain(text: str) -> list[Item]:
    """The parts of a statement that is not searched for, as far as they matter: transaction commands."""
    if _TRANSACTION.search(text) is None and not re.match(r"(?i)\s*set\b", text):
        return []
    return [Item(act) for act in acts(text) if act.kind in ("transaction", "become")]


def _command(text: str) -> bool | None:
    """Whether a transaction is open after the last transaction command of a text; None where it has none."""
    if _TRANSACTION.search(text) is None:
        return None
    found = [act for act in acts(text) if act.kind == "transaction" and act.word not in ("SAVEPOINT", "RELEASE")]
    found = [act for act in found if not _BACK_TO.match(act.text)]
    if not found:
        return None
    return found[-1].word in ("BEGIN", "START")


def _became(text: str) -> str | None:
    """The role that a statement makes the session; "" for itself again, None for none."""
    if _RESET.match(text):
        return ""
    if re.match(r"(?i)\s*set\b", text) is None:
        return None
    return next((act.names[0][-1] for act in acts(text) if act.kind == "become" and act.names), None)


def _alike(text: str, other: str) -> bool:
    """Whether both are the same statement: that of an error may be cut off or have other white space at its ends."""
    return not other or text.strip() == other.strip()


def _failing(items: list[Item], message: str, inner: str) -> int:
    """Which of several acts an error is about."""
    able = [number for number, item in enumerate(items) if item.act.kind != "transaction"]
    if not able:
        return 0
    if inner:
        told = acts(inner)
        for number in able:
            act = items[number].act
            if act.inner and told and (act.word, act.names) == (told[0].word, told[0].names):
                return number
        return len(items)
    named = [number for number in able if any(_mentions(message, name[-1]) for name in items[number].act.names)]
    for among in (named, able):
        sharp = [number for number in among if items[number].act.kind not in ("rows", "other", "temporary")]
        if sharp:
            return sharp[0]
    return (named or able)[0]


def _mentions(message: str, name: str) -> bool:
    return bool(name) and re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", message) is not None
