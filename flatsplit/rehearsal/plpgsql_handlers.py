"""Blocks of a PL/pgSQL body that go on after a refusal, because they have a handler of exceptions that says nothing.

Manual, "Trapping Errors": OTHERS, the name or SQLSTATE of the condition, or of its class (plerrcodes.h).
"""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit.rehearsal.plpgsql_tokens import Token

_CONDITIONS = frozenset(
    {"others", "insufficient_privilege", "'42501'", "syntax_error_or_access_rule_violation", "'42000'"}
)
_STARTS = frozenset({"", ";", "then", "else", "loop", "begin"})
"""What a statement follows."""
_LEVELS = frozenset({"debug", "log", "info", "notice", "warning"})
"""Levels at which RAISE is no error."""
_PARTS = frozenset({"if", "case", "loop"})


def handled(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """The ranges of tokens in such blocks, up to the handlers; each from its first token to the one after its last."""
    found = []
    open_: list[tuple[int, int]] = []
    for place, token in enumerate(tokens):
        before = tokens[place - 1].word if place else ""
        after = tokens[place + 1].word if place + 1 < len(tokens) else ""
        if token.word == "begin":
            open_.append((place, -1))
        elif token.word == "exception" and after == "when" and before in _STARTS and open_:
            open_[-1] = (open_[-1][0], place)
        elif token.word == "end" and before in _STARTS and after not in _PARTS and open_:
            first, handlers = open_.pop()
            if handlers >= 0 and _takes([each.word for each in tokens[handlers + 1 : place]]):
                found.append((first, handlers))
    return found


def _takes(words: Sequence[str]) -> bool:
    """Whether the first handler that takes a refused privilege goes on; one that raises does not."""
    mine = False
    for place, word in enumerate(words):
        if word == "when" and (not place or words[place - 1] in _STARTS):
            if mine:
                return True
            then = words.index("then", place) if "then" in words[place:] else len(words)
            mine = not _CONDITIONS.isdisjoint(words[place:then])
        elif mine and word == "raise" and words[place - 1] in _STARTS and words[place + 1] not in _LEVELS:
            return False
    return mine
