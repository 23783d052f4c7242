"""The names of the new roles, from ``init`` to the end: whose role a name means must not change on the way.

A role that exists and is neither in the baseline nor made by a step would be taken for flatsplit's own, and a rollback
would drop it. A name that is changed after its role was made would leave that role behind, with all it holds.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable

from flatsplit import config as configuration
from flatsplit import ddl
from flatsplit.config import PURPOSES, Config, RoleNames
from flatsplit.config.text import quote
from flatsplit.errors import ConfigError, Refused
from flatsplit.evidence import memory
from flatsplit.journal import CutoverRecord, Journal
from flatsplit.model import State
from flatsplit.walks import marks


def recorded(record: CutoverRecord) -> RoleNames:
    """The names as the journal knows them."""
    return configuration.parse(record.config, "the journal").roles


def check(config: Config, known: RoleNames, *, live: Collection[str], first_seen: Collection[str], begun: bool) -> None:
    """Raise ConfigError where a name was changed to that of somebody else's role, or too late."""
    for purpose in PURPOSES:
        was, now = str(getattr(known, purpose)), str(getattr(config.roles, purpose))
        if was == now:
            continue
        if begun and was and was in live:
            raise ConfigError(
                f"flatsplit.toml: [roles] {purpose} = {quote(now)}, but this walk began with {quote(was)}",
                f"write {purpose} = {quote(was)} again; only before create-roles, or after `flatsplit rollback --all`, "
                "another name will do",
            )
        if now in live and now not in first_seen:
            raise taken("flatsplit.toml", config, [now])


def refuse_strangers(config: Config, live: State, first_seen: Collection[str], journal: Journal) -> None:
    """Raise ConfigError for a new role that came since ``init`` and is another walk's, or in use elsewhere.

    It was not made by hand from this walk's runbook: whoever means to share it says so, as at ``init``.
    """
    strange = [
        name
        for name in config.roles.new
        if name in live.roles
        and name not in first_seen
        and (marks.others(live, name) or (live.roles[name].elsewhere and not marks.whose(live, name)))
    ]
    if strange and not any(event.details.get("adopt") for event in journal.events()):
        raise taken("flatsplit.toml", config, strange)


def refuse_renamed(journal: Journal, live: State, names: Iterable[str]) -> None:
    """Raise Refused where somebody gave one of these roles another name: it keeps what it has, and nobody watches it.

    The name alone would be taken for a role that is gone, or for the one that has the name now.
    """
    for was, now in journal.renamed(memory.cluster(live.target), list(names)).items():
        other = f", and {was} is another role now" if was in live.roles else ""
        raise Refused(
            f"role {was} of this walk has been renamed to {now}{other}",
            f"{'give that one another name, then ' if other else ''}rename it back: "
            f"ALTER ROLE {ddl.ident(now)} RENAME TO {ddl.ident(was)}; then run the same command again",
        )


def taken(source: str, config: Config, names: Iterable[str]) -> ConfigError:
    """These roles exist, and nobody said that they are to be taken over."""
    name = sorted(names)[0]
    return ConfigError(
        f"{source}: [roles] {config.roles.purpose(name)} = {quote(name)} is a role that exists already",
        "choose a free name, or have it taken over as it is: "
        f"flatsplit init --legacy-role {shlex.quote(config.legacy_role)} --adopt",
    )


def keep(journal: Journal, record: CutoverRecord, config: Config) -> str:
    """Make the names those of this walk, in the transaction that begins to work with them; the text now on record."""
    if recorded(record).new == config.roles.new:
        return record.config
    text = configuration.render(config)
    journal.replace_config(record.id, text)
    journal.event(
        "renamed", None, f"the new roles are {', '.join(config.roles.new)}", {"roles": list(config.roles.new)}
    )
    return text
