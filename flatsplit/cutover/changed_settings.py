"""Settings that were changed of a role since a special role began with them. They do not reach the special role: it has
copies, since settings are not inherited, and nothing changes these without being asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from flatsplit.cutover.managed_roles import begun
from flatsplit.cutover.situation import Situation
from flatsplit.model import SPLIT, Finding, SettingKey
from flatsplit.walks import group
from flatsplit.walks import role as keys
from flatsplit.walks.role.create_role import changed
from flatsplit.words import listed


def changed_settings(situation: Situation) -> Iterator[Finding]:
    """A note for each special role whose sessions begin otherwise than those of the role that it began like, and for
    each login that begins otherwise than its group.
    """
    first = situation.turned(SPLIT)
    yield from _of_logins(first)
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


def _of_logins(first: Situation) -> Iterator[Finding]:
    for walk in begun(first, group.NAME, group.CREATE_LOGINS):
        context, live = walk.context, first.live
        for login in context.logins:
            row: dict[str, str] = {}
            for place in ("", live.target.database):
                row |= dict(live.settings.get(SettingKey(login, place), ()))
            wanted = {name: value for name, value in context.settings(live).items() if name != "role" and name in row}
            other = {name: value for name, value in wanted.items() if not ddl.same_setting(name, row[name], value)}
            if login not in live.roles or not other:
                continue
            told = [one for one in other.items() if not ddl.is_withheld(one[1])]
            ways = [ddl.set_setting(login, live.target.database, name, value) for name, value in told]
            hidden = listed([name for name, value in other.items() if ddl.is_withheld(value)])
            yield Finding(
                "settings-since",
                "note",
                f"{login} begins with other settings than {context.role}, for which it logs in",
                "Settings are not inherited. The login has those of when it was made, or somebody changed its own.",
                " ".join(ways) + (f" Set {hidden} of {login} by hand." if hidden else ""),
                tuple(f"{name} of {context.role}: {value}" for name, value in told),
            )
