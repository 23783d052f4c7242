"""A background worker gets a role of its own while it works: what it needs is learned, then the rest is taken away."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Mapping
from random import Random

import psycopg

from flatsplit.demo import flat
from flatsplit.demo.command import wrapped
from flatsplit.demo.flat import LEGACY
from flatsplit.demo.story import MIGRATOR, PASSWORDS, USER, Story
from flatsplit.demo.traffic import Traffic
from flatsplit.demo.transactions import Run, Transaction
from flatsplit.errors import Exit, FlatsplitError
from flatsplit.walks import role, split

WORKER = "app_jobs"
WORKERS_PASSWORD = "worker.toml"
SECTION = f"""
[role.{WORKER}]
like = "app_user"
learn = "0s"
connection_limit = 5
"""
ENOUGH = 60
"""After so many transactions the worker has surely run each of its few jobs."""


def restock(run: Run, _: Random) -> None:
    """Restock what runs low, and log it."""
    run("UPDATE stock SET on_hand = on_hand + 5 WHERE on_hand < 3")
    run("INSERT INTO audit_log (what) VALUES ('restocked')")


def forget_baskets(run: Run, pick: Random) -> None:
    """Delete abandoned baskets."""
    run("DELETE FROM baskets WHERE customer_id = %s", [pick.randint(1, 60)])


def count_orders(run: Run, _: Random) -> None:
    """Count orders by state, for the dashboard."""
    run("SELECT state, count(*) FROM orders GROUP BY state", at_least=1)


JOBS: Mapping[str, Transaction] = {
    "restock": Transaction(2, restock),
    "baskets": Transaction(1, forget_baskets),
    "orders": Transaction(1, count_orders),
}


class Jobs(Story):
    """The story of ``demo jobs``."""

    def tell(self) -> int:
        """Tell it: the worker begins with the application's rights and ends with those it needs. Returns how many
        statements failed.
        """
        if not flat.keep_statements(self.shop):
            self.out.say("This server has no pg_stat_statements, so there is nothing to learn from.")
            return 0
        with Traffic(self.shop.conninfo(LEGACY), pause=0.06) as traffic:
            self.split(traffic)
            with Traffic(self.conninfo(USER), connections=1, pause=0.03, transactions=JOBS) as worker:
                self.declare()
                self.bridge(worker)
                self.learn(worker)
                self.narrow(worker)
                tally, jobs = traffic.stop(), worker.stop()
        self.compared()
        self.noticed(tally)
        self.noticed(jobs, "the worker")
        return len(tally.failures) + len(jobs.failures)

    def split(self, traffic: Traffic) -> None:
        """Take the split in one go; ``flatsplit demo`` tells it at length."""
        self.out.heading("A shop that is split already")
        self.out.say(
            f"`flatsplit demo` tells how {LEGACY}, which did everything, becomes four roles. Here that is done in one\n"
            "go, under traffic: four connections buy and sell, as app_user from the switch on."
        )
        quietly = self.operator.quietly
        quietly("init", "--legacy-role", LEGACY, "--yes")
        self.configure(drain="0s", soak="0s", rehearsal="off")
        quietly("next", "--yes", "--through", split.ENABLE_LOGIN, "--generate-passwords", PASSWORDS)
        traffic.move(self.conninfo(USER))
        with psycopg.connect(self.conninfo(MIGRATOR), application_name="shop migrations"):
            quietly("next", "--yes", "--through", split.SWITCH_CONNECTIONS)
        quietly("next", "--yes", "--through", split.REVOKE_LEGACY)
        self.pulse(traffic)

    def declare(self) -> None:
        """Declare the worker's role in the configuration, and begin its walk."""
        self.out.heading("A worker with the rights of the application")
        self.out.say(
            "A background worker restocks, tidies baskets and counts orders. It logs in as app_user as well, so a\n"
            "hole in it is a hole in everything: it could read every payment. It shall have a role of its own, and\n"
            "flatsplit.toml says so:\n"
        )
        path = self.folder / "flatsplit.toml"
        path.write_text(path.read_text() + SECTION)
        for line in SECTION.strip().splitlines():
            self.out.say(f"    {line}", "cyan")
        self.operator.flatsplit("begin", "role", WORKER, "--yes", limit=6)

    def bridge(self, worker: Traffic) -> None:
        """Move the worker to its own role, which has the application's rights through a membership at first."""
        self.out.heading("The bridge")
        self.out.say(
            wrapped(
                "The new role begins as a member of app_user, so its program works from the first moment on. What it "
                "runs is counted under its own name."
            )
        )
        self.take_next("--through", role.OPEN, "--generate-passwords", WORKERS_PASSWORD)
        worker.move(self.conninfo(WORKER))
        self.take_next()
        self.pulse(worker)

    def learn(self, worker: Traffic) -> None:
        """Let it work, and learn the list of rights that it needs."""
        self.out.heading("What it needs")
        self.out.say(
            wrapped(
                "Each `observe` judges the statements of the role that are new since the last one. In production that "
                "goes on for a month, here for a moment. `learn` proposes the list, with the reason for each line:"
            )
        )
        self.wait_for_work(worker)
        self.operator.flatsplit("observe", limit=8)
        self.operator.flatsplit("learn", WORKER, limit=40)
        found = self.operator.answer("learn", WORKER)["grants"]
        lines = [f"[grants.{WORKER}]", *(f"{word} = {json.dumps(names)}" for word, names in found.items())]
        path = self.folder / "flatsplit.toml"
        path.write_text("\n".join([path.read_text(), *lines, ""]))
        self.out.say(
            "\nA person reads the list and puts it into flatsplit.toml. Until then flatsplit changes no right:"
        )
        self.take_next()
        self.take_next()

    def narrow(self, worker: Traffic) -> None:
        """End the membership, so that only the list is left."""
        self.out.heading("The bridge is cut")
        self.out.say("First all that it ran is tried with the list alone, then the membership ends, while it works:")
        self.operator.flatsplit("rehearse", "--as", WORKER, limit=8)
        self.take_next()
        self.wait_for_work(worker)
        self.pulse(worker)
        with psycopg.connect(self.conninfo(WORKER), autocommit=True) as conn:
            for statement in ("SELECT * FROM payments", "DELETE FROM orders"):
                self.out.say(f"\n    {statement}", "cyan")
                try:
                    conn.execute(statement.encode())
                except psycopg.errors.InsufficientPrivilege as error:
                    self.out.say(f"    {error.diag.severity}:  {error.diag.message_primary}", "green")
                else:
                    raise FlatsplitError(f"{WORKER} could still {statement}")
        self.take_next()
        self.operator.flatsplit("verify", limit=60)

    def compared(self) -> None:
        """Compare what a stolen password of the worker allows before and after."""
        rights = {role: self.rights(role) for role in (LEGACY, USER, WORKER)}
        rows = [(what, *(rights[role][what] for role in rights)) for what in rights[USER]]
        self.out.table("What a stolen password is worth", ["", *rights], rows)

    def take_next(self, *options: str, expect: int = Exit.OK) -> None:
        """Take one step or, with further options, several."""
        self.operator.flatsplit("next", "--yes", *options, expect=expect, limit=8)

    def wait_for_work(self, worker: Traffic) -> None:
        """Wait until the worker has run each of its jobs."""
        before = worker.tally().transactions
        for _ in range(600):
            if worker.tally().transactions >= before + ENOUGH:
                return
            time.sleep(0.05)
        raise FlatsplitError("the worker does not work")

    def conninfo(self, role: str) -> str:
        """As in other stories; the worker's password is in a file of its own."""
        if role == WORKER:
            return self.shop.conninfo(role, tomllib.loads((self.folder / WORKERS_PASSWORD).read_text())[role])
        return super().conninfo(role)
