"""The acts in a statement that somebody may have to answer for.

The text is parsed, not searched: ``drop/**/table``, a name in Unicode escapes, or a statement inside a DO block are
recognised. An act has PostgreSQL's own word for the command, and objects have the names of the statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from flatsplit.rehearsal import grammar, plpgsql, statement_names
from flatsplit.rehearsal.grammar import Node, Parsed, Unparsable, strings
from flatsplit.rehearsal.plpgsql_tokens import NoBody
from flatsplit.trail.names import Name, each_once, in_order, names_of, relations, shown

Kind: TypeAlias = Literal[
    "structure", "rights", "role", "become", "server", "temporary", "upkeep", "rows", "transaction", "other"
]
"""``structure``: CREATE, ALTER, DROP, TRUNCATE and their like; ``rights``: GRANT and REVOKE; ``role``: roles;
``become``: SET ROLE; ``server``: programs, files and secrets of the server; ``temporary``: of one's own temporary
table; ``upkeep``: VACUUM and its like; ``rows``: reading and writing."""


class Act(NamedTuple):
    """Something that a statement does."""

    word: str
    """DROP TABLE, COPY … PROGRAM, SET ROLE."""
    kind: Kind
    names: tuple[Name, ...]
    """The objects it is about, the most specific first."""
    text: str
    """The statement itself, with its constants."""
    inner: bool = False
    """Whether it is inside a DO block."""

    @property
    def object(self) -> str:
        """The first name; "" where there is none."""
        return shown(self.names[0]) if self.names else ""


_UPKEEP = frozenset(
    {"vacuum_stmt", "cluster_stmt", "reindex_stmt", "refresh_mat_view_stmt", "lock_stmt", "check_point_stmt"}
)
_ROWS = frozenset({"select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"})
_ROLES = frozenset({"create_role_stmt", "alter_role_stmt", "alter_role_set_stmt", "drop_role_stmt", "grant_role_stmt"})
_SILENT = frozenset(
    {
        *("variable_show_stmt", "execute_stmt", "deallocate_stmt", "listen_stmt", "unlisten_stmt", "notify_stmt"),
        *("discard_stmt", "constraints_set_stmt", "fetch_stmt", "close_portal_stmt", "call_stmt"),
    }
)
_SERVER = frozenset({"alter_system_stmt", "load_stmt"})
_ALONE: dict[str, Callable[[Node], str]] = {
    "grant_stmt": lambda node: "GRANT" if node.is_grant else "REVOKE",
    "grant_role_stmt": lambda node: "GRANT" if node.is_grant else "REVOKE",
    "truncate_stmt": lambda _: "TRUNCATE",
    "comment_stmt": lambda _: "COMMENT",
    "sec_label_stmt": lambda _: "SECURITY LABEL",
    "vacuum_stmt": lambda node: "VACUUM" if node.is_vacuumcmd else "ANALYZE",
    "cluster_stmt": lambda _: "CLUSTER",
    "lock_stmt": lambda _: "LOCK",
    "reassign_owned_stmt": lambda _: "REASSIGN OWNED",
    "drop_owned_stmt": lambda _: "DROP OWNED",
}
"""Commands that are not followed by a kind of object."""
_FILES = frozenset(
    {
        *("pg_read_file", "pg_read_binary_file", "pg_stat_file", "pg_ls_dir", "pg_ls_logdir", "pg_ls_waldir"),
        *("pg_ls_tmpdir", "pg_ls_archive_statusdir", "pg_file_write", "pg_file_unlink", "pg_file_rename"),
        *("pg_file_read", "pg_current_logfile", "lo_import", "lo_export", "pg_reload_conf", "pg_rotate_logfile"),
        *("pg_terminate_backend", "dblink_connect_u", "pg_create_restore_point", "pg_promote", "pg_hba_file_rules"),
    }
)
"""Routines of the server's own that reach beyond the database."""
_SECRETS = frozenset(
    {
        *("pg_authid", "pg_shadow", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_settings"),
        *("pg_user_mapping", "pg_user_mappings", "pg_statistic", "pg_subscription", "pg_config", "pg_largeobject"),
    }
)
_CALM = frozenset({"pg_user_mappings", "pg_statistic", "pg_subscription", "pg_config", "pg_largeobject"})
"""Of these a refused call is no attack: monitoring tools try them."""

TELLING = frozenset(_FILES | _SECRETS - _CALM)
"""Names of which one is in every act of the kind ``server``, except COPY, LOAD and ALTER SYSTEM."""


@lru_cache(maxsize=4096)
def acts(text: str) -> tuple[Act, ...]:
    """The acts in a text with one or more statements, in order."""
    found: list[Act] = []
    for parsed in _statements(text):
        found += _acts(parsed)
    return tuple(found)


def _statements(text: str) -> Iterator[Parsed]:
    try:
        yield from grammar.parse(text)
        return
    except Unparsable:
        pieces = grammar.split(text)
    for piece in pieces:
        try:
            yield from grammar.parse(piece)
        except Unparsable:
            yield Parsed("", None, piece.strip())


def _acts(parsed: Parsed) -> Iterator[Act]:
    kind, node, text = parsed
    text = text.strip()
    if node is None:
        yield from _unparsed(text)
    elif kind == "do_stmt":
        yield from _block(node, text)
    elif kind in ("explain_stmt", "prepare_stmt", "declare_cursor_stmt"):
        inside, query = grammar.inner(node.query)
        if query is not None:
            yield from _acts(Parsed(inside, query, text))
    elif kind == "transaction_stmt":
        yield Act(text.split()[0].upper(), "transaction", (), text)
    elif kind == "variable_set_stmt":
        yield from _set(node, text)
    elif kind == "copy_stmt":
        yield from _copy(node, text)
    elif kind in _ROWS:
        yield from _rows(parsed, text)
    elif kind not in _SILENT:
        yield Act(_word(parsed), _kind(parsed), names_of(parsed), text)


def _kind(parsed: Parsed) -> Kind:
    kind, node, _ = parsed
    if kind in _ROLES or (kind == "rename_stmt" and _is_role(node)) or kind in ("drop_owned_stmt",):
        return "role"
    if kind in ("grant_stmt", "alter_default_privileges_stmt"):
        return "rights"
    if kind in _UPKEEP:
        return "upkeep"
    if kind in _SERVER:
        return "server"
    made = statement_names.made(parsed)
    return "temporary" if made is not None and statement_names.temporary(made) else "structure"


def _is_role(node: Node) -> bool:
    from postgast import pg_query_pb2

    return bool(node.rename_type == pg_query_pb2.OBJECT_ROLE)


def _word(parsed: Parsed) -> str:
    """The command as PostgreSQL writes it, whatever is between its words."""
    if parsed.kind in _ALONE:
        return _ALONE[parsed.kind](parsed.node)
    try:
        plain = grammar.written(parsed.kind, parsed.node)
    except Unparsable:
        plain = parsed.text
    word = statement_names.word(parsed._replace(text=plain))
    for also in ("USER", "GROUP"):
        if word.endswith(f" {also}") and parsed.kind in _ROLES:
            word = word.removesuffix(also) + "ROLE"
    return word


def _set(node: Node, text: str) -> Iterator[Act]:
    name = str(node.name).lower()
    if name in ("role", "session_authorization"):
        value = grammar.constant(node.args[0]) if node.args else None
        if value is not None and value.lower() != "none":
            yield Act("SET ROLE" if name == "role" else "SET SESSION AUTHORIZATION", "become", ((value,),), text)


def _copy(node: Node, text: str) -> Iterator[Act]:
    names = relations(node)
    if node.is_program:
        yield Act("COPY … PROGRAM", "server", names, text)
    elif node.filename:
        yield Act("COPY … FILE", "server", names, text)
    else:
        yield Act("COPY", "rows", names, text)


def _rows(parsed: Parsed, text: str) -> Iterator[Act]:
    kind, node, _ = parsed
    names = relations(node)
    made = statement_names.made(parsed)
    if made is not None:
        first = each_once([(made.schemaname, made.relname), *names])
        yield Act("SELECT INTO", "temporary" if statement_names.temporary(made) else "structure", first, text)
        return
    word = kind.removesuffix("_stmt").upper()
    sharp: list[Name] = []
    for part in in_order(part for part in grammar.walk(node) if grammar.name_of(part) == "FuncCall"):
        called = strings(part.funcname)
        setting = grammar.constant(part.args[0]) if called[-1] == "set_config" and part.args else ""
        if setting in ("role", "session_authorization"):
            value = grammar.constant(part.args[1]) if len(part.args) > 1 else None
            yield Act("SET ROLE", "become", ((value,),) if value else (), text)
        elif called[-1] in _FILES:
            sharp.append((*called[:-1], f"{called[-1]}()"))
    secret = [name for name in names if name[-1] in _SECRETS and name[0] in ("pg_catalog", name[-1])]
    if sharp or [name for name in secret if name[-1] not in _CALM]:
        sharp += secret
        yield Act(word, "server", (*sharp, *(name for name in names if name not in sharp)), text)
    else:
        yield Act(word, "rows", names, text)


def _block(node: Node, text: str) -> Iterator[Act]:
    """The statements of a DO block, as far as its body shows them."""
    body = next(
        (
            each.def_elem.arg.string.sval
            for each in node.args
            if each.WhichOneof("node") == "def_elem" and each.def_elem.defname == "as"
        ),
        "",
    )
    yield Act("DO", "other", (), text)
    try:
        pieces = plpgsql.pieces(body)
    except NoBody:
        return
    for piece in pieces:
        sql = piece.sql
        if piece.dynamic:
            try:
                sql = _constant_text(sql)
            except Unparsable:
                continue
        for act in acts(sql):
            if act.kind not in ("transaction",) and (act.kind != "rows" or act.names):
                yield act._replace(inner=True)


_PLACE = re.compile(r"%(?:(\d+)\$)?-?\d*([sIL%])")


def _constant_text(expression: str) -> str:
    """The text that EXECUTE runs, where it is a constant or concatenated from constants."""
    found: list[tuple[int, str]] = []
    _glued(grammar.parse_nested(expression).node, found)
    if not found:
        raise Unparsable("no text")
    return "".join(text for _, text in sorted(found, key=lambda each: each[0]))


def _glued(node: Node, found: list[tuple[int, str]]) -> None:
    """Collect the texts below a node by place; the result of format() counts as one."""
    formats = [part for part in grammar.walk(node) if _is_format(part)]
    outer = [part for part in formats if not any(part in grammar.walk(other) for other in formats if other != part)]
    inside = [part for call in outer for part in grammar.walk(call)]
    found += (
        (part.location, part.sval.sval)
        for part in grammar.walk(node)
        if grammar.name_of(part) == "A_Const" and part.HasField("sval") and part not in inside
    )
    found += ((call.location, _formatted(call)) for call in outer)


def _is_format(node: Node) -> bool:
    return bool(
        grammar.name_of(node) == "FuncCall"
        and strings(node.funcname)[-1:] == ("format",)
        and node.args
        and grammar.constant(node.args[0]) is not None
    )


def _formatted(call: Node) -> str:
    """The result of format(); a name stands for what is not known before it runs."""
    values = [grammar.constant(each) for each in call.args]
    following = iter(values[1:])

    def put(place: re.Match[str]) -> str:
        number, how = place.groups()
        if how == "%":
            return "%"
        value = (values[int(number)] if int(number) < len(values) else None) if number else next(following, None)
        if how == "L":
            return f"'{(value or '').replace(chr(39), chr(39) * 2)}'"
        if how == "s" and value is not None:
            return value
        return '"{}"'.format((value or "…").replace('"', '""'))

    return _PLACE.sub(put, values[0] or "")


def _unparsed(text: str) -> Iterator[Act]:
    """The act in a text that cannot be parsed, by its first words: syntax of a newer server, or a text that was cut
    off.
    """
    plain = re.sub(r"/\*.*?\*/|--[^\n]*", " ", text, flags=re.DOTALL)
    word = statement_names.word(Parsed("", None, plain))
    first = word.split()[0] if word else ""
    if first in ("CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "SECURITY", "REASSIGN", "IMPORT"):
        names = tuple((each.lower(),) for each in re.findall(r"[A-Za-z_][\w$]*", plain)[len(word.split()) :][:8])
        yield Act(word, "role" if "ROLE" in word or "USER" in word else "structure", names, text)
    elif first in ("GRANT", "REVOKE"):
        yield Act(word, "rights", tuple((each.lower(),) for each in re.findall(r"[A-Za-z_][\w$]*", plain)[1:8]), text)


def unnamed(tag: str, message: str) -> Act:
    """The act of a message without its statement: by the command's tag, and the name at the end of the message."""
    quoted = re.findall(r"[\"«»„“‟”]\s?([^\"«»„“‟”]+?)\s?[\"«»„“‟”]", message)
    name = quoted[-1] if quoted else (message.split() or [""])[-1]
    first = (tag.split() or [""])[0]
    kind: Kind = "rows"
    if first in ("GRANT", "REVOKE"):
        kind, tag = "rights", first
    elif first in ("CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT") or message.startswith("must be owner"):
        kind = "role" if tag.endswith("ROLE") else "structure"
    elif first == "SET":
        kind = "become"
    return Act(tag or "unknown", kind, ((name,),) if name else (), message)
