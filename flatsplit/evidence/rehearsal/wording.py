"""What a statement is called, and the name of what it makes."""

from __future__ import annotations

from flatsplit.evidence.rehearsal.grammar import Node, Parsed

_CREATED = {
    # kind → the field that holds the name of what is made in a schema
    "create_stmt": "relation",
    "create_foreign_table_stmt": "base_stmt",
    "create_seq_stmt": "sequence",
    "view_stmt": "view",
    "create_table_as_stmt": "into",
    "composite_type_stmt": "typevar",
}


def temporary_name(parsed: Parsed) -> str:
    """Name of the temporary relation that a statement creates; "" for none."""
    node = made(parsed)
    return node.relname if node is not None and temporary(node) else ""


def created_name(parsed: Parsed) -> str:
    """Name of the permanent relation that a statement creates; "" for none."""
    node = made(parsed)
    return node.relname if node is not None and not temporary(node) else ""


def renamed(parsed: Parsed, temporary_names: set[str]) -> str:
    """New name of a temporary relation; "" for none."""
    if parsed.kind != "rename_stmt" or parsed.node.subname or parsed.node.relation.relname not in temporary_names:
        return ""
    return str(parsed.node.newname)


def made(parsed: Parsed) -> Node | None:
    """The name of the relation that a statement makes; None for none."""
    if parsed.kind == "select_stmt" and parsed.node.HasField("into_clause"):
        return parsed.node.into_clause.rel
    field = _CREATED.get(parsed.kind)
    if field is None or parsed.kind == "composite_type_stmt":
        return None
    node = getattr(parsed.node, field)
    if parsed.kind == "create_table_as_stmt":
        return node.rel
    return node.relation if parsed.kind == "create_foreign_table_stmt" else node


def temporary(node: Node) -> bool:
    """Whether a name is that of a temporary relation."""
    return bool(node.relpersistence == "t") or str(node.schemaname).startswith("pg_temp")


_BETWEEN = frozenset(
    {
        *("or", "replace", "temp", "temporary", "global", "local", "unlogged", "unique", "recursive", "trusted"),
        *("procedural", "constraint"),
    }
)
"""Words between CREATE and what is created."""

_GOES_ON = {
    "materialized": ("view",),
    "foreign": ("table", "data"),
    "data": ("wrapper",),
    "text": ("search",),
    "search": ("configuration", "dictionary", "parser", "template"),
    "default": ("privileges",),
    "event": ("trigger",),
    "operator": ("class", "family"),
    "access": ("method",),
    "user": ("mapping",),
    "large": ("object",),
    "owned": ("by",),
}
"""Words that name a kind of object together with the next one."""


def word(parsed: Parsed) -> str:
    """The statement's kind as a person writes it: CREATE MATERIALIZED VIEW, ALTER TABLE, REINDEX."""
    words = parsed.text.lower().replace("(", " ").split()
    kept = words[:1]
    for each in words[1:8]:
        if len(kept) == 1 and each in _BETWEEN:
            continue
        if not each.isalpha() or (len(kept) > 1 and each not in _GOES_ON.get(kept[-1], ())):
            break
        kept.append(each)
    if not kept or not kept[0].isalpha():  # a comment, or no text at all
        return parsed.kind.removesuffix("_stmt").replace("_", " ").upper()
    return " ".join(kept).upper()
