"""``learn``: the list of rights that would be enough for what a special role ran, and why it may be incomplete."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flatsplit import ddl, privileges
from flatsplit.config import format_name
from flatsplit.config.grants import LETTERS
from flatsplit.errors import UsageError
from flatsplit.evidence.became_roles import unseen
from flatsplit.journal import learning
from flatsplit.journal.learning import NeedRecord, StatementRecord
from flatsplit.model import PUBLIC, ROUTINES, ObjectRef, State
from flatsplit.server import statements
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context
from flatsplit.walks.split import grants
from flatsplit.words import clipped, count

if TYPE_CHECKING:
    from flatsplit.connection import Session
    from flatsplit.cutover.situation import Situation
    from flatsplit.cutover.walk import Walk
    from flatsplit.rehearsal.unanswered import Unanswered

_WORDS = {letter: word for word, letter in LETTERS.items() if letter}
_NORMAL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|\()", re.IGNORECASE)
"""Statements whose constants pg_stat_statements replaces; what others say may hold a secret."""


_WIDTH = 60
"""Characters of a statement's text that stand in a hole."""


@dataclass(frozen=True, slots=True)
class RanStatement:
    """A statement that needs a right."""

    queryid: int
    calls: int
    text: str
    """The text; "" where it is not known any more."""


@dataclass(frozen=True, slots=True)
class Line:
    """A name in a line of the list, and the statements that need it."""

    privilege: str
    """The word of [grants]."""
    name: str
    since: datetime
    last: datetime
    ran: tuple[RanStatement, ...]
    """The statements that need it, those that ran most often first."""
    listed: bool
    """Whether the list has it already."""

    @property
    def calls(self) -> int:
        """How often these statements ran."""
        return sum(one.calls for one in self.ran)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a special role was seen to need."""

    role: str
    since: datetime | None
    """When the time of regular looks began that lasts until now; None where nobody has looked."""
    until: datetime | None
    looks: int
    statements: int
    lines: tuple[Line, ...]
    holes: tuple[str, ...]
    """What may be missing from it, and what no list can give."""
    answered: tuple[str, ...]
    """Statements that do not tell all that they need, where flatsplit.toml does."""
    unneeded: tuple[tuple[str, str], ...]
    """(word, name) of the list that nothing has needed so far."""

    @property
    def grants(self) -> dict[str, list[str]]:
        """The list: names by privilege."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            found.setdefault(line.privilege, []).append(line.name)
        return found


def learn(walk: Walk, role: str, *, by_column: bool = False) -> Learnt:
    """What was learned of a special role. Raises UsageError where the configuration does not declare the role."""
    config = walk.config
    if config.special_role(role) is None:
        there = ", ".join(one.name for one in config.special)
        raise UsageError(
            f"flatsplit.toml speaks of no special role {role!r}",
            f"there is {there}" if there else ("write a section [role.NAME]"),
        )
    situation, session = walk.situation(), walk.session
    live = situation.live
    context = Context(config, live, role)
    spans, ran = learning.spans(session, role), learning.statements(session, role)
    needs = learning.needs(session, role)
    gone = [need for need in needs if need.object not in live.objects]
    given = grant_list.rights(live, context)
    wanted = _together([need for need in needs if need not in gone and not _implied(live, need)])
    counted = statements.counted(session.driver, role)
    texts = (
        {}
        if isinstance(counted, str)
        else statements.texts(
            session.driver,
            counted.schema,
            role,
            {one for need in needs for one in need.statements}
            | {one.queryid for one in ran if one.verdict != "allowed"},
        )
    )
    calls = {one.queryid: one.calls for one in ran}
    odd = [one for one in ran if one.verdict != "allowed"]
    open_ = _unanswered(session, situation, context, odd, texts)
    lines, holes = (
        [],
        [*_holes(spans, counted), *(_told(one, texts, open_[one.queryid]) for one in odd if one.queryid in open_)],
    )
    if not isinstance(counted, str) and (missed := unseen(session.driver, counted.schema, live, context)):
        holes.append(f"{missed.what}; {missed.fix}")
    for (ref, letter), some in sorted(wanted.items(), key=lambda item: (_place(item[0][1]), item[0][0])):
        if letter not in _WORDS:
            holes.append(f"no list can give {privileges.NAMES[letter]} on {ddl.label(ref)}")
            continue
        ids = sorted({one for need in some for one in need.statements}, key=lambda one: -calls.get(one, 0))
        columns = _columns(some) if by_column and letter in "raw" else ()
        lines.append(
            Line(
                _WORDS[letter],
                _named(ref, columns),
                min(need.first for need in some),
                max(need.last for need in some),
                tuple(RanStatement(one, calls.get(one, 0), _shown(texts.get(one))) for one in ids),
                letter in given.objects.get(ref, "") or _by_column(given, ref, letter, columns),
            )
        )
    holes += [f"{ddl.label(need.object)} was needed and is gone" for need in {one.object: one for one in gone}.values()]
    last = spans[-1] if spans else None
    return Learnt(
        role,
        last.at if last else None,
        last.until if last else None,
        last.looks if last else 0,
        len(ran),
        tuple(lines),
        tuple(holes),
        tuple(_text(one, texts) for one in odd if one.queryid not in open_),
        tuple(_unneeded(live, context, {(need.object, need.privilege) for need in needs})),
    )


