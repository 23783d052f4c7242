"""Hazards where a new role would gain a right that no ordinary owner has, or silently lose one. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from flatsplit import blueprint, ddl, privileges
from flatsplit.config.grants import LETTERS
from flatsplit.hazards.registry import Found, Seen, as_lines, below, decide, granted_name, hazard
from flatsplit.model import JOURNAL_SCHEMA, OWNER, PUBLIC, RELATIONS, ROUTINES, Acl, ObjectFacts, ObjectRef
from flatsplit.rights.inherited import Inherited
from flatsplit.walks import split
from flatsplit.walks.split import grants, restricted
from flatsplit.words import count

_WORDS: Mapping[str, str] = {letter: word for word, letter in LETTERS.items() if letter}

_INSIDE = re.compile(r"(?:^|, )(?:[^,]* )?(?:internal|cstring)(?=$|,)")
"""Arguments that only the server itself gives a routine."""

_LOOKING = frozenset(
    {
        *("pg_stat_statements_reset", "pg_freespace", "pg_check_frozen", "pg_check_visible", "pg_visibility"),
        *("pg_visibility_map", "pg_visibility_map_summary", "pgstattuple", "pgstattuple_approx", "pgstatindex"),
        *("pgstatginindex", "pgstathashindex", "pg_relpages", "bt_index_check", "bt_index_parent_check"),
        *("gin_index_check", "verify_heapam", "pg_buffercache_pages", "pg_buffercache_summary"),
        *("pg_buffercache_usage_counts", "pg_buffercache_numa_pages"),
    }
)
"""Routines of contrib extensions that count pages or reset counters, for administrators of the server."""


def _given(seen: Seen) -> set[tuple[ObjectRef, str]]:
    """The rights that [grants] decides."""
    return {(ref, letter) for _, letter, refs in grants.extras(seen.state, seen.context) for ref in refs}


def _lines(purpose: str, rights: list[tuple[ObjectRef, str]]) -> dict[tuple[str, str], list[str]]:
    lines: dict[tuple[str, str], list[str]] = {}
    for ref, letters in rights:
        for letter in letters:
            if letter in _WORDS:
                lines.setdefault((purpose, _WORDS[letter]), []).append(granted_name(ref))
    return {key: list(dict.fromkeys(names)) for key, names in lines.items()}


@hazard(
    "restricted-rights",
    "blocker",
    split.GRANT_EXISTING,
    looks_at="pg_init_privs, and privileges of legacy on what the system or the script of an extension keeps from "
    "PUBLIC: by a grant, or because legacy owns the extension",
    why="Such a right makes a superuser of its holder, reads or writes files of the server, or shows what only "
    "administrators see. Legacy has it because somebody gave it, or because it installed the extension as a superuser; "
    "no ordinary owner has. It is not carried over by itself.",
    fix="Name them under [grants.app_user] (or another role's) in flatsplit.toml, or leave them behind: "
    '[hazards.accept] "restricted-rights" = "why nobody needs them".',
    manual="ddl-priv.html",
)
def restricted_rights(seen: Seen) -> Iterator[Found]:
    """Rights that somebody has to decide about."""
    if seen.legacy not in seen.context.baseline.roles:
        return
    settled = _given(seen)
    rights = []
    for ref, letters, owned in restricted.held(seen.state, seen.context):
        open_ = "".join(letter for letter in letters if (ref, letter) not in settled)
        if open_:
            rights.append((ref, open_, owned))
    rights.sort(key=lambda each: (_looks(each[0]), each[0]))
    if not rights:
        return
    serious = [each for each in rights if not (each[2] and _looks(each[0]))]
    # Of an extension's view only reading is of use, though its owner has every letter
    ways = (
        (ref, "X" if ref.kind in ROUTINES else privileges.within(letters, "r") if owned and _looks(ref) else letters)
        for ref, letters, owned in serious or rights
    )
    lines = _lines(blueprint.APPLICATION.key, list(ways))
    yield Found(
        f"{count(len(rights), 'restricted right')} of {seen.legacy}'s that no new role gets by itself",
        tuple(ddl.label(ref) for ref, _, _ in rights),
        severity="blocker" if serious else "note",
        fix=decide("restricted-rights", lines) if lines else "Nothing: an application does not need them.",
        toml=as_lines(lines),
    )


def _looks(ref: ObjectRef) -> bool:
    """Whether it only tells an administrator about the server or resets counters, so that applications
    hardly need it.
    """
    return ref.kind in ("view", "materialized_view") or (ref.kind in ROUTINES and ref.name in _LOOKING)


@hazard(
    "superuser-reach",
    "blocker",
    split.GRANT_EXISTING,
    looks_at="objects of other roles in the schemas in scope, routines of their extensions anywhere that neither these "
    "nor the system keeps from PUBLIC, and what legacy may do there without being a superuser",
    why="Legacy can use them because it is a superuser, and for no other reason. An ordinary owner could not; the new "
    "roles get what legacy was granted there, and nothing more by themselves.",
    fix="Name them under [grants.app_user] in flatsplit.toml, give them to legacy (ALTER … OWNER TO) if they are the "
    'application\'s, or leave them behind: [hazards.accept] "superuser-reach" = "why nobody needs them".',
    manual="ddl-priv.html",
)
def superuser_reach(seen: Seen) -> Iterator[Found]:
    """Other roles' objects that legacy reaches only as a superuser."""
    context = seen.context
    legacy = context.baseline.roles.get(seen.legacy)
    if legacy is None or not legacy.superuser:
        return
    groups = grants.groups_of(seen.state, seen.legacy)
    apart = {*context.owners, *context.config.roles.new}
    settled = _given(seen)

    def lacks(ref: ObjectRef, facts: ObjectFacts) -> str:
        if ref.kind not in (*RELATIONS, *ROUTINES, "large_object"):
            return ""
        if facts.owner in apart or facts.owner in groups or facts.follows:
            return ""
        if facts.note == "system" or ref.schema == JOURNAL_SCHEMA or (facts.note == "trigger"):
            return ""
        if not context.in_scope(ref) if not facts.extension else ref.kind not in ROUTINES:
            return ""  # of extensions' relations extension-relations tells
        limited = restricted.letters(ref, facts)
        lacking = privileges.minus(blueprint.of_use(ref.kind), _held(facts.acl, {PUBLIC, seen.legacy, *groups}))
        return privileges.minus(lacking, limited) if facts.extension else lacking

    rights: list[tuple[ObjectRef, str]] = []
    for group in seen.state.groups:
        lacking = lacks(group.refs[0], group.facts)
        rights += [
            (ref, open_)
            for ref in (group.refs if lacking else ())
            if not (group.facts.extension and _INSIDE.search(ref.args))
            if (open_ := "".join(letter for letter in lacking if (ref, letter) not in settled))
        ]
    if not rights:
        return
    rights.sort()
    user = Inherited(seen.granted, blueprint.application(context.config))
    schemas = sorted({ObjectRef("schema", "", ref.schema) for ref, _ in rights if ref.schema})
    shut = [
        (ref, "U") for ref in schemas if ref in seen.granted.objects and not user.has(seen.granted.objects[ref], "U")
    ]
    lines = _lines(blueprint.APPLICATION.key, [*rights, *shut])
    decided = decide("superuser-reach", lines)
    # What an extension made belongs to it, and not to the application
    alone = [ref for ref, _ in rights if not seen.state.objects[ref].extension]
    theirs = below("Where they are the application's:", (ddl.alter_owner(ref, seen.legacy) for ref in alone))
    yield Found(
        f"{count(len(rights), 'object')} of other roles that {seen.legacy} reaches as a superuser only",
        tuple(ddl.label(ref) for ref, _ in rights),
        fix=f"{theirs}\nElse: {decided}" if alone else decided,
        toml=as_lines(lines),
    )


def _held(acl: Acl, who: set[str]) -> str:
    return "".join(item.privileges for item in acl if item.grantee in who and item.grantee != OWNER)
