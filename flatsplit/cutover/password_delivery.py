"""A new password for a role in use: tried at once, and replaced by the former one where it does not work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flatsplit import ddl
from flatsplit.connection import Session, connect_as
from flatsplit.cutover.interaction import Passwords, Reporter
from flatsplit.cutover.password_store import Stored
from flatsplit.cutover.situation import Situation
from flatsplit.errors import FlatsplitError, Waiting
from flatsplit.gates.delivered import EVENT
from flatsplit.model import GateResult, Plan, Statement
from flatsplit.server.sessions import read_sessions

if TYPE_CHECKING:
    from flatsplit.cutover.walk import Walk

HANDED_OVER = "handed-over"
"""Kind of event: applications get a role's new password from now on."""
ENDED = "ended-sessions"
"""Kind of event: sessions that a step ends."""


class Remembered:
    """The passwords that were given, kept for the length of one step, so that nobody is asked twice."""

    def __init__(self, source: Passwords) -> None:
        self.source = source
        self._known: dict[str, str] = {}

    def for_roles(self, roles: Sequence[str]) -> dict[str, str]:
        """As :meth:`Passwords.for_roles`, from memory where it was asked before."""
        missing = [role for role in roles if role not in self._known]
        if missing:
            self._known |= self.source.for_roles(missing)
        return {role: self._known[role] for role in roles}

    def require(self, roles: Sequence[str]) -> None:
        """As :meth:`Passwords.require` of the source."""
        self.source.require(roles)

    def at_hand(self) -> Mapping[str, str]:
        """Those that were given, and those the source has at hand."""
        return {**self.source.at_hand(), **self._known}

    def keep(self, role: str, password: str, verifier: str) -> None:
        """As :meth:`Passwords.keep` of the source: for a store."""
        self.source.keep(role, password, verifier)

    def read_back(self, role: str) -> str:
        """The password as the store gives it out, where there is one: that one has to work, not the one
        made up here.
        """
        return self.source.read_back(role) if isinstance(self.source, Stored) else self._known[role]


def former(walk: Walk, plan: Plan, roles: Sequence[str]) -> dict[str, str]:
    """The present verifiers of these roles; empty where the operator may not read them.

    Without roles that have their new password already, by a call that was broken off: what they had before is lost.
    """
    if not roles or any(tally.step == plan.step for tally in walk.journal.tallies()):
        return {}
    query = (
        "SELECT rolname::text, rolpassword FROM pg_catalog.pg_authid "
        "WHERE rolname = ANY (%s) AND rolpassword IS NOT NULL"
    )
    row = walk.session.driver.execute("SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')").fetchone()
    if row is None or not row[0]:
        return {}
    return dict(walk.session.driver.execute(query, [list(roles)]).fetchall())


def prove(
    walk: Walk,
    situation: Situation,
    plan: Plan,
    roles: Sequence[str],
    passwords: Remembered,
    verifiers: Mapping[str, str],
    reporter: Reporter,
) -> None:
    """Log in with each new password, then let applications have it. ``verifiers``: the former ones.

    Raises Waiting or the store's error where it does not work, after giving the role its former password again, where
    that is known.
    """
    for role in roles:
        try:
            password = passwords.read_back(role)
            asked = _log_in(walk.session, role, password, situation.typed("next"))
            _hand_over(passwords, role, password)
        except FlatsplitError as error:
            if role not in verifiers:
                raise
            _put_back(walk, situation, plan, role, verifiers, reporter)
            raise type(error)(f"{error.what}; the former password of {role} is back", error.fix) from None
        said = f"{role} logged in with its new password"
        if not asked:
            said = f"{role} was let in from here without being asked for a password: try it from where its clients are"
        reporter.note(said)
        with walk.session.transaction():
            walk.journal.event(EVENT, plan.step, said)


def _log_in(session: Session, role: str, password: str, next_: str) -> bool:
    """Whether the server asked for the password. Raises Waiting, with ``next_`` as the command to type, where the role
    is not let in.
    """
    try:
        with connect_as(session, role, password) as connection:
            return connection.pgconn.used_password
    except FlatsplitError as error:
        raise Waiting(
            f"{role} cannot log in with its new password: {error.what}",
            f"put that right (from here the role has to be let in by pg_hba.conf), then run {next_} again: it "
            "goes on with the same password",
        ) from None


def at_hand(walk: Walk, step: str, roles: Sequence[str], passwords: Passwords) -> Mapping[str, str]:
    """The new passwords that are still to be tried, as the store has them where there is one."""
    if not walk.session.write or _told(walk, step, HANDED_OVER):
        return {}
    if isinstance(passwords, Stored):
        return {role: passwords.read_back(role) for role in roles}
    return passwords.at_hand()


def deliver(
    walk: Walk, step: str, roles: Sequence[str], gate: GateResult, passwords: Passwords, reporter: Reporter
) -> None:
    """Where the gate is open, let applications have the new passwords; once."""
    if not walk.session.write or not gate.passes or _told(walk, step, HANDED_OVER):
        return
    for role in roles:
        if isinstance(passwords, Stored):
            passwords.hand_over(role)
            reporter.note(f"the store gives out the password of {role} from now on")
        with walk.session.transaction():
            if gate.open:
                walk.journal.event(EVENT, step, gate.reason)
            walk.journal.event(HANDED_OVER, step, f"applications are to log in as {role} from now on")


def _told(walk: Walk, step: str, kind: str) -> bool:
    """Whether there is such an event since the step was last rolled back."""
    told = walk.journal.events(kind, step)
    back = walk.journal.events("rolled_back")
    return bool(told) and (not back or back[-1].id < told[-1].id)


def end_sessions(walk: Walk, step: str, roles: Sequence[str], reporter: Reporter) -> None:
    """Report whose sessions are about to be ended."""
    found = read_sessions(walk.session.driver, {role: (role,) for role in roles}, "") if roles else ()
    clients = Counter(
        f"{one.role}: {one.application or 'no application_name'} from {one.client} in {one.database}"
        for one in found
        if one.role in roles
    )
    lines = [f"{client}" + (f", {count} times" if count > 1 else "") for client, count in sorted(clients.items())]
    for line in lines:
        reporter.note(f"ends the session of {line}")
    if lines:
        with walk.session.transaction():
            walk.journal.event(ENDED, step, f"{len(found)} sessions are ended", {"sessions": lines})


def _hand_over(passwords: Remembered, role: str, password: str) -> None:
    source = passwords.source
    if not isinstance(source, Stored):
        return
    try:
        source.hand_over(role)
    except FlatsplitError as error:
        try:
            done = source.handed_over(role, password)
        except FlatsplitError:
            done = False
        if not done:
            raise error from None


def _put_back(
    walk: Walk,
    situation: Situation,
    plan: Plan,
    role: str,
    verifiers: Mapping[str, str],
    reporter: Reporter,
) -> None:
    """Give a role its former password again, so that nothing has changed."""
    statement = Statement(
        description=f"role {role}: its former password again",
        sql=ddl.change_password(role),
        undo="",
        lock="",
        secrets=(role,),
        alone=True,
    )
    walk.executor(situation, reporter, verifiers).run(plan.step, "back", (statement,))
    with walk.session.transaction():
        walk.journal.mark_undone(plan.step)
