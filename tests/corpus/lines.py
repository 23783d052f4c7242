"""A statement of the corpus, and what of a verdict on it is not so."""

from __future__ import annotations

from dataclasses import dataclass, field

from flatsplit.rehearsal.grammar import PLANNED, Parsed, Unparsable, inner, name_of, parse_one, strings, walk
from flatsplit.rehearsal.statement_names import made
from flatsplit.rehearsal.values import PERHAPS, Outcome, Problem, Verdict
from tests.corpus.stage import MIGRATOR, USER

REFUSED = "42501"

WORLD = ""

"""The session that the file is for."""

_LATER = {"prepare_stmt", "execute_stmt", "fetch_stmt"}

"""What the one says of privileges shows when the other runs."""


@dataclass
class Line:
    """A statement of a file."""

    text: str
    kind: str
    parsed: Parsed | None
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    reasoned: dict[str, Problem] = field(default_factory=dict)
    """What the rules alone say, as long as the role does not exist."""
    said: dict[str, str] = field(default_factory=dict)
    """SQLSTATE per role; "" for success."""
    rows: dict[str, int] = field(default_factory=dict)
    warned: dict[str, int] = field(default_factory=dict)
    """How many warnings said that something was left out."""
    as_before: bool = False
    """Whether a policy refused it to whoever may what legacy might, too."""
    ran: bool = False
    apart: bool = False
    """Whether the sessions of the roles have other rows anyhow."""
    lasting: bool = False
    """Whether a role has done it for good, since it runs in no transaction."""

    @property
    def planned(self) -> bool:
        """Whether it leaves the catalog as it is."""
        return self.kind in PLANNED and (self.parsed is None or made(self.parsed) is None)

    def _explains_prepared(self) -> bool:
        parsed = self.parsed
        return parsed is not None and self.kind == "explain_stmt" and inner(parsed.node.query)[0] == "execute_stmt"

    def _explains(self) -> bool:
        """Whether its rows are a plan's lines, which say nothing of what anybody may see."""
        return self.kind == "explain_stmt" or any(name.startswith("explain") for name in called(self))

    def wrong(self, role: str, verdict: Outcome, reason: str) -> str:
        """What of a verdict is not so. Allowed is also what policies refuse as they refused it before."""
        said = self.said[role]
        if self.kind in _LATER or self._explains_prepared():
            return ""
        if verdict == "allowed":
            if said == REFUSED:
                return "" if self.as_before else "allowed, refused"
            if self.warned.get(role, 0) > self.warned.get(WORLD, 0):
                return "allowed, fewer rows"
            if (
                role == USER
                and not self._explains()
                and not self.apart
                and not said
                and self.rows[USER] < self.rows[MIGRATOR]
                and not self.said[MIGRATOR]
            ):
                return "allowed, fewer rows"
        if verdict in ("denied", "migrator") and not said and (self.kind not in PLANNED or self.rows[role]):
            return (
                "" if self.warned.get(role) else "denied, works"
            )  # where there was no row, what is called for each never was
        if verdict == "silent" and said == REFUSED and PERHAPS not in reason and not self.as_before:
            return "silent, refused"
        return ""


def line_of(text: str) -> Line:
    try:
        parsed = parse_one(text)
    except (Unparsable, RecursionError):
        return Line(text, "", None)
    return Line(text, parsed.kind, parsed)


def called(line: Line) -> set[str]:
    """Names of the routines that it calls."""
    nodes = walk(line.parsed.node) if line.parsed is not None else ()
    return {strings(part.funcname)[-1] for part in nodes if name_of(part) == "FuncCall"}
