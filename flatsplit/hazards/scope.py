"""Hazards in what legacy owns outside the schemas in scope. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint, ddl, privileges
from flatsplit.config.grants import LETTERS
from flatsplit.config.text import quote
from flatsplit.hazards.registry import Found, Seen, as_lines, granted_name, hazard
from flatsplit.model import ObjectRef
from flatsplit.rights.inherited import Inherited
from flatsplit.rights.receiving import SYSTEM_SCHEMAS
from flatsplit.walks import split
from flatsplit.words import count

_WORDS = {letter: word for word, letter in LETTERS.items()}


@hazard(
    "outside-scope",
    "warning",
    split.GRANT_EXISTING,
    looks_at="objects that legacy owns in schemas other than those in flatsplit.toml; in PostgreSQL's own, those that "
    "are closed to PUBLIC",
    why="They move to app_migrator like everything of legacy's; app_user and app_readonly get nothing there.",
    fix="Add the schema to `schemas` in flatsplit.toml if the application uses it. PostgreSQL's own cannot be added: "
    "name the objects there under [grants.app_user].",
    manual="ddl-schemas.html",
    questions=("view_writes",),
)
def outside_scope(seen: Seen) -> Iterator[Found]:
    """Objects on which the new roles would get no rights."""
    outside = [ref for ref in _outside(seen) if ref.schema not in SYSTEM_SCHEMAS]
    closed = _closed(seen)
    fix, toml = [], []
    if outside:
        wider = ", ".join(map(quote, (*seen.context.config.schemas, *sorted({ref.schema for ref in outside}))))
        fix += ["[cutover]", f"schemas = [{wider}]"]
        toml.append(f"[cutover] schemas = [{wider}]")
    if closed:
        lines: dict[tuple[str, str], list[str]] = {}
        for ref, letter in closed:
            lines.setdefault((blueprint.APPLICATION.key, _WORDS[letter]), []).append(granted_name(ref))
        toml += as_lines(lines)
        fix.append(f"[grants.{blueprint.APPLICATION.key}]")
        fix += [f"{word} = [{', '.join(map(quote, names))}]" for (_, word), names in lines.items()]
    if found := [*outside, *dict.fromkeys(ref for ref, _ in closed)]:
        yield Found(
            f"{count(len(found), 'object')} of {seen.legacy}'s outside the schemas in scope",
            tuple(map(ddl.label, sorted(found))),
            fix="\n".join(["If the application uses them, in flatsplit.toml:", *fix]),
            toml=tuple(toml),
        )


def _outside(seen: Seen) -> Iterator[ObjectRef]:
    for group in seen.state.groups:
        facts = group.facts
        apart = facts.extension or facts.follows or facts.note == "system"  # the bootstrap superuser's
        if facts.owner in seen.context.owners and group.schema and group.schema not in seen.context.scope and not apart:
            yield from (ref for ref in group.refs if ref not in seen.state.tenancies)  # flatsplit made these


def _closed(seen: Seen) -> list[tuple[ObjectRef, str]]:
    """What legacy made in PostgreSQL's own schemas, where everybody has USAGE, and each right on it that app_user has
    neither by PUBLIC nor by [grants].
    """
    rights = Inherited(seen.granted, blueprint.application(seen.context.config))
    found, refused = [], _refused_writes(seen)
    for ref in sorted(ref for ref in _outside(seen) if ref.schema in SYSTEM_SCHEMAS):
        facts = seen.granted.objects.get(ref)
        used = privileges.within(
            blueprint.APPLICATION.uses.get(ref.kind, ""), privileges.owner_letters(ref.kind, seen.state.target.major)
        )
        if facts is not None:
            found += [(ref, letter) for letter in used if letter not in (*rights.letters(facts), *refused.get(ref, ""))]
    return found


def _refused_writes(seen: Seen) -> dict[ObjectRef, str]:
    """The privileges that are of no use on views which cannot be written so."""
    return {
        ObjectRef("view", schema, name): "".join(letter for letter in "awd" if letter not in letters)
        for schema, name, letters in seen.rows("view_writes")
    }
