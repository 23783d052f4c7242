"""Settings that were changed of a role since a special role began with them. They do not reach the special role: it has
copies, since settings are not inherited, and nothing changes these without being asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.cutover.situation import Situation
from flatsplit.model import SPLIT, Finding
from flatsplit.walks import role as keys
from flatsplit.walks.role.create_role import changed
from flatsplit.words import listed


def changed_settings(situation: Situation) -> Iterator[Finding]:
    """A note for each special role whose sessions begin otherwise than those of the role that it began like."""
    first = situation.turned(SPLIT)
    for link in first.others:
        if link.name.kind != keys.NAME or not link.done:
            continue
        role, source = link.context.role, link.context.source
        found = dict(changed(link.context, first.live)) if role in first.live.roles else {}
        if not found:
            continue
        shown = {name: value for name, value in found.items() if value is not None and not ddl.is_withheld(value)}
        line = ", ".join(f"{quote(name)} = {quote(value)}" for name, value in shown.items())
        hidden = listed([name for name in found if name not in shown])
        ways = [f"write under {heading(role)} settings = {{ {line} }}, then flatsplit repair"] if line else []
        ways += [f"set or reset {hidden} of {role} by hand"] if hidden else []
        yield Finding(
            "settings-since",
            "note",
            f"{source} has other settings since {role} took over its own, and {role} has those of then",
            "Settings are not inherited, and nobody has said that these are meant for both.",
            f"If {role} is to have them: {'; '.join(ways)}.",
            tuple(f"{name}: {'not set any more' if value is None else value}" for name, value in found.items()),
        )
