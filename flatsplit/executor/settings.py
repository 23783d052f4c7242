"""Settings that hold for one transaction of a step, as statements that are sent before its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flatsplit.model import Statement

# A superuser can keep a password verifier even out of the server's log
DISCREET = (
    b"SET LOCAL log_statement = 'none'; SET LOCAL log_min_duration_statement = -1; "
    b"SET LOCAL log_min_error_statement = 'panic'; SET LOCAL log_duration = off; "
    b"SET LOCAL debug_print_parse = off; SET LOCAL debug_print_rewritten = off; SET LOCAL debug_print_plan = off; "
    b"SELECT set_config('pg_stat_statements.track', 'none', true)"
)


def for_locks(batch: Sequence[Statement], lock_timeout: timedelta) -> bytes:
    """How long the batch waits for a lock, and that it keeps none while it waits for standbys.

    COMMIT waits for a synchronous standby before it releases locks, with remote_apply also for the queries there that
    are in the way of replay. Nothing is lost without that wait: a standby replays in order, and the step ends with a
    commit that waits as the server is set up.
    """
    milliseconds = max(1, round(lock_timeout.total_seconds() * 1000))
    settings = [f"SET LOCAL lock_timeout = '{milliseconds}ms'; "]
    if any(each.lock for each in batch):
        settings.append("SET LOCAL synchronous_commit = local; ")
    return "".join(settings).encode()
