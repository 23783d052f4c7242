"""Finds where stored trees of expressions, views and SQL bodies refer to a role by name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flatsplit.hazards.mentions import ASKS, WHO, Use

_ATOMS = re.compile(r"[{}()]|(?:\\.|[^\s(){}\\])+", re.DOTALL)
_OPERATIONS = {"9", "10", "11", "12"}
"""CURRENT_ROLE, CURRENT_USER, USER and SESSION_USER (SQLValueFunctionOp in primnodes.h)."""
_TOGETHER = {"OPEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR", "NULLIFEXPR", "CASEEXPR", "CASE", "ROWCOMPAREEXPR"}
"""CASE is the name of CASEEXPR before 16."""
_NAME = "19"
_REGROLE = "4096"


class Node:
    """A node of a tree as pg_node_tree prints it, with only what is needed here."""

    __slots__ = ("children", "kind", "value", "words")

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.words: dict[str, str] = {}
        self.children: list[Node] = []
        self.value: bytearray = bytearray()


def read_tree(tree: str) -> Node:
    """The nodes of a tree, below a root without a kind."""
    root = Node("")
    open_, key, expects_kind, in_bytes = [root], "", False, False
    for atom in _ATOMS.findall(tree):
        if atom == "{":
            expects_kind = True
        elif expects_kind:
            node = Node(atom)
            open_[-1].children.append(node)
            open_.append(node)
            expects_kind = False
        elif atom == "}":
            if len(open_) > 1:
                open_.pop()
        elif in_bytes:
            if atom == "]":
                in_bytes = False
            elif atom.lstrip("-").isdigit():
                open_[-1].value.append(int(atom) & 255)
        elif atom == "[" and key == ":constvalue":
            in_bytes = True
        elif atom.startswith(":"):
            key = atom
        else:
            open_[-1].words.setdefault(key, atom)
    return root


def in_tree(tree: str, role: bytes, functions: Mapping[str, str]) -> Iterator[Use]:
    """Where a stored tree names the role. ``functions``: PostgreSQL's functions with a role as argument, by oid."""
    root = read_tree(tree)
    named: set[int] = set()
    """Constants for which a node around them has been reported."""
    order: list[Node] = [root]
    for node in order:
        order.extend(node.children)
    for node in reversed(order):  # innermost nodes first
        found = [each for each in _below(node) if _holds(each, role) and id(each) not in named]
        if found and (use := _use(node, found[0], role, functions)):
            named.update(map(id, found))
            yield use
    rest = [each for each in _below(root) if _holds(each, role) and id(each) not in named]
    if any(each.words.get(":consttype") == _NAME for each in rest):
        yield Use("compares", "a name", vague=True)
    elif rest:
        yield Use("text", "", vague=True)


def _below(node: Node) -> list[Node]:
    """The node and all below it."""
    found = [node]
    for each in found:
        found.extend(each.children)
    return found


def _holds(node: Node, role: bytes) -> bool:
    """Whether it is the name as a constant, or an array with it. Texts begin with their length in four bytes."""
    if node.kind != "CONST" or not node.value:
        return False
    value = bytes(node.value)
    if node.words.get(":consttype") == _NAME or node.words.get(":constlen") == "-2":
        return value.rstrip(b"\0") == role
    if len(value) == len(role) + 4:
        return value.endswith(role)
    padded = value.find(role + b"\0" * (64 - len(role)))
    if padded >= 0 and (len(value) - padded) % 64 == 0:  # an array of names
        return True
    size = (len(role) + 4) * 4
    return any(size.to_bytes(4, order) + role in value for order in ("little", "big")) or (
        (len(role) + 4).to_bytes(4, "big") + role in value
    )


def _use(node: Node, constant: Node, role: bytes, functions: Mapping[str, str]) -> Use | None:
    """How this node uses the name that is somewhere below it."""
    if node.words.get(":resulttype") == _REGROLE or node.words.get(":funcresulttype") == _REGROLE:
        return Use("casts", "regrole")
    if node.kind == "FUNCEXPR":
        name = functions.get(node.words.get(":funcid", ""), "")
        place = next((n for n, each in enumerate(node.children) if constant in _below(each)), 0)
        if name == "pg_has_role":
            return Use("asks", name)
        if ASKS.fullmatch(name) and place == 0 and len(node.children) > 2:
            return Use("holds", name)
        if name == "set_config" and node.children and not _holds(node.children[0], role):
            first = bytes(node.children[0].value)
            return Use("becomes", name) if first.endswith((b"role", b"session_authorization")) else None
        if name == "to_regrole":
            return Use("compares", name)
    elif node.kind in _TOGETHER and (who := _who(node, functions)):
        return Use("compares", who)
    return None


def _who(node: Node, functions: Mapping[str, str]) -> str:
    for each in _below(node):
        if each.kind == "SQLVALUEFUNCTION" and each.words.get(":op") in _OPERATIONS:
            return "current_user"
        name = functions.get(each.words.get(":funcid", ""), "") if each.kind == "FUNCEXPR" else ""
        if name in WHO:
            return name
    return ""
