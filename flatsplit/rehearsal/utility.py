"""Statements that have no plan: judged by their kind and by the catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flatsplit.model import ObjectRef, versions
from flatsplit.rehearsal import bodies, given_columns, kinds, maintenance, protected_settings, set_role
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.grammar import PLANNED, Node, Parsed, constant, inner, strings
from flatsplit.rehearsal.remedies import member, shown
from flatsplit.rehearsal.uses import Uses, range_use, routine_use, uses_of
from flatsplit.rehearsal.values import Problem

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge import Judge

__all__ = ["FREE", "HANDLED", "inner_statement", "problems"]

Path = tuple[str, ...] | None

FREE = frozenset(
    {
        *("transaction_stmt", "listen_stmt", "unlisten_stmt", "notify_stmt", "discard_stmt"),
        *("deallocate_stmt", "execute_stmt", "fetch_stmt", "close_portal_stmt"),
    }
)
"""Kinds that need no privilege. What EXECUTE and FETCH run is judged where it is prepared or declared."""


def problems(judge: Judge, parsed: Parsed, path: Path = None) -> list[Problem]:
    """Problems of a utility statement, or of the table that SELECT INTO creates."""
    if parsed.kind in FREE:
        return []
    if parsed.kind == "select_stmt":
        return kinds.select_into(judge, parsed, path)
    handler = HANDLED.get(parsed.kind)
    if handler is not None:
        return handler(judge, parsed.node, path)
    return kinds.problems(judge, parsed, path)


def inner_statement(parsed: Parsed) -> tuple[str, Node] | None:
    """The kind and tree of the statement inside one that EXPLAIN does not take as a whole; None for others."""
    kind, node = parsed.kind, parsed.node
    if (
        kind in ("explain_stmt", "declare_cursor_stmt", "prepare_stmt")
        or (kind == "copy_stmt" and node.HasField("query"))
        or (kind == "create_table_as_stmt" and not node.into.skip_data)
    ):
        found = inner(node.query)
    elif kind == "select_stmt" and node.HasField("into_clause"):
        bare = type(node)()
        bare.CopyFrom(node)
        bare.ClearField("into_clause")
        found = (kind, bare)
    else:
        return None
    return found if found[0] in PLANNED else None


def _wrapped(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """Problems of DECLARE and PREPARE, by the statement inside."""
    kind, query = inner(node.query)
    return judge.statement(Parsed(kind, query, ""), path) if kind else []


def _explain(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """Problems of EXPLAIN. Without ANALYZE nothing runs: only planning and the start of the executor count."""
    found = _wrapped(judge, node, path)
    executes = False
    for option in (each.def_elem for each in node.options):
        if option.defname == "analyze":
            kind, value = inner(option.arg)  # defGetBoolean() in define.c
            text = value.sval if kind == "string" else str(value.ival) if kind == "integer" else "true"
            executes = text.lower() not in ("0", "off", "false")
    if executes:
        return found
    planned = [each for each in found if each.planned]
    if planned or not _inlines(judge, node):
        return planned
    reason = "a function is put into the query, and the start of the executor looks at what it reads: "
    return [each._replace(outcome="unknown", reason=reason + each.reason) for each in found]


def _inlines(judge: Judge, node: Node) -> bool:
    """Whether a function may become part of the plan."""
    called = {call.name for call in uses_of(inner(node.query)[1]).routines}
    return any(each.inlined for name in called for each in judge.world.routines_of.get(name, ()))


def _set(judge: Judge, node: Node, path: Path) -> list[Problem]:  # noqa: ARG001
    actor = judge.actor
    name = node.name.lower()
    value = constant(node.args[0]) if node.args else None
    if name in ("role", "session_authorization"):
        return _become(judge, node, name, value)
    if name == "temp_tablespaces":
        return _temporary_places(actor, [constant(one) or "" for one in node.args])
    return actor.setting(name)


def _temporary_places(actor: Actor, places: list[str]) -> list[Problem]:
    """Problems with CREATE on the tablespaces of SET temp_tablespaces (check_temp_tablespaces() in tablespace.c)."""
    found = []
    for place in places:
        ref = ObjectRef("tablespace", "", place)
        if place and place != actor.world.tablespace and not actor.holds(ref, "C"):
            reason = f"temp_tablespaces needs CREATE on {shown(ref)}, which {actor.role} has not"
            found.append(actor.lacks(ref, "C", reason))
    return found


def _become(judge: Judge, node: Node, name: str, value: str | None) -> list[Problem]:
    from postgast import pg_query_pb2

    actor = judge.actor
    kind = pg_query_pb2.VariableSetKind.Name(node.kind)
    if kind != "VAR_SET_VALUE" or value in ("none", "default", actor.role) or actor.rights.superuser:
        return []
    if value is None:
        return [Problem("unknown", "it changes the role of its session, to which one the text does not say")]
    if name == "session_authorization":
        reason = "only a superuser may become somebody else with SET SESSION AUTHORIZATION"
        remedy = "for the application's owner: leave it out, the connection is made as the role that is meant"
        return [Problem("denied", reason, value, "SUPERUSER", remedy)]
    return set_role.problems(actor, value, "SET ROLE")


def _copy(judge: Judge, node: Node, path: Path) -> list[Problem]:
    actor = judge.actor
    found: list[Problem] = []
    if node.HasField("query"):
        found += _wrapped(judge, node, path)
    else:
        use = range_use(node.relation, "a" if node.is_from else "r")
        use.target = use.copied = node.is_from
        columns = frozenset(strings(node.attlist))
        if node.is_from:
            use.inserted = columns or None
            if not columns and all(each.def_elem.defname != "default" for each in node.options):
                use.values = given_columns.ALL
        found += judge.relation(use, Uses(columns={("", name) for name in columns} or {("", "*")}), path)
    if not node.is_from and not node.filename:
        return found
    if node.filename and not actor.rights.superuser:
        group = (
            "pg_execute_server_program"
            if node.is_program
            else "pg_read_server_files"
            if node.is_from
            else "pg_write_server_files"
        )
        if group not in actor.rights.closure:
            reason = f"COPY with a file or program of the server needs {group}, which {actor.role} has not"
            remedy = "for the application's owner: COPY … FROM STDIN or TO STDOUT, with the file on the client"
            found.append(Problem("denied", reason, group, "MEMBERSHIP", remedy))
    return found


def _lock(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """Problems of LOCK: LockTableAclCheck() in lockcmds.c. Until 15, INSERT allows only ROW EXCLUSIVE."""
    actor = judge.actor
    letters = "wdD" + ("m" if actor.major >= versions.MAINTAIN else "")
    share, row_exclusive = 1, 3  # lock modes, lockdefs.h
    if actor.major >= versions.LOCK_BY_PRIVILEGE:
        letters += ("a" if node.mode <= row_exclusive else "") + ("r" if node.mode <= share else "")
    elif node.mode == share:
        letters = "r"
    elif node.mode == row_exclusive:
        letters += "a"
    found: list[Problem] = []
    for each in node.relations:
        found += maintenance.needs(
            judge,
            each.range_var,
            letters,
            "r" if "r" in letters else "w",
            "LOCK TABLE in this mode",
            path,
        )
    return found


def _call(judge: Judge, node: Node, path: Path) -> list[Problem]:
    found = judge.routine(routine_use(node.funccall), path)
    return [each._replace(planned=False) for each in found]


def _do(judge: Judge, node: Node, path: Path) -> list[Problem]:
    options = {each.def_elem.defname: each.def_elem.arg for each in node.args}
    language = options["language"].string.sval if "language" in options else "plpgsql"
    if language != "plpgsql" or "as" not in options:
        return [Problem("unknown", f"a DO block in {language}: what it does cannot be read")]
    return bodies.plpgsql(judge, options["as"].string.sval, "DO", path)


def _show(judge: Judge, node: Node, path: Path) -> list[Problem]:  # noqa: ARG001
    return protected_settings.shown(judge.actor, node.name)


def _load(judge: Judge, node: Node, path: Path) -> list[Problem]:  # noqa: ARG001
    if judge.actor.rights.superuser or node.filename.startswith("$libdir/plugins/"):
        return []
    return [
        Problem(
            "denied",
            "only a superuser may LOAD a library",
            node.filename,
            "SUPERUSER",
            "session_preload_libraries, set by a superuser",
        )
    ]


def _checkpoint(judge: Judge, node: Node, path: Path) -> list[Problem]:  # noqa: ARG001
    actor = judge.actor
    if actor.rights.superuser or "pg_checkpoint" in actor.rights.closure:
        return []
    reason = "CHECKPOINT needs a superuser or pg_checkpoint (15 and later)"
    remedy = "for the application's owner: do without it"
    if actor.major >= versions.CHECKPOINTERS:
        remedy = member(actor.section, actor.role, "pg_checkpoint", " -- or do without it")
    return [Problem("denied", reason, "pg_checkpoint", "MEMBERSHIP", remedy)]


def _constraints(judge: Judge, node: Node, path: Path) -> list[Problem]:  # noqa: ARG001
    """Problems of SET CONSTRAINTS with a schema: USAGE on it (AfterTriggerSetState() in trigger.c)."""
    schemas = {each.range_var.schemaname for each in node.constraints} - {""}
    found = [problem for schema in sorted(schemas) for problem in judge.actor.schema(schema)]
    return [each._replace(planned=False) for each in found]


HANDLED: dict[str, Callable[[Judge, Node, Path], list[Problem]]] = {
    "explain_stmt": _explain,
    "declare_cursor_stmt": _wrapped,
    "prepare_stmt": _wrapped,
    "variable_set_stmt": _set,
    "variable_show_stmt": _show,
    "copy_stmt": _copy,
    "lock_stmt": _lock,
    "truncate_stmt": maintenance.truncate,
    "refresh_mat_view_stmt": maintenance.refresh,
    "vacuum_stmt": maintenance.vacuum,
    "reindex_stmt": maintenance.reindex,
    "cluster_stmt": maintenance.cluster,
    "call_stmt": _call,
    "do_stmt": _do,
    "load_stmt": _load,
    "check_point_stmt": _checkpoint,
    "constraints_set_stmt": _constraints,
}