def _place(letter: str) -> int:
    return list(_WORDS).index(letter) if letter in _WORDS else len(_WORDS)


def _implied(live: State, need: NeedRecord) -> bool:
    """Whether a right comes with every list, or everybody has it."""
    ref, letter = need.object, need.privilege
    if (ref.kind, letter) in (("schema", "U"), ("database", "c")):
        return True
    return letter in privileges.letters(live.objects[ref].acl, PUBLIC)


def _together(needs: Iterable[NeedRecord]) -> Mapping[tuple[ObjectRef, str], list[NeedRecord]]:
    found: defaultdict[tuple[ObjectRef, str], list[NeedRecord]] = defaultdict(list)
    for need in needs:
        found[need.object, need.privilege].append(need)
    return found


def _columns(needs: Sequence[NeedRecord]) -> tuple[str, ...]:
    return tuple(sorted({need.column for need in needs} - {""}))


def _by_column(given: grant_list.ListedRights, ref: ObjectRef, letter: str, columns: Sequence[str]) -> bool:
    refs = (ObjectRef("column", ref.schema, ref.name, column) for column in columns)
    return bool(columns) and all(letter in given.columns.get(one, "") for one in refs)


def _named(ref: ObjectRef, columns: Sequence[str]) -> str:
    """The object as [grants] names it."""
    parts = (ref.schema, ref.name) if ref.schema else (ref.name,)
    if ref.kind in ROUTINES:
        return format_name(*parts, args=ref.args)
    return format_name(*parts, args=", ".join(map(format_name, columns)) if columns else None)


def _shown(text: statements.Text | None) -> str:
    if text is None or text.text is None:
        return ""
    return text.text if _NORMAL.match(text.text) else text.text.split(maxsplit=1)[0].upper() + " …"


def _holes(spans: Sequence[learning.SpanRecord], counted: statements.StatementCount | str) -> Iterable[str]:
    """When nobody looked: what the list may lack."""
    if isinstance(counted, str):
        yield counted
    elif counted.blind:
        yield counted.blind
    yield from (f"{one.at:%Y-%m-%d %H:%M} UTC: {one.broke}" for one in spans if one.broke)
    if not isinstance(counted, str) and spans and (now := statements.broke(spans[-1].epoch, counted.epoch)):
        yield f"since the last look: {now}"


def _unanswered(
    session: Session,
    situation: Situation,
    context: Context,
    odd: Sequence[StatementRecord],
    texts: Mapping[int, statements.Text],
) -> Mapping[int, Unanswered]:
    """The statements that are not understood, without those that flatsplit.toml answers."""
    if not odd:
        return {}
    from flatsplit.rehearsal.unanswered import unanswered  # imports a parser of SQL

    return unanswered(session, situation.live, situation.desired(situation.done), context, odd, texts)


def _text(one: StatementRecord, texts: Mapping[int, statements.Text]) -> str:
    return clipped(_shown(texts.get(one.queryid)), _WIDTH) or f"statement {one.queryid}"


def _told(one: StatementRecord, texts: Mapping[int, statements.Text], why: Unanswered) -> str:
    """A statement that was not understood: the list may lack what it needs."""
    told = f"{_text(one, texts)} ({count(one.calls, 'call')}): {why.reason}"
    return f"{told}; {why.remedy}" if why.remedy else told


def _unneeded(live: State, context: Context, needed: set[tuple[ObjectRef, str]]) -> Iterable[tuple[str, str]]:
    special = context.special
    for line in grant_list.lines(context.config, special) if special is not None else ():
        for name in line.names:
            refs = list(grants.named(live, name, line.letter))
            tables = {one[1:3] for one, letter in needed if letter == line.letter}
            used = any((ref, line.letter) in needed or (ref.kind == "column" and ref[1:3] in tables) for ref in refs)
            untold = special is not None and special.sequences == "listed" and refs[:1] and refs[0].kind == "sequence"
            if refs and not used and not untold:
                yield line.privilege, name
