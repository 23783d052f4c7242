"""What each PgBouncer of [rotation] needs for a rotation that is under way, and whether its connection was tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flatsplit.cutover.situation import Situation
from flatsplit.model import Finding
from flatsplit.render import quoting
from flatsplit.server.pooler import Pooler, Way, look
from flatsplit.walks import rotate
from flatsplit.walks.rotate.context import Context
from flatsplit.words import count

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

RELOAD = "then RELOAD; on its console"


@dataclass(frozen=True, slots=True)
class PoolerAdvice:
    """What one login needs in one database of one PgBouncer."""

    place: str
    database: str
    way: Way | None
    """None where it could not be asked."""
    todo: str
    """What people do; "" for nothing."""
    seen: str
    """What was seen just now."""
    works: bool
    """It goes to the server as the new login, and no more as the former one."""

    @property
    def goes(self) -> str:
        """How it gets its password, in one phrase."""
        told = {"auth_query": "looks logins up", "forced": "has one user for all", "userlist": "has a line per login"}
        names = {"auth_query": "auth_query", "forced": "user= in [databases]", "userlist": "auth_file"}
        return f"{told[self.way]} ({names[self.way]})" if self.way is not None else "could not be asked"

    @property
    def finding(self) -> Finding:
        """A finding for the page of the step in which people move connections."""
        title = f"PgBouncer {self.place}{f', database {self.database}' if self.database else ''}: {self.goes}"
        return Finding(
            "pooler", "note", title, f"Seen just now: {self.seen}.", f"{self.todo or 'nothing in PgBouncer'}."
        )


def poolers(walk: Walk, situation: Situation) -> tuple[PoolerAdvice, ...]:
    """The advice for a rotation that is under way; empty for other walks."""
    context = situation.context
    if situation.name.kind != rotate.NAME or not isinstance(context, Context):
        return ()
    database = situation.live.target.database
    found = [pooler for conninfo in walk.config.rotation.pooler for pooler in look(conninfo, database)]
    return tuple(of_twins(found, context) if context.twins else _in_place(found, context.role))


def of_twins(found: list[Pooler], context: Context) -> Iterator[PoolerAdvice]:
    """The advice for each entry that connects as one of a pair of logins."""
    former, coming = context.former, context.coming
    for one in found:
        if one.why:
            yield _silent(one)
            continue
        way = one.way(former if one.forced else coming)
        if one.forced and one.forced not in (former, coming):
            continue
        there, left = one.servers.get(coming, 0), one.servers.get(former, 0)
        works = bool(there) and not left
        todo = ""
        if way == "forced" and one.forced == former:
            todo = f"write user={quoting.bouncer(coming)} and its password= into {_into(one.name)}"
        elif way == "userlist" and coming not in one.listed:
            todo = f"add {quoting.doubled(coming)} and its verifier, as the store has it, to auth_file, {RELOAD}"
        elif not there:
            todo = f"let clients come as {coming}" if way != "forced" else ""
        elif left:
            todo = f"RECONNECT {quoting.console(one.name)}; on its console, or wait for server_lifetime"
            if way != "forced" and one.clients.get(former):
                todo = f"let the other clients come as {coming}"
        yield PoolerAdvice(one.place, one.name, way, todo, _connected(one, coming, former), works)


def _in_place(found: list[Pooler], role: str) -> Iterator[PoolerAdvice]:
    for one in found:
        if one.why:
            yield _silent(one)
            continue
        way = one.way(role)
        if one.forced and one.forced != role:
            continue
        todo = {
            "forced": f"write the new password= into {_into(one.name)}",
            "userlist": f"put the new verifier into the line {quoting.doubled(role)} of auth_file, to the letter, "
            + RELOAD,
            "auth_query": "",
        }[way]
        seen = (
            f"{count(one.servers.get(role, 0), 'server connection')} as {role}, begun before or after: see gate known"
        )
        yield PoolerAdvice(one.place, one.name, way, todo, seen, works=False)


def _into(name: str) -> str:
    """The fix that sets the entry to ``name``. A login that fails while the password changes makes clients fail for
    server_login_retry.
    """
    line, name = quoting.section(name), quoting.console(name)
    # PgBouncer 1.18, for example, does not start with it, and serves such a database by that line alone
    if line.startswith('"'):
        line += " (or *, where PgBouncer is too old for a name in quotes)"
    commands = f"PAUSE {name}; RELOAD; RESUME {name}; on its console (in session mode RELOAD alone: PAUSE would wait)"
    return f"the line {line} of [databases], then {commands}"


def _connected(one: Pooler, coming: str, former: str) -> str:
    told = [f"{count(one.servers.get(name, 0), 'server connection')} as {name}" for name in (coming, former)]
    waiting = one.clients.get(former, 0)
    if not one.forced and waiting:
        told.append(f"{count(waiting, 'client')} still {'comes' if waiting == 1 else 'come'} as {former}")
    return ", ".join(told)


def _silent(one: Pooler) -> PoolerAdvice:
    todo = "a user of stats_users, its password in ~/.pgpass; the runbook's page has all three ways"
    return PoolerAdvice(one.place, one.name, None, todo, one.why, works=False)
