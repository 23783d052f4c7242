"""How old each password is and who set it, from the journal: the server does not keep that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit import ddl
from flatsplit.model import State
from flatsplit.model.report import PasswordAge
from flatsplit.server.sessions import server_clock
from flatsplit.walks import rotate
from flatsplit.walks.rotate.preconditions import typed

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk


def ages(walk: Walk, live: State) -> tuple[PasswordAge, ...]:
    """The roles of the configuration that log in, and any other role whose password flatsplit has set."""
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
        at, by, of = (row.at, row.by, row.walk) if row else (None, "", "")
        found.append(PasswordAge(role, at, by, of, age, old, typed(config, role)))
    return tuple(found)


def worth_a_line(walk: Walk, found: tuple[PasswordAge, ...]) -> bool:
    """Whether ``status`` shows them: where [rotation] is configured or a rotation was begun."""
    return walk.config.rotation.max_age is not None or any(one.walk.startswith(f"{rotate.NAME}:") for one in found)
