"""The parts of a PL/pgSQL body that only run under a condition, and so perhaps never.

Branches of IF and CASE, bodies of loops, handlers of exceptions, and everything after a RETURN in one of these.
"""

from __future__ import annotations

from collections.abc import Sequence

from flatsplit.rehearsal.plpgsql_tokens import Token

_STARTS = frozenset({"", ";", "then", "else", "loop", "begin", ">>"})
"""What a statement follows."""
_TURNS = frozenset({"for", "foreach", "while"})


def conditional(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """The ranges of tokens that only run under a condition, each from its first token to the one after its last."""
    words = [token.word for token in tokens]
    found: list[tuple[int, int]] = []
    open_: list[int] = []
    """For each open block, where its conditional part begins; -1 where it has none."""
    turns = False
    for place, word in enumerate(words):
        before, after = words[place - 1] if place else "", words[place + 1] if place + 1 < len(words) else ""
        starts = before in _STARTS
        if starts and word in ("if", "case"):
            open_.append(_next(words, "then", place))
        elif starts and word in _TURNS:
            turns = True
        elif word == "loop" and before != "end":
            open_.append(place + 1 if turns else -1)
            turns = False
        elif word == "begin":
            open_.append(-1)
        elif word == "exception" and after == "when" and starts and open_:
            open_[-1] = place
        elif word == "end" and starts and open_:
            if (first := open_.pop()) >= 0:
                found.append((first, place))
        elif word == "return" and starts and after not in ("next", "query") and any(first >= 0 for first in open_):
            found.append((place + 1, len(words)))
    return found


def _next(words: Sequence[str], word: str, place: int) -> int:
    return words.index(word, place) + 1 if word in words[place:] else len(words)
