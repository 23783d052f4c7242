"""no-blockers: nothing logs in with the former password that a deployment of the application does not reach.

A running walsender goes on and fails at its next connection, while its slot holds WAL back; so does the connection of a
foreign server. Both have the password in a configuration on another machine. A job of pg_cron and the worker of a
subscription start without a password, and not at all once the role may not log in.
"""

from __future__ import annotations

from typing import Final

from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.holders import KEEP_PASSWORD, look_for_jobs, read_holders
from flatsplit.walks.rotate.context import Context
from flatsplit.words import listed, more

_KEY: Final = "no-blockers"


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first of them. In place the role can still log in, so those that need no password do
    not count.
    """
    context = asked.context
    role, heir = (context.former, context.coming) if context.twins else (context.role, context.role)
    held = read_holders(asked.session.driver, [role])
    found = [one for one in held.holders if context.twins or one.what in KEEP_PASSWORD]
    if found:
        first = found[0]
        whom = f"as {heir}" if context.twins else "with the new password, as soon as it is changed"
        let = "let it start" if first.what not in KEEP_PASSWORD else "let it log in"
        return GateResult(
            _KEY, False, f"{first.does}{more(len(found) - 1)}", f"{let} {whom}: {first.cure(heir, held.jobs)}"
        )
    others = ", job or subscription" if context.twins else ""
    nobody = f"no replication, foreign server of this database{others} logs in as {role}"
    looks = dict.fromkeys(one.look for one in held.unseen)
    parts = [nobody]
    if held.unseen:
        parts.append(f"{listed([one.what for one in held.unseen])} could not be looked at")
    if held.jobs and not context.twins:
        parts.append("jobs of pg_cron may have its password in a file of the server's")
        looks.setdefault(look_for_jobs(held.jobs, [role]))
    return GateResult(_KEY, True, "; ".join(parts), " ".join(looks), notice=bool(looks))


GATE = Gate(_KEY, judge, "nothing that no deploy of the application reaches still logs in with the former password")
