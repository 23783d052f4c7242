"""What ``who`` is asked for: a statement, a command and an object, or the name of an object."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from flatsplit.config import parse_name
from flatsplit.errors import UsageError
from flatsplit.model import Kind
from flatsplit.rehearsal.grammar import Unparsable, fingerprint, parse
from flatsplit.trail.acts import Act, acts
from flatsplit.trail.names import Name

_VERBS = frozenset(
    {
        *("create", "alter", "drop", "truncate", "grant", "revoke", "comment", "copy", "set", "reassign", "refresh"),
        *("reindex", "vacuum", "analyze", "cluster", "lock", "insert", "update", "delete", "select", "merge", "import"),
        *("security", "load", "do"),
    }
)
_NOT_TYPED = ("column", "parameter", "partitioned_table")
_KINDS = frozenset(
    {
        *(word for kind in get_args(Kind) if kind not in _NOT_TYPED for word in kind.split("_")),
        *("index", "role", "group", "rule", "routine", "cast", "parser", "template", "default", "privileges", "system"),
        *(
            "owned",
            "by",
            "program",
            "on",
            "session",
            "authorization",
            "temporary",
            "temp",
            "unique",
            "access",
            "method",
            "into",
        ),
        *("from", "label", "…", "if", "exists", "concurrently", "only", "to"),
    }
)
"""Words of commands that are no names: kinds of objects, and what stands beside them."""
_NOISE = frozenset({"on", "if", "exists", "concurrently", "only", "to", "unique", "temp", "temporary", "from", "by"})
_ROWS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY"})
_SAID_AS = {"USER": "ROLE", "GROUP": "ROLE"}


@dataclass(frozen=True)
class Filter:
    """Which acts are wanted; a field that is "" or empty allows all."""

    text: str = ""
    words: tuple[str, ...] = ()
    """The command, in capitals."""
    names: tuple[Name, ...] = ()
    exact: str = ""
    """The fingerprint of a statement on rows, where just this statement is wanted."""

    @property
    def rows(self) -> bool:
        """Whether reading or writing rows is wanted too."""
        return bool(self.words) and self.words[0] in _ROWS

    @property
    def calls(self) -> bool:
        """Whether a call of the server's routines is wanted, in any statement."""
        return self.words == ("SELECT",)

    def meets(self, act: Act) -> bool:
        """Whether the act is wanted."""
        if self.exact:
            return fingerprint(act.text) == self.exact
        spoken = [word for word in act.word.split() if word not in ("…",)]
        if self.words and not (
            _within(self.words, spoken) or (self.calls and act.kind == "server" and act.word in _ROWS - {"COPY"})
        ):
            return False
        return not self.names or any(_same(wanted, name) for wanted in self.names for name in act.names)

    def needles(self) -> tuple[bytes, ...]:
        """Bytes, in lower case, of which one is in every entry that can be about it."""
        if self.names:
            return tuple(_plain(name[-1]) for name in self.names)
        if self.words:
            return (self.words[0].lower().encode(),)
        return ()


def _within(wanted: Iterable[str], spoken: list[str]) -> bool:
    """Whether the words occur in this order, the first one first."""
    rest = iter(spoken)
    words = list(wanted)
    return bool(spoken) and words[0] == spoken[0] and all(word in rest for word in words)


def _same(wanted: Name, name: Name) -> bool:
    if wanted[-1].removesuffix("()") != name[-1].removesuffix("()"):
        return False
    return len(wanted) == 1 or len(name) == 1 or wanted[-2] == name[-2]


def _plain(name: str) -> bytes:
    """The longest part of a name that every log has unchanged."""
    runs = re.findall(r"[^\W]+", name.removesuffix("()"))
    return max(runs, key=len, default="").encode().lower()  # case only does not matter from a to z


def parse_query(text: str) -> Filter:
    """The filter for a text. UsageError where it is none of the three."""
    text = text.strip().rstrip(";").strip()
    if not text:
        return Filter()
    try:
        statements = parse(text)
    except Unparsable:
        statements = []
    if statements:
        found = [act for act in acts(text) if act.kind != "transaction"]
        told = [act for act in found if act.kind not in ("rows", "other")] or found
        if told:
            return _statement(text, told)
    words = text.split()
    taken = 0
    if words[0].lower() in _VERBS:
        taken = 1
        while taken < len(words) and words[taken].lower() in _KINDS:
            taken += 1
    elif words[0].lower() == "program":
        return Filter(text, ("COPY", "PROGRAM"))
    rest = " ".join(words[taken:])
    command = tuple(_SAID_AS.get(word.upper(), word.upper()) for word in words[:taken] if word.lower() not in _NOISE)
    if not rest:
        return Filter(text, command)
    try:
        name = parse_name(rest)
    except ValueError:
        raise UsageError(
            f"neither a statement, nor a command with an object, nor a name: {text}",
            "write it like `flatsplit who 'DROP TABLE payments'` or `flatsplit who public.payments`",
        ) from None
    return Filter(text, command, (name.parts,))


def _statement(text: str, told: list[Act]) -> Filter:
    act = told[0]
    words = tuple(word for word in act.word.split() if word != "…")
    own = re.search(r"\b(where|values|set|returning)\b|\$|'", text, re.IGNORECASE)
    if act.kind == "rows" and own is not None:
        return Filter(text, words, act.names, fingerprint(text) or "")
    names = act.names[:1] if act.kind in ("rights", "role") else act.names
    return Filter(text, words, names)
