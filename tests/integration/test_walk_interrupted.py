"""A step that stops after any of its transactions is taken up where it was: nothing is given back and taken again.

What kill -9 at random moments finds once in a while, found each time.
"""

from typing import Any

import pytest

from flatsplit.executor import Executor
from flatsplit.journal import Journal
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.thinned import slow_but
from tests.support.walk import Walk, assert_same
from tests.support.world import trap_world


class Stops:
    """Stops the executor after so many transactions; counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.after: int | None = None
        self.seen = 0
        whole = Executor._attempt

        def attempt(executor: Executor, *arguments: Any) -> Any:
            if self.seen == self.after:
                raise KeyboardInterrupt
            self.seen += 1
            return whole(executor, *arguments)

        monkeypatch.setattr(Executor, "_attempt", attempt)


@pytest.mark.parametrize(
    "key", slow_but(["grant-existing", "transfer-ownership", "enable-login", "revoke-legacy"], "revoke-legacy")
)
def test_a_step_goes_on_where_it_stopped(
    key: str, database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.forward(STEP_KEYS[STEP_KEYS.index(key) - 1])
    stops = Stops(monkeypatch)
    walk.next()
    transactions, expected = stops.seen, walk.snapshot()
    assert transactions > 1
    walk.rollback()

    for stop in range(1, transactions):
        stops.seen, stops.after = 0, stop
        assert walk("next", "--yes", "--password-file", str(walk.password_file)).exit_code == 1
        assert walk.states()[key] == "running"
        stops.after = None
        walk.next()
        assert_same(expected, walk.snapshot(), f"{key}, stopped after {stop} transactions and taken up again")
        assert not journal.problems(database.admin), f"stopped after {stop} of {transactions} transactions"
        walk.rollback()


@pytest.mark.parametrize("retire", slow_but(["revoke", "repurpose", "drop"], "drop"))
def test_legacy_ends_one_transaction_at_a_time(
    retire: str, database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database, retire=retire).init()
    walk.forward("verify")
    stops = Stops(monkeypatch)
    stopped = 0
    while walk.next_step() is not None:
        stops.after = stops.seen + 1
        result = walk("next", "--yes", "--through", "revoke-legacy")
        assert result.exit_code in {0, 1}, result.stderr
        stopped += result.exit_code
        assert stopped < 50, "it does not come to an end"
    assert stopped > 2
    assert not journal.problems(database.admin)
    stops.after = None
    assert walk("verify").exit_code == 0


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("key", ["create-roles", "transfer-ownership"])
def test_what_is_not_on_record_did_not_happen(
    key: str, written: bool, database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement and its record are one transaction, stopped before the record is written or after it."""
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database).init()
    if key != STEP_KEYS[0]:
        walk.forward(STEP_KEYS[STEP_KEYS.index(key) - 1])
    before = walk.snapshot()
    write = Journal.write

    def stopped(to: Journal, *arguments: Any) -> None:
        if written:
            write(to, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "write", stopped)
        assert walk("next", "--yes").exit_code == 1
    assert_same(before, walk.snapshot(), f"{key}, stopped beside its record")
    assert (
        database.admin.execute(
            "select from flatsplit.action a join flatsplit.step s on s.id = a.step_id where s.key = %s", [key]
        ).rowcount
        == 0
    )
    walk.next()
    assert not journal.problems(database.admin)
