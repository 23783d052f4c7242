"""Finds the acts in one server log: what to search for, and what follows from what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from flatsplit import logs
from flatsplit.logs import Entry, Format, Scan, Word
from flatsplit.rehearsal.values import is_asked
from flatsplit.trail.acts import TELLING, Act, acts, unnamed
from flatsplit.trail.audit import Audits, Said, is_audit
from flatsplit.trail.query import Filter
from flatsplit.trail.session_course import Course, Item
from flatsplit.trail.times import moment, written
from flatsplit.trail.values import Deed, Outcome

_COMMANDS = (
    *(b"create", b"alter", b"drop", b"truncate", b"grant", b"revoke", b"comment", b"security", b"reassign", b"import"),
    *(b"role", b"authorization", b"copy", b"load"),
)
_CALLS = tuple(Word(each.encode()) for each in sorted(TELLING))
_ESCAPED = Word(b"u&")
"""A name in Unicode escapes may be any name; jsonlog writes a backslash before its quote."""
ALARMS = (
    *(Word(each, keyword=True) for each in _COMMANDS),
    Word(b"into", keyword=True, but_after=(b"insert", b"merge")),
    *_CALLS,
    _ESCAPED,
)
"""One of these is in every act that is searched for where no command was named."""
_WATCHED = frozenset({"structure", "rights", "role", "become", "server"})
_MANY = 10_000
"""How many failed acts are kept one by one."""
_PATIENT = 64
"""How many sessions are followed at a time."""


@dataclass
class Search:
    """What is searched for in a log, and the deeds found so far."""

    asked: Filter
    refused: bool
    """Whether only refused acts are wanted."""
    source: str
    since: datetime | None = None
    zone: tzinfo | None = None
    becomes: Mapping[str, str] = field(default_factory=dict)
    """By login, the role that its sessions begin as, where a setting says so."""
    database: str = ""
    """The database that is meant where an object is named; "" for any."""
    own: frozenset[str] = frozenset()
    """Logins of operators. What these mark as flatsplit's own is; from anybody else the mark is a disguise."""
    deeds: list[Deed] = field(default_factory=list)
    begins: str = ""
    ends: str = ""
    left_out: int = 0
    """How many acts there was no room for."""
    nobody: int = 0
    """How many entries do not name the login."""
    _courses: dict[str, Course] = field(default_factory=dict)
    _alike: dict[tuple[str, ...], Deed] = field(default_factory=dict)
    _audits: Audits = field(default_factory=Audits)

    def scan(self, form: Format) -> Scan:
        """A scan to feed the log to."""
        words: list[Sequence[Word]] = []
        if not self.refused:
            names = [Word(needle) for needle in self.asked.needles()] if self.asked.names else []
            words = [self._words(form), *([(*names, _ESCAPED)] if names else [])]
        scan = Scan(form, words, form.errors() if self.refused else (), self._sieve(form), self.found)
        for session, course in self._courses.items():  # of the file before
            if course.open or course.current is not None:
                scan.follow(session, course.tell)
        return scan

    def _words(self, form: Format) -> Sequence[Word]:
        """Words of which one is in every entry that can be reported, whatever object it is about."""
        errors = tuple(Word(each, folded=False) for each in form.errors())
        if not self.asked.words:
            return (*ALARMS, *errors)
        word = self.asked.words[0].lower().encode()
        if word in (b"grant", b"revoke"):
            return (Word(word), *errors)  # a grant without effect is only a warning
        return (Word(word, keyword=word in _COMMANDS), *(_CALLS if self.asked.calls else ()))

    def _sieve(self, form: Format) -> Callable[[bytes], bool]:
        words = () if self.refused else self._words(form)
        words = tuple(replace(word, text=word.text.lower()) for word in words)
        names = (*self.asked.needles(), _ESCAPED.text) if self.asked.names else ()

        def worth(raw: bytes) -> bool:
            return (not names or any(name in raw for name in names)) and (
                not words or any(word.find(raw, 0, len(raw)) >= 0 for word in words)
            )

        return worth if names else lambda _: True

    # -- an entry

    def found(self, entry: Entry, scan: Scan) -> None:
        """Handle an entry that may be about it."""
        for reading in entry.readings():
            before = len(self.deeds)
            if reading.severity == "LOG":
                self._logged(reading, scan)
            elif reading.severity in ("ERROR", "FATAL"):
                self._failed(reading)
            elif logs.is_withheld(reading):
                self._withheld(reading)
            for deed in self.deeds[before:]:
                deed.doubtful = entry.other is not None

    def _logged(self, entry: Entry, scan: Scan) -> None:
        if self.refused:
            return
        said: Said | None = None
        found: tuple[Act, ...] = ()
        if is_audit(entry):
            said, found = self._audits.read(entry)
            logged: logs.Logged | None = logs.Logged(said.text, ran=False, extended=False, early=False)
        else:
            logged = logs.logged(entry.message)
        if logged is None or logged.early:
            return
        text = logged.text
        if not text or self._own(entry, text) or self._early(entry):
            return
        course = self._courses.get(entry.session)
        told = said is not None and said.told
        if course is not None and course.handled is not entry and course.runs(text) and not told:
            return  # the same statement again: pgaudit as well as log_statement
        items = [
            Item(act, self._deed(entry, act, text, "maybe rolled back") if self._watched(entry, act) else None)
            for act in (acts(text) if said is None else found)
        ]
        if not any(item.deed for item in items):
            return
        if said is not None:
            said.told = True
        course = self._course(entry, scan)
        course.begin(entry, text, items, ran=logged.ran, extended=logged.extended)
        for item in items:
            if item.deed is not None:
                item.deed.acting_as = course.role or item.deed.acting_as
                self.deeds.append(item.deed)
        scan.follow(entry.session, course.tell)

    def _failed(self, entry: Entry) -> None:
        course = self._courses.get(entry.session)
        if course is not None and course.handled is entry and course.marked:
            return
        if self._own(entry, entry.statement) or self._early(entry):
            return
        refused = logs.is_refused(entry)
        if not entry.statement:
            self._nameless(entry, refused)
            return
        told = list(acts(entry.statement))
        inner = logs.inner_statement(entry.context)
        if inner:
            told = [act for act in told if not act.inner] + [act._replace(inner=True) for act in acts(inner)]
        if not refused and not any(act.kind in _WATCHED for act in told):
            return
        items = [
            Item(act, self._deed(entry, act, entry.statement, "failed") if self._tried(entry, act, refused) else None)
            for act in told
        ]
        if not any(item.deed for item in items):
            return
        course = course or Course()
        course.broken(entry, items)
        for item in items:
            if item.deed is not None and not (self.refused and item.deed.outcome == "rolled back"):
                item.deed.acting_as = course.role or item.deed.acting_as
                self._keep(item.deed)

    def _nameless(self, entry: Entry, refused: bool) -> None:
        """An error without its statement: log_min_error_statement is above error, or the log was cut off."""
        if not refused:
            return
        act = unnamed(entry.tag, entry.message)
        if self.asked.meets(act) and not self._elsewhere(entry, act):
            self._keep(self._deed(entry, act, act.text, "refused"))

    def _withheld(self, entry: Entry) -> None:
        """A GRANT without effect: a warning, without its statement."""
        course = self._courses.get(entry.session)
        if self._early(entry) or (course is not None and course.handled is entry and course.marked):
            return
        act = unnamed(entry.tag or ("REVOKE" if "revoke" in entry.message else "GRANT"), entry.message)
        if self.asked.meets(act) and not self._elsewhere(entry, act):
            self._keep(self._deed(entry, act, act.text, "refused"))

    def _keep(self, deed: Deed) -> None:
        """Keep one more failed act. Of very many, equal ones are kept once: an attacker uses a machine."""
        if len(self.deeds) < _MANY:
            self.deeds.append(deed)
            return
        key = (deed.login, deed.client, deed.act, deed.object, deed.outcome)
        alike = self._alike.get(key)
        if alike is not None:
            alike.calls += 1
        elif len(self._alike) < _MANY:
            self._alike[key] = deed
            self.deeds.append(deed)
        else:
            self.left_out += 1

    # -- what is meant

    def _watched(self, entry: Entry, act: Act) -> bool:
        """Whether an act is wanted, however it ended."""
        return is_watched(act, self.asked) and not self._elsewhere(entry, act)

    def _elsewhere(self, entry: Entry, act: Act) -> bool:
        """Whether it is about an object of the same name in another database; roles and files are in none."""
        other = self.database and entry.database not in (self.database, "")
        return bool(other and self.asked.names and act.kind not in ("role", "become", "server"))

    def _tried(self, entry: Entry, act: Act, refused: bool) -> bool:
        """Whether a failed act is wanted."""
        if act.kind in ("other", "transaction", "temporary") or self._elsewhere(entry, act):
            return False
        return self.asked.meets(act) and (refused or act.kind in _WATCHED)

    def _own(self, entry: Entry, text: str) -> bool:
        return entry.user in self.own and is_asked(text)

    def _early(self, entry: Entry) -> bool:
        if self.since is None:
            return False
        when = moment(entry.at, self.zone)
        return when is not None and when < self.since

    # -- what is made of it

    def _deed(self, entry: Entry, act: Act, text: str, outcome: Outcome) -> Deed:
        self.nobody += not entry.user
        deed = Deed.of(
            act,
            outcome,
            self.source,
            at=written(moment(entry.at, self.zone), entry.at),
            login=entry.user,
            acting_as=self.becomes.get(entry.user, entry.user),
            application=entry.application,
            client=entry.client,
        )
        deed.statement = act.text if not act.inner else text
        deed.database, deed.session = entry.database, entry.session
        return deed

    def _course(self, entry: Entry, scan: Scan) -> Course:
        course = self._courses.pop(entry.session, None)
        if course is None:
            course = Course.after(scan.before(entry.session), entry.vxid)
            while len(self._courses) >= _PATIENT:
                del self._courses[next(iter(self._courses))]
        if entry.session:
            self._courses[entry.session] = course
        return course


def is_watched(act: Act, asked: Filter) -> bool:
    """Whether an act is wanted, however it ended; reading and writing only where a command says so."""
    if not asked.meets(act):
        return False
    if asked.words:
        return act.kind != "rows" or asked.rows
    return act.kind in _WATCHED
