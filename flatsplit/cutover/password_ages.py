"""How old each password is, and who set it: from the journal, since the server does not remember."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit import ddl
from flatsplit.model import State
from flatsplit.model.report import PasswordAge
from flatsplit.server.sessions import server_clock
from flatsplit.walks import rotate

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def ages(walk: Walk, live: State) -> tuple[PasswordAge, ...]:
    """Of the roles that log in of which the configuration speaks, and of others whose password was set here."""
    config = walk.config
    rows = walk.journal.passwords()
    able = [role for role, facts in live.roles.items() if facts.login and facts.password] if rows else ()
    forms = {form: role for role in able for form in (ddl.login_with_password(role), ddl.change_password(role))}
    known = {forms[row.sql]: row for row in rows if row.sql in forms}
    now = server_clock(walk.session.driver)
    spoken = dict.fromkeys((*config.named, *known))
    found = []
    for role in spoken:
        if role not in live.roles or not live.roles[role].login or not live.roles[role].password:
            continue
        row = known.get(role)
        age = now - row.at if row else None
        old = age is not None and config.rotation.max_age is not None and age > config.rotation.max_age
        found.append(
            PasswordAge(role, row.at if row else None, row.by if row else "", row.walk if row else "", age, old)
        )
    return tuple(found)


def worth_a_line(walk: Walk, found: tuple[PasswordAge, ...]) -> bool:
    """Whether people asked for it: by [rotation], or by a rotation."""
    return walk.config.rotation.max_age is not None or any(one.walk.startswith(f"{rotate.NAME}:") for one in found)
