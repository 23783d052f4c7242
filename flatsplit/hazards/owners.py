"""Hazards in other owners: roles that legacy becomes to work with their objects. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import blueprint
from flatsplit.config.text import quote
from flatsplit.hazards.registry import Found, Seen, few, hazard
from flatsplit.walks import split
from flatsplit.walks.split.owners import acted_for, owned
from flatsplit.walks.split.transfer_ownership import extensions_of
from flatsplit.words import count


@hazard(
    "legacy-acts-as",
    "blocker",
    split.CREATE_ROLES,
    looks_at="pg_auth_members and legacy's setting role: who else legacy can be, and what these roles own; owners "
    "under [cutover] in flatsplit.toml",
    why="What the application made by SET ROLE belongs to another role. Left there it is no object of the split: "
    "app_migrator could not change it, and what is made later app_user could not use.",
    fix='Decide under [cutover]: owners = ["NAME"] moves what NAME owns to app_migrator, like the old role\'s own; '
    "owners = [] leaves it there, with rights for app_user, also on what NAME makes later.",
    manual="sql-set-role.html",
)
def legacy_acts_as(seen: Seen) -> Iterator[Found]:
    """The application owns objects as another role, and the configuration does not say what happens to them."""
    config, state = seen.context.config, seen.state
    if seen.legacy not in state.roles or seen.context.retired:
        return
    for name in config.owners or ():
        if name not in state.roles or state.roles[name].superuser:
            what = "is a superuser" if name in state.roles else "is no role of this server"
            yield Found(
                f"[cutover] owners names {name}, which {what}",
                (name,),
                why="What it owns cannot be taken for the application's.",
                fix="Take it out of owners in flatsplit.toml.",
            )
    if config.owners is not None:
        return
    have = owned(state)
    own = any(name in have for name in seen.context.owners)
    acting = list(acted_for(state, seen.legacy, config.roles.new))
    every = ", ".join(quote(one.role) for one in acting)
    for one in acting:
        moved = f"owners = [{quote(one.role)}]"
        how = "begins as" if one.begins else "acts as"
        yield Found(
            f"{seen.legacy} {how} {one.role}, which owns {count(one.objects, 'object')}",
            tuple(f"schema {schema}: {have[one.role][schema]:,}" for schema in one.schemas),
            "warning" if own else None,
            fix=f"Decide in flatsplit.toml under [cutover]: {moved} moves them to {blueprint.owner(config)}, like "
            f"what {seen.legacy} owns; owners = [] leaves them, with rights for {blueprint.application(config)}, "
            f"also on what {one.role} makes later.",
            toml=(f"[cutover] owners = [{every}]",),
        )


@hazard(
    "owners-extensions",
    "note",
    split.TRANSFER_OWNERSHIP,
    looks_at="pg_extension.extowner: legacy, and owners under [cutover] in flatsplit.toml",
    why="Only REASSIGN OWNED moves extensions, all of a role's at once: once two roles' had become app_migrator's, no "
    "rollback could tell them apart.",
    fix="Nothing, while nobody has to update them: ALTER EXTENSION … UPDATE goes on as the role that owns them, or "
    "as a superuser.",
    manual="sql-reassign-owned.html",
)
def owners_extensions(seen: Seen) -> Iterator[Found]:
    """Extensions of such an owner, which stay with it."""
    first = extensions_of(seen.state, seen.context)
    others = seen.context.retiring - {first}
    found = sorted(
        (group.facts.owner, ref.name)
        for group in seen.state.groups
        if group.kind == "extension" and group.facts.owner in others
        for ref in group.refs
    )
    if found:
        names = tuple(f"extension {name} of {owner}" for owner, name in found)
        yield Found(f"{few([name for _, name in found])} will not move: {first} has extensions too", names)
