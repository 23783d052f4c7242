"""Making routines, types, operators, casts and their like."""

from __future__ import annotations

from flatsplit.model import ObjectRef
from flatsplit.rehearsal.grammar import Node, inner, strings
from flatsplit.rehearsal.kinds import named
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.kinds.definitions import definitions, names_in
from flatsplit.rehearsal.kinds.settings import sets
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.values import Problem


def language(ask: Ask, name: str) -> list[Problem]:
    """USAGE on a trusted language; others are for superusers (CreateFunction() in functioncmds.c)."""
    trusted = ask.world.languages.get(name)
    if trusted is None:
        return [] if name in ask.actor.created else ask.unknown(f"there is no language {name} (any more)", name)
    if not trusted:
        return ask.superuser(f"routines in {name}, an untrusted language, are for superusers only", f"language {name}")
    return ask.holds(ObjectRef("language", "", name), "U")


def routine(ask: Ask) -> list[Problem]:
    """CREATE FUNCTION and PROCEDURE."""
    node = ask.node
    names = strings(node.funcname)
    found = ask.creates_named(names)
    options = definitions(node.options)
    name = options["language"].string.sval.lower() if "language" in options else "sql"
    found += language(ask, name)
    if "leakproof" in options and options["leakproof"].boolean.boolval:
        found += ask.superuser("only a superuser may make a function LEAKPROOF")
    if "support" in options:
        found += ask.superuser("only a superuser may give a function a support function")
    found += ask.types(*(each.function_parameter.arg_type for each in node.parameters))
    if node.HasField("return_type"):
        found += ask.types(node.return_type)
    for each in node.options:
        if each.def_elem.defname == "set":
            found += sets(ask, each.def_elem.arg.variable_set_stmt)
    return found + (_replaced(ask, names, node) if node.replace and not found else [])


def _replaced(ask: Ask, names: tuple[str, ...], node: Node) -> list[Problem]:
    """OR REPLACE: the owner of what is there with the same arguments."""
    schema = ask.creation_schema(names[-2] if len(names) > 1 else "")
    inputs = sum(_input(each.function_parameter.mode) for each in node.parameters)
    there = [
        each for each in ask.world.routines_of.get(names[-1], ()) if each.schema == schema and each.inputs == inputs
    ]
    problems = [ask.owns(each.ref) for each in there]
    if problems and all(problems):
        return problems[0]
    return ask.unknown(f"there are several {names[-1]}, of different owners") if any(problems) else []


def _input(mode: int) -> bool:
    from postgast import pg_query_pb2

    return pg_query_pb2.FunctionParameterMode.Name(mode) not in ("FUNC_PARAM_OUT", "FUNC_PARAM_TABLE")


def define(ask: Ask) -> list[Problem]:
    """CREATE AGGREGATE, OPERATOR, TYPE, COLLATION and TEXT SEARCH …."""
    from postgast import pg_query_pb2

    node = ask.node
    kind = pg_query_pb2.ObjectType.Name(node.kind)
    names = strings(node.defnames)
    options = definitions(node.definition)
    if kind in ("OBJECT_TYPE", "OBJECT_TSPARSER", "OBJECT_TSTEMPLATE"):
        what = "a type in C" if kind == "OBJECT_TYPE" else ask.what
        return ask.superuser(f"{what} is for superusers only")
    found = ask.creates_named(names)
    if kind == "OBJECT_OPERATOR":
        for name in ("leftarg", "rightarg"):
            if name in options and inner(options[name])[0] == "type_name":
                found += ask.types(options[name].type_name)
        found += _executes(ask, options, ("function", "procedure"))
        for name in ("restrict", "join"):
            found += ask.estimates(names_in(options[name])) if name in options else []
        types = [options[name].type_name if name in options else None for name in ("leftarg", "rightarg")]
        found += named.partners(ask, options, types)
    if kind == "OBJECT_AGGREGATE":
        found += _executes(
            ask,
            options,
            (
                "sfunc",
                "sfunc1",
                "finalfunc",
                "combinefunc",
                "serialfunc",
                "deserialfunc",
                "msfunc",
                "minvfunc",
                "mfinalfunc",
            ),
        )
        if node.replace and not found:
            found += [each for ref in ask.refs(("aggregate",), names) for each in ask.owns(ref)]
    return found


def _executes(ask: Ask, options: dict[str, Node], which: tuple[str, ...]) -> list[Problem]:
    return [each for name in which if name in options for each in ask.executes(names_in(options[name]))]


def domain(ask: Ask) -> list[Problem]:
    """CREATE DOMAIN."""
    return ask.creates_named(strings(ask.node.domainname)) + ask.types(ask.node.type_name)


def enumeration(ask: Ask) -> list[Problem]:
    """CREATE TYPE … AS ENUM."""
    return ask.creates_named(strings(ask.node.type_name))


def range_(ask: Ask) -> list[Problem]:
    """CREATE TYPE … AS RANGE."""
    options = definitions(ask.node.params)
    found = ask.creates_named(strings(ask.node.type_name))
    if "subtype" in options and inner(options["subtype"])[0] == "type_name":
        found += ask.types(options["subtype"].type_name)
    return found + _executes(ask, options, ("canonical", "subtype_diff"))


def superusers(ask: Ask) -> list[Problem]:
    """For superusers only, whatever it names."""
    return ask.superuser()


def conversion(ask: Ask) -> list[Problem]:
    """CREATE CONVERSION."""
    return ask.creates_named(strings(ask.node.conversion_name)) + ask.executes(strings(ask.node.func_name))


def cast(ask: Ask) -> list[Problem]:
    """CREATE CAST: the owner of either type; without a function superusers (CreateCast() in functioncmds.c)."""
    node = ask.node
    each = [named.owns_type(ask, strings(one.names)) for one in (node.sourcetype, node.targettype)]
    found = [] if not all(each) else next((one for one in each if one[0].outcome == "denied"), each[0])
    found += ask.types(node.sourcetype, node.targettype)
    if node.HasField("func"):
        found += ask.executes(strings(node.func.objname))
    elif not node.inout:
        found += ask.superuser("a cast WITHOUT FUNCTION is for superusers only")
    return found


def transform(ask: Ask) -> list[Problem]:
    """CREATE TRANSFORM: the owner of the type and of both functions (CreateTransform() in functioncmds.c)."""
    node = ask.node
    found = named.owns_type(ask, strings(node.type_name.names)) + ask.types(node.type_name)
    if node.lang in ask.world.languages:
        found += ask.holds(ObjectRef("language", "", node.lang), "U")
    for each in (node.fromsql, node.tosql):
        if each.objname:
            found += named.owns(ask, "OBJECT_FUNCTION", each) + ask.executes(strings(each.objname))
    return found


def schema(ask: Ask) -> list[Problem]:
    """CREATE SCHEMA: CREATE on the database, and to be able to become its owner (CreateSchemaCommand())."""
    node = ask.node
    found: list[Problem] = []
    if not ask.actor.holds(ask.database, "C"):
        reason = f"CREATE SCHEMA needs CREATE on the database, which {ask.role} has not"
        found += ask.lacking(reason, shown(ask.database), "CREATE")
    if node.HasField("authrole"):
        found += ask.becomes(node.authrole)
    return found
