"""What the variables of a PL/pgSQL body hold, as far as its tokens tell: those that are set in one place only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from flatsplit.rehearsal.plpgsql_tokens import Token

_STARTS = frozenset({";", "then", "else", "loop", "begin", "declare"})
"""What a statement or declaration follows."""
_SETS = (":=", "=")


def assigned(tokens: Sequence[Token], body: bytes) -> dict[str, str | None]:
    """The expression for each variable that is set in one place; None for one that is set otherwise."""
    found: defaultdict[str, list[str | None]] = defaultdict(list)
    declaring = False
    for place, token in enumerate(tokens):
        before, after = _word(tokens, place - 1) or ";", _word(tokens, place + 1)
        word, starts = token.word, before in _STARTS
        if word in ("declare", "begin"):
            declaring = word == "declare"
        elif starts and after in _SETS:
            found[word].append(_until(tokens, body, place + 2))
        elif starts and after in ("[", "."):
            found[word].append(None)
        elif starts and declaring:
            _declared(tokens, body, place, found)
        elif word == "into" and before not in ("insert", "merge"):
            _listed(tokens, place + 1, found)
        elif word in ("for", "foreach", "get"):
            _bound(tokens, place + 1, found)
    # A local variable that is never set still hides a parameter of the same name
    return {name: values[0] if len(values) == 1 else None for name, values in found.items()}


def of_call(names: str, constants: Sequence[str | None]) -> dict[str, str]:
    """The constant arguments of a call, by the names of the parameters and by number.

    ``names`` is as pg_get_function_identity_arguments() prints it.
    """
    found: dict[str, str] = {}
    inputs = [each for each in names.split(", ") if not each.startswith(("OUT ", "TABLE "))]
    for number, value in enumerate(constants, 1):
        if number <= len(inputs) and inputs[number - 1].startswith("VARIADIC "):
            break
        if value is None:
            continue
        found[f"${number}"] = value
        words = inputs[number - 1].removeprefix("INOUT ").split() if number <= len(inputs) else []
        if len(words) > 1:
            found[words[0]] = value
    return found


Known = Mapping[str, str | None]


def _word(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].word if 0 <= place < len(tokens) else ""


def _until(tokens: Sequence[Token], body: bytes, first: int) -> str | None:
    """The text up to the semicolon."""
    last = first
    while last < len(tokens) and tokens[last].word != ";":
        last += 1
    return body[tokens[first].start : tokens[last - 1].end].decode() if last > first else None


def _declared(tokens: Sequence[Token], body: bytes, place: int, found: defaultdict[str, list[str | None]]) -> None:
    """Record a declaration with a value."""
    name = tokens[place].word
    while place < len(tokens) and tokens[place].word != ";":
        if tokens[place].word in (*_SETS, "default"):
            found[name].append(_until(tokens, body, place + 1))
            return
        place += 1
    found.setdefault(name, [])


def _listed(tokens: Sequence[Token], place: int, found: defaultdict[str, list[str | None]]) -> None:
    """Record the targets of INTO."""
    while place < len(tokens) and tokens[place].word != ";":
        found[tokens[place].word].append(None)
        place += 1


def _bound(tokens: Sequence[Token], place: int, found: defaultdict[str, list[str | None]]) -> None:
    """Record what a loop or GET DIAGNOSTICS sets."""
    while place < len(tokens) and tokens[place].word not in ("in", ";"):
        found[tokens[place].word].append(None)
        place += 1
