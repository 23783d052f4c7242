"""What a statement means to PostgreSQL's own grammar, with hostile names in it as with plain ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import postgast
from google.protobuf.json_format import MessageToDict

Naming: TypeAlias = Callable[[str], str]
"""A name as it is called in one run of a case: itself, or something hostile."""
Case: TypeAlias = tuple[Callable[[Naming], str], str]
"""A statement with the names that it is given, and what it has to mean where these are plain."""

PLACES = {"location", "stmt_location", "stmt_len", "rexpr_list_start", "rexpr_list_end"}


def hostile(plain: str) -> str:
    """Whatever has a meaning in SQL, psql, format() or psycopg, within the 63 bytes of a name."""
    return f"""{plain}"; --'\n\\%s %I $1 $flatsplit$ $flatsplit_$ :{plain} @role {{}}"""


def meaning(text: str, called: Naming) -> Any:
    """The parse tree, without places in the text, and with the plain names in it."""
    plain = {called(letter): letter for letter in "abcdefst"} | {f"\n{called('b')}\n": "b"}

    def reduced(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: key == "do_stmt" or reduced(value) for key, value in node.items() if key not in PLACES}
        if isinstance(node, list):
            return [reduced(each) for each in node]
        return plain.get(node, node) if isinstance(node, str) else node

    return reduced(MessageToDict(postgast.parse(text), preserving_proto_field_name=True)["stmts"])


def assert_means(case: Case) -> None:
    """Fail unless the statement has the meaning of the one beside it, whatever its names are."""
    statement, expected = case
    for called in (str, hostile):
        found, wanted = meaning(statement(called), called), meaning(expected, str)
        assert found == wanted, f"{statement(called)}\n{found}\n{wanted}"
