"""What a statement is called, and the name of what it creates."""

from __future__ import annotations

from flatsplit.rehearsal.grammar import Node, Parsed, strings

_CREATED = {
    # kind → the field with the name of what is created in a schema
    "create_stmt": "relation",
    "create_foreign_table_stmt": "base_stmt",
    "create_seq_stmt": "sequence",
    "view_stmt": "view",
    "create_table_as_stmt": "into",
}


def temporary_name(parsed: Parsed) -> str:
    """Name of the temporary relation that a statement creates; "" for none."""
    node = made(parsed)
    return node.relname if node is not None and temporary(node) else ""


_NAMES = {
    "create_schema_stmt": "schemaname",
    "create_function_stmt": "funcname",
    "create_domain_stmt": "domainname",
    "create_enum_stmt": "type_name",
    "create_range_stmt": "type_name",
    "composite_type_stmt": "typevar",
    "define_stmt": "defnames",
    "create_stats_stmt": "defnames",
    "create_conversion_stmt": "conversion_name",
    "index_stmt": "idxname",
    "create_publication_stmt": "pubname",
    "create_foreign_server_stmt": "servername",
    "create_extension_stmt": "extname",
    "rename_stmt": "newname",
}
"""Kind → the field with the name of what is created, or the new name, for objects that are no relations."""


def created_name(parsed: Parsed) -> str:
    """Name of the permanent object that a statement creates, renames, or moves to another schema; "" for none."""
    node = made(parsed)
    if node is not None:
        return "" if temporary(node) else str(node.relname)
    if parsed.kind == "alter_object_schema_stmt":
        return "" if parsed.node.missing_ok else str(parsed.node.relation.relname)
    field = _NAMES.get(parsed.kind)
    if field is None:
        return ""
    value = getattr(parsed.node, field)
    if isinstance(value, str):
        return value
    return str(value.relname) if parsed.kind == "composite_type_stmt" else (strings(value) or ("",))[-1]


def renamed(parsed: Parsed, temporary_names: set[str]) -> str:
    """New name of a temporary relation; "" for none."""
    if parsed.kind != "rename_stmt" or parsed.node.subname or parsed.node.relation.relname not in temporary_names:
        return ""
    return str(parsed.node.newname)


def made(parsed: Parsed) -> Node | None:
    """The name of the relation that a statement creates; None where it creates none."""
    if parsed.kind == "select_stmt" and parsed.node.HasField("into_clause"):
        return parsed.node.into_clause.rel
    field = _CREATED.get(parsed.kind)
    if field is None:
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
"""Words between CREATE and the kind of object."""

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
"""Words that name a kind of object together with the next word."""


def word(parsed: Parsed) -> str:
    """The statement's kind as a person writes it: CREATE MATERIALIZED VIEW, ALTER TABLE, REINDEX."""
    words = parsed.text.lower().replace("(", " ( ").split()
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
