"""no-blockers: nobody logs in with the former password whom no deploy of the application reaches.

A walsender that runs survives, and fails at its next connect, while its slot holds WAL back; so does a foreign server's
connection. Both have the password in a configuration of their own, on another machine. A job of pg_cron and the worker
of a subscription start as a role without anybody's password, and not at all once that role may not log in.
"""

from __future__ import annotations

from typing import Final

from flatsplit import ddl
from flatsplit.gates.gate import Asked, Gate
from flatsplit.model import GateResult
from flatsplit.server.holders import KEEP_PASSWORD, read_holders
from flatsplit.walks.rotate.context import Context
from flatsplit.words import more

_KEY: Final = "no-blockers"


def judge(asked: Asked[Context]) -> GateResult:
    """Closed with the first of them. In place the role goes on logging in, so nobody minds who needs no password."""
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
    nobody = f"no replication, foreign server{', job or subscription' if context.twins else ''} logs in as {role}"
    if held.unseen or (held.jobs and not context.twins):
        why = "could not be looked at" if held.unseen else "may have its password in a file of the server's"
        look = f"SELECT jobid, jobname FROM cron.job WHERE username = {ddl.literal(role)};"  # noqa: S608 (to be read)
        return GateResult(
            _KEY, True, f"{nobody}; jobs of pg_cron {why}", f"in database {held.jobs}: {look}", notice=True
        )
    return GateResult(_KEY, True, nobody)


GATE = Gate(_KEY, judge)
