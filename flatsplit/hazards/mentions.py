"""Finds where SQL as text refers to a role by name. Pure.

A name is distinguished from a word that only looks like it: a table, a schema or an alias of the same name is where no
role can be. Comments never count. Text in quotes is read as SQL only where something in the routine runs strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

How: TypeAlias = Literal["asks", "holds", "casts", "becomes", "manages", "compares", "text"]

RAISES: frozenset[How] = frozenset({"asks", "holds", "casts", "becomes", "manages"})
"""What fails with ``role … does not exist`` once the role is dropped."""


class Use(NamedTuple):
    """One use of the name."""

    how: How
    what: str
    """The words to search for: ``pg_has_role``, ``SET ROLE``."""
    vague: bool = False
    """Whether nothing but the text itself says that it means a role."""


class Lexeme(NamedTuple):
    """A token of SQL."""

    kind: Literal["word", "name", "text", "sign"]
    value: str
    """Words in lower case, names and texts without their quotes."""


# Classes from \x80 to \U0010ffff would say the same and take 30 ms each to compile, at every start
_TOKENS = re.compile(
    r"""
    (?P<skip>\s+|--[^\n]*)
  | (?P<block>/\*)
  | (?P<escaped>[eE]'(?:[^'\\]|''|\\.)*')
  | (?P<text>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
  | (?P<name>(?:[uU]&)?"(?:[^"]|"")*")
  | (?P<tag>\$(?:(?:[A-Za-z_]|[^\x00-\x7f])\w*)?\$)
  | (?P<word>(?:[A-Za-z_]|[^\x00-\x7f])[\w$]*(?:[^\x00-\x7f][\w$]*)*)
  | (?P<sign>::|:=|<>|!=|<=|>=|\|\||\d[\w.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)

_LIST = {",", "group"}
WHO = {"current_user", "session_user", "current_role", "user", "getpgusername", "pg_get_userbyid"}
_COLUMNS = {
    *("rolname", "usename", "groname", "tableowner", "viewowner", "matviewowner", "sequenceowner", "schemaowner"),
    *("schema_owner", "grantee", "grantor", "role_name", "policyroles", "member_of", "usesysid"),
}
_CATALOGS = {"pg_roles", "pg_user", "pg_authid", "pg_shadow", "pg_auth_members", "enabled_roles", "applicable_roles"}
_STATEMENT = re.compile(
    r"\b(?:set\s+(?:local\s+|session\s+)?role|session\s+authorization|owner\s+to|owned\s+by|grant|revoke"
    r"|(?:alter|drop|comment\s+on)\s+(?:role|user|group)|for\s+(?:role|user)|authorization|policy)\b",
    re.IGNORECASE,
)
_RUNS = {"execute", "execute_immediate", "perform", "dblink", "dblink_exec", "dblink_send_query", "exec"}
ASKS = re.compile(r"has_\w+_privilege")


def tokens(source: str) -> list[Lexeme]:
    """The text as tokens, without comments, which may be nested."""
    found: list[Lexeme] = []
    place = 0
    while match := _TOKENS.match(source, place):
        place = match.end()
        text = match.group()
        if match["block"]:
            depth = 1
            while depth and (edge := _COMMENT.search(source, place)):
                depth += 1 if edge.group() == "/*" else -1
                place = edge.end()
            if depth:
                break
        elif match["escaped"]:
            found.append(Lexeme("text", _ESCAPE.sub(r"\1", text[2:-1].replace("''", "'"))))
        elif match["text"]:
            found.append(Lexeme("text", text[text.index("'") + 1 : -1].replace("''", "'")))
        elif match["name"]:
            found.append(Lexeme("name", text[text.index('"') + 1 : -1].replace('""', '"')))
        elif match["tag"]:
            end = source.find(text, place)
            found.append(Lexeme("text", source[place:end] if end >= 0 else source[place:]))
            place = end + len(text) if end >= 0 else len(source)
        elif match["word"]:
            found.append(Lexeme("word", text.lower()))
        elif match["sign"]:
            found.append(Lexeme("sign", text))
    return found


def spellings(role: str) -> set[str]:
    """How the name may be written in SQL: as it is or in lower case, with quotes inside doubled."""
    return {each for name in (role, role.lower()) for each in (name, name.replace('"', '""'), name.replace("'", "''"))}


def in_text(source: str, role: str, *, depth: int = 0) -> Iterator[Use]:
    """Where SQL or the body of a routine names the role."""
    if not any(each in source or each in source.lower() for each in spellings(role)) and "\\" not in source:
        return
    pieces = tokens(source)
    asks = any(_asks_who(piece) for piece in pieces)
    runs = depth > 0 or any(each.kind == "word" and each.value in _RUNS for each in pieces)
    for statement in _statements(pieces):
        yield from _in_statement(statement, role, asks, runs=runs, depth=depth)


def _in_statement(part: list[Lexeme], role: str, asks: bool, *, runs: bool, depth: int) -> Iterator[Use]:
    commands = list(_commands(part, role))
    yield from commands
    texts = [place for place, each in enumerate(part) if each.kind == "text"]
    quoted = '"{}"'.format(role.replace('"', '""'))  # as regrole reads it
    for place in texts:
        value = part[place].value
        if value in (role, quoted):
            use = _around(part, place) or (None if commands else _alone(part, asks, runs=runs))
            if use is not None:
                yield use
        elif runs and depth < 4 and Lexeme("word", "raise") not in part[:place]:
            yield from (use for use in in_text(value, role, depth=depth + 1) if use.how != "text")


def _statements(pieces: Sequence[Lexeme]) -> Iterator[list[Lexeme]]:
    part: list[Lexeme] = []
    for piece in pieces:
        if piece == Lexeme("sign", ";"):
            yield part
            part = []
        else:
            part.append(piece)
    yield part


def _is(piece: Lexeme, role: str) -> bool:
    """Whether the token is the role; keywords and names without quotes are folded."""
    return piece.kind != "sign" and piece.value == role


def _commands(part: Sequence[Lexeme], role: str) -> Iterator[Use]:
    """Commands that name the role as such."""
    words = [each.value if each.kind == "word" else "" for each in part]
    given = False
    for place, word in enumerate(words):
        ahead = words[place + 1 : place + 5]
        after = part[place + 1 :]
        if word == "set" and (where := _set_role(part, words, place)) and _stands(part[where:], role):
            yield Use("becomes", "SET ROLE" if "role" in words[place:where] else "SET SESSION AUTHORIZATION")
        elif word in ("grant", "revoke"):
            given = True
            end = next((n for n, each in enumerate(ahead + words[place + 5 :]) if each in ("to", "from", "on")), 0)
            if end and words[place + 1 + end] != "on" and _listed(after, role):
                yield Use("manages", word.upper())
        elif word in ("to", "from") and given and _listed(after, role):
            yield Use("manages", "GRANT" if word == "to" else "REVOKE")
        elif word == "to" and words[max(place - 1, 0)] == "owner" and _listed(after, role):
            yield Use("manages", "OWNER TO")
        elif word == "to" and "policy" in words[:place] and _listed(after, role):
            yield Use("manages", "CREATE POLICY")
        elif word == "by" and words[max(place - 1, 0)] == "owned" and _listed(after, role):
            yield Use("manages", "OWNED BY")
        elif word == "to" and "reassign" in words[:place] and _listed(after, role):
            yield Use("manages", "REASSIGN OWNED")
        elif word == "authorization" and "set" not in words[max(place - 3, 0) : place] and _listed(after, role):
            yield Use("manages", "AUTHORIZATION")
        elif word == "for" and words[max(place - 2, 0) : place] == ["user", "mapping"] and _listed(after, role):
            yield Use("manages", "USER MAPPING")
        elif word in ("role", "user", "group") and place and words[place - 1] in ("alter", "drop", "on", "for"):
            skip = 2 if ahead[:2] == ["if", "exists"] else 0
            if not (words[place - 1] == "on" and "comment" not in words[:place]) and _listed(after[skip:], role):
                yield Use("manages", f"{words[place - 1].upper()} {word.upper()}")


def _set_role(part: Sequence[Lexeme], words: Sequence[str], place: int) -> int:
    """The place of the name in SET [SESSION | LOCAL] ROLE … or SET SESSION AUTHORIZATION …; 0 for another SET."""
    where = place + 1
    if words[where : where + 1] in (["session"], ["local"]):
        where += 1
    if words[where : where + 1] not in (["role"], ["authorization"]):
        return 0
    where += 1
    if where < len(part) and part[where].value in ("to", "=", ":="):
        where += 1
    return where


def _stands(after: Sequence[Lexeme], role: str) -> bool:
    """Whether the name comes next."""
    return bool(after) and _is(after[0], role)


def _listed(after: Sequence[Lexeme], role: str) -> bool:
    """Whether the name is in the list of roles that comes next."""
    expected = True
    for piece in after:
        if piece.value in _LIST and piece.kind != "name":
            expected = True
        elif not expected or piece.kind == "sign":
            return False
        elif _is(piece, role):
            return True
        else:
            expected = False
    return False


def _around(part: Sequence[Lexeme], place: int) -> Use | None:
    """What the text means, by the call or cast around it."""
    after = [each.value for each in part[place + 1 : place + 4]]
    before = [each.value for each in part[max(place - 2, 0) : place]]
    if (
        ("regrole" in after[:2] and after[:1] in (["::"], ["as"]))
        or after[2:] == ["regrole"]
        or before[1:] == ["regrole"]
    ):
        return Use("casts", "regrole")
    call, argument = _call(part, place)
    if call == "pg_has_role":
        return Use("asks", call)
    if ASKS.fullmatch(call) and argument == 0 and _arguments_after(part, place) >= 2:
        return Use("holds", call)
    if call == "set_config" and part[place - 2].value in ("role", "session_authorization"):
        return Use("becomes", call)
    return Use("compares", call) if call == "to_regrole" else None


def _call(part: Sequence[Lexeme], place: int) -> tuple[str, int]:
    """The function that has it as an argument, and which one; also through parentheses and casts."""
    depth = argument = 0
    for at in range(place - 1, -1, -1):
        value = part[at].value if part[at].kind != "text" else ""
        if value in (")", "]"):
            depth += 1
        elif value == "," and not depth:
            argument += 1
        elif value in ("(", "[") and depth:
            depth -= 1
        elif value == "(":
            word = part[at - 1] if at else Lexeme("sign", "")
            if word.kind in ("word", "name") and word.value not in ("and", "or", "not", "in", "where", "when", "if"):
                return word.value, argument
            argument = 0
    return "", 0


def _arguments_after(part: Sequence[Lexeme], place: int) -> int:
    """How many more arguments the call has."""
    depth = found = 0
    for each in part[place + 1 :]:
        value = each.value if each.kind == "sign" else ""
        if value in ("(", "["):
            depth += 1
        elif value in (")", "]"):
            depth -= 1
        elif value == "," and not depth:
            found += 1
        if depth < 0:
            break
    return found


def _asks_who(piece: Lexeme) -> bool:
    return (
        piece.kind in ("word", "name")
        and piece.value in WHO | _COLUMNS | _CATALOGS
        and (piece.kind == "word" or piece.value in _COLUMNS)
    )


def _alone(part: Sequence[Lexeme], asks: bool, *, runs: bool) -> Use:
    """The use of a text that equals the name and is in no call that says more."""
    if runs and any(each.kind == "text" and _STATEMENT.search(each.value) for each in part):
        return Use("manages", "EXECUTE")
    near = next((each.value for each in part if _asks_who(each)), "")
    if near:
        return Use("compares", near)
    return Use("compares", "the user", vague=True) if asks else Use("text", "", vague=True)
