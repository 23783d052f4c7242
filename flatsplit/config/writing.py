"""From a Config to the text of flatsplit.toml, and to the file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from flatsplit.config import accept, grants, owner_powers, people, rotation, set_role, special, tenants, trail
from flatsplit.config.checks import validate
from flatsplit.config.reading import load
from flatsplit.config.text import format_duration, quote
from flatsplit.config.values import SECTIONS, Config
from flatsplit.errors import ConfigError

COMMENTS = {
    "schemas": "resolved at init",
    "retire": "revoke | drop | repurpose",
    "database_owner": "app_migrator | dba | keep",
    "owners": "who else's objects move to app_migrator like the old role's own; []: nobody's",
    "other_schemas": "schemas of app_migrator's that are left out on purpose",
    "other_owners": "whose tables in these schemas are their own on purpose, and not the application's",
    "extension_owner": "auto | app_migrator | dba | keep; auto: dba where one is for superusers",
    "app_user": "DML on tables, USAGE on sequences",
    "app_migrator": "owns everything, runs DDL",
    "app_readonly": "SELECT",
    "dba": 'superuser-equivalent, for people; "" to leave it out',
    "dba_login": "false: people as members instead",
    "auth": "password | external (IAM, certificates, peer)",
    "drain": "legacy unseen before the switch counts as done",
    "soak": "before locking, and again before revoking",
    "largest_hole": "longest time between two looks of `observe` that still counts",
    "rehearsal": "advised | required | off: before the switch, see `flatsplit rehearse`",
    "rehearsal_age": "how long a clean rehearsal counts; 0s: for ever",
    "require_approval": "true: every step needs next --approved DIGEST",
    "allow_new_objects": "true: rights on objects younger than the approval need none of their own",
    "lock_timeout": "longest wait for a lock, for flatsplit and whoever queues behind it",
    "retry_for": "patience without any progress before the step stops, resumable",
    "max_replication_lag": "pause while a standby is further behind",
}
_LEFT_OUT = ("other_schemas", "other_owners")
"""Not written while nothing is left out."""
_HEADINGS = {"roles": "names of the four"}


def render(config: Config) -> str:
    """The text as init writes it: every key once, each with its meaning.

    owners, other_owners, other_schemas, [members], [group], [become], [rotation], [hazards.accept], [owner-powers],
    [role], [grants], [tenants] and [trail] only where they have content.
    """
    parts: Mapping[str, Any] = {"roles": config.roles, "gates": config.gates, "locks": config.locks}
    lines: list[str] = []
    for section, keys in SECTIONS.items():
        heading = f"[{section}]"
        lines += [commented(heading, _HEADINGS.get(section, ""))]
        for key in keys:
            if (key == "owners" and config.owners is None) or (key in _LEFT_OUT and not getattr(config, key)):
                continue
            part = config if section in ("cutover", "approval") or key == "auth" else parts[section]
            lines.append(commented(f"{key} = {_toml(getattr(part, key))}", COMMENTS.get(key, "")))
        lines.append("")
    extra = [
        *people.render(config.members, config.groups, config.people),
        *set_role.render(config.become),
        *rotation.render(config.rotation),
        *accept.render(config.accept),
        *owner_powers.render(config.powers),
        *special.render(config.special),
        *grants.render(config.grants),
        *tenants.render(config.tenants),
        *trail.render(config.trail),
    ]
    return "\n".join([*lines[:-1], *extra]) + "\n"


def commented(text: str, comment: str) -> str:
    """A line with its comment, where there is one, so that those of a section stand below each other."""
    return f"{text:<33} # {comment}" if comment else text


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return f'"{format_duration(value)}"'
    if isinstance(value, tuple):
        return f"[{', '.join(quote(item) for item in value)}]"
    return quote(cast(str, value))


def write(config: Config, path: Path) -> None:
    """Write the file completely or not at all.

    A file with the same content is left as it is, with its comments; one with other content is refused.
    """
    validate(config, str(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(render(config).encode())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)  # unlike a rename, it fails if the file has been created meanwhile
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links
                if path.exists():
                    raise FileExistsError(path) from None
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        if load(path) != config:
            raise ConfigError(
                f"{path}: exists already and says something else",
                "move it away to start anew, or name another file with --config",
            ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror})", "choose another place with --config"
        ) from None
