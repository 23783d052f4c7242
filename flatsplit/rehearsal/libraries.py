"""Routines in C. Their code cannot be read, so what they do is unknown unless it is listed here.

One that is IMMUTABLE reads nothing but its arguments (manual, "Function Volatility Categories"). Of the extensions
listed here the other routines read no more than that either, or look at the session. For some single routines it is
listed what they need.
"""

from __future__ import annotations

from flatsplit.rehearsal import system_functions
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.relation_parts import Routine
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.uses import RoutineUse
from flatsplit.rehearsal.values import Problem, within

_HARMLESS = frozenset(
    {
        # contrib modules of PostgreSQL
        *("btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn", "earthdistance", "fuzzystrmatch"),
        *("hstore", "intarray", "isn", "ltree", "moddatetime", "pg_trgm", "pgcrypto", "seg", "sslinfo", "tablefunc"),
        *("tcn", "tsm_system_rows", "tsm_system_time", "unaccent", "uuid-ossp", "xml2", "bloom", "insert_username"),
        *("pg_buffercache", "pg_freespacemap", "pg_stat_statements", "pg_visibility", "pg_walinspect", "pgstattuple"),
        *("plpgsql", "lo", "pageinspect", "amcheck"),
        # third-party extensions that only compute
        *(
            "postgis",
            "postgis_raster",
            "postgis_sfcgal",
            "vector",
            "vectorscale",
            "h3",
            "hll",
            "ip4r",
            "semver",
            "prefix",
        ),
        *("pg_uuidv7", "pg_hashids", "pg_idkit", "pgmp", "rum", "unit", "roaringbitmap"),
    }
)
"""Extensions whose routines do nothing in the database as their caller, except those below."""

_READS = {
    # extension → routines that, as their caller, run a text or read a table whose name they are given
    "tablefunc": frozenset({"crosstab", "crosstab2", "crosstab3", "crosstab4", "crosstab_hash", "connectby"}),
    "xml2": frozenset({"xpath_table"}),
    "postgis": frozenset({"st_estimatedextent", "st_findextent", "postgis_extensions_upgrade"}),
    "pgstattuple": frozenset({"pgstattuple", "pgstatindex"}),
}

_LIKE = {
    # (extension, routine) → the server's own function that needs the same rights
    ("lo", "lo_manage"): RoutineUse("", "lo_unlink", 1, (None,)),
}


def problems(actor: Actor, routine: Routine) -> list[Problem]:
    """Problems of calling a routine in C, or of a trigger that runs it."""
    like = _LIKE.get((routine.extension, routine.name))
    if like is not None:
        return within(f"function {shown(routine.ref)}", system_functions.problems(actor, like))
    if actor.rights.superuser or routine.definer:
        return []
    reads = routine.name in _READS.get(routine.extension, ())
    if not reads and (routine.immutable or routine.extension in _HARMLESS):
        return []
    whose = f"extension {routine.extension}" if routine.extension else "a library"
    reason = f"it is in C, of {whose}: what it does as {actor.role} nobody can read"
    if reads:
        reason = f"it is of {whose} and reads as {actor.role} what it is told to"
    return within(f"function {shown(routine.ref)}", [Problem("unknown", reason, shown(routine.ref), differs=True)])
