"""Walks of every kind over one database, taken forward and back by lot, one between the steps of another.

What is refused changes nothing, what was done holds, and the way back of everything ends where it began.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from flatsplit.model import UNWAIVABLE
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support import journal
from tests.support.connection_lost import connection_lost
from tests.support.deployments import Deployments
from tests.support.drawn import KINDS, ORDINARY
from tests.support.grouping import declare as declare_group
from tests.support.old_roles import OWNER, decide, hand_to_owner, log_in_as_member
from tests.support.operators import SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.snapshot import Snapshot, difference
from tests.support.special import declare as declare_role
from tests.support.tenanted import CONFIG
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import Walk, assert_same

SEEDS = [int(seed) for seed in os.environ.get("FLATSPLIT_SEEDS", "3 102 104").split()]
"""Half a minute each. More of them find more: FLATSPLIT_SEEDS="4 5 6"."""
CALLS = 40
OLD_ROLES = ("plain", "superuser", "bypassrls", "members")
WORKER, AUDITOR, TWINS = 'Night: "job" %s', "app_audit", ("app_user_a", 'twin "B" %')
FINAL = frozenset({"forget-password", "retire", "retire-at-once", "change", "drop"})
"""Steps without a way back."""
BEGUN: tuple[tuple[str, ...], ...] = (
    ("group", "app_user"),
    ("group", "app_readonly"),
    ("role", WORKER),
    ("role", AUDITOR),
    ("leave", "alice"),
    ("rotate", "app_user"),
    ("rotate", "app_user", "--leaked"),
    ("trail",),
    ("tenants",),
)
ALICE = """
create role alice login in role reporting; grant create on schema public to alice;
set role alice; create table hers (id int); grant select on hers to reporting; reset role;
"""

DEFAULTS = "alter default privileges for role app_migrator in schema public"
BROKEN = (
    ("revoke select on orders from app_user", "grant select on orders to app_user"),
    ("revoke select on users from app_readonly", "grant select on users to app_readonly"),
    ("revoke select on orders from app_audit", "grant select on orders to app_audit"),
    ("alter role app_migrator nologin", "alter role app_migrator login"),
    ("alter role app_user_a nologin", "alter role app_user_a login"),
    ("alter table lines disable row level security", "alter table lines enable row level security"),
    ("drop policy everyone on orders", None),
    ("drop policy tenant_only on lines", None),
    ("revoke app_user from app_user_a", "grant app_user to app_user_a"),
    ("revoke app_tenant from tenant_1", "grant app_tenant to tenant_1"),
    ("alter table customers owner to legacy", f'alter table customers owner to "{OWNER}"'),
    ("alter role legacy login", "alter role legacy nologin"),
    (f"{DEFAULTS} revoke select on tables from app_readonly", f"{DEFAULTS} grant select on tables to app_readonly"),
)
"""What somebody may break, and how it is mended where no step that was done promised it. None where that cannot
be: then it is promised.
"""


@dataclass
class Taken:
    """One call that took steps: of which walk, and what there was before it."""

    walk: str
    before: Snapshot
    done: dict[str, int]


@dataclass
class Interleaved(Walk):
    """Several walks at once, and what was done of them."""

    chance: random.Random = field(default_factory=random.Random)
    losses: random.Random = field(default_factory=random.Random)
    """Draws when the connection is lost."""
    elsewhere: bool = False
    """Whether another database has the same owner."""
    halfway: bool = False
    """Whether a step may be neither done nor undone, because the connection was lost."""
    said: list[str] = field(default_factory=list)
    """All calls with their exit codes; a failure shows them."""
    taken: list[Taken] = field(default_factory=list)
    standing: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Each walk under way, as ``status --json`` has it, as of the last call that changed something."""

    def call(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> Result:
        """A command that ends with one of these exit codes, and says in two lines why it does not go on."""
        result = self(*arguments)
        self.said.append(f"{result.exit_code}  {' '.join(one for one in arguments if not one.startswith('/'))}")
        shown = "\n".join([*self.said, result.stdout[-1500:], result.stderr[-1500:]])
        assert result.exit_code in codes, shown
        assert "Traceback" not in result.stderr, shown
        self.halfway &= arguments[0] not in ("next", "rollback") or result.exit_code != 0
        left = [one for one in journal.problems(self.database.admin) if not self.halfway or "neither done" not in one]
        assert not left, shown
        return result

    def look(self) -> None:
        """See what ``status`` says of each walk under way."""
        found: list[dict[str, Any]] = self.call("status", "--json").json["walks"]
        self.standing = {each["walk"]: each for each in found}

    def snapshot(self) -> Snapshot:
        """Without what the trail would log of an old role that may not log in: it comes back with its LOGIN."""
        found = super().snapshot()
        if self.database.admin.execute("select from pg_roles where rolname = 'legacy' and not rolcanlogin").rowcount:
            found["setting"] = frozenset(
                fact for fact in found["setting"] if fact != ("legacy", self.database.name, "log_statement=ddl")
            )
        return found

    def same(self, before: Snapshot, when: str) -> None:
        """Hold that everything is as it was before."""
        assert_same(before, self.snapshot(), "\n".join([*self.said, when]))

    def untouched(self, before: Snapshot, result: Result) -> None:
        """Hold that a call that was refused has changed nothing."""
        assert len(result.stderr.splitlines()) == 2, result.stderr
        self.same(before, "refused, and yet something was changed")

    def begin(self) -> None:
        before = self.snapshot()
        result = self.call("begin", *self.chance.choice(BEGUN), "--yes", codes=(0, 2, 5))
        if result.exit_code:
            self.untouched(before, result)
        else:
            self.same(before, "begin takes no step")
            self.look()

    def cut_off(self, *arguments: str) -> int:
        """A call whose connection is lost once it has written so many lines into the journal, if it writes as many.

        Its exit code.
        """
        with connection_lost(self.database, after=self.chance.choice((1, 2, 3, 5, 8, 13, 30))):
            result = self(*arguments)
        self.halfway = True
        self.said.append(
            f"{result.exit_code}  cut off: {' '.join(one for one in arguments if not one.startswith('/'))}"
        )
        assert "Traceback" not in result.stderr, "\n".join([*self.said, result.stderr])
        assert result.exit_code in (0, 1, 3, 5), "\n".join([*self.said, result.stderr])
        return result.exit_code

    def ahead(self, name: str) -> None:
        """One step of a walk, with what is closed waived."""
        before, done = self.snapshot(), self.done()
        waived: set[str] = set()
        while True:
            waivers = [word for gate in sorted(waived) for word in ("--waive", gate)]
            reason = ["--reason", "a test"] if waived else []
            asked = ("--yes", "--password-file", str(self.password_file), "--walk", name, *waivers, *reason)
            if self.losses.random() < 0.25:
                self.cut_off("next", *asked)
                self.look()
                if self.losses.random() < 0.4:  # given up
                    self.call("rollback", "--yes", "--walk", name, codes=(0,))
                    self.look()
                    return
            result = self.call("next", *asked, codes=(0, 3, 5))
            self.look()
            closed = set(self.standing[name]["blocked_by"]) if result.exit_code == 3 else set()
            closed -= {*waived, *UNWAIVABLE}
            if not closed:
                break
            waived |= closed
        if result.exit_code == 5:
            self.untouched(before, result)
        elif result.exit_code == 0:
            self.taken.append(Taken(name, before, done))
            self.call("verify")

    def back(self, name: str) -> None:
        """The last step of a walk."""
        before = self.snapshot()
        asked = ("rollback", "--yes", "--walk", name)
        if self.losses.random() >= 0.25 or self.cut_off(*asked):
            result = self.call(*asked, codes=(0, 5))
            if result.exit_code:
                self.untouched(before, result)
                return
        self.look()
        self.call("verify")
        if self.taken and self.taken[-1].walk == name:
            last = self.taken.pop()
            if self.done() == last.done:
                self.same(last.before, f"the way back of {name}")
                return
        self.taken.clear()  # it was not the last that was taken, so what was there before is no measure any more

    def done(self) -> dict[str, int]:
        """How many steps of each walk are done, without the walks of which there are none."""
        return {name: each["done"] for name, each in self.standing.items() if each["done"]}

    def read(self, name: str) -> None:
        """A command that only looks."""
        looks = ("plan", "runbook", "history", "verify", "people", "doctor", "blast-radius", "rehearse", "observe")
        which = self.chance.choice(looks)
        more = ("--walk", name) if which in ("plan", "runbook", "history") else ()
        if which == "rehearse":
            more = ("--file", "ran.sql")
        before = self.snapshot()
        self.call(which, *more, codes=(0, 4) if which in ("people", "rehearse") else (0,))
        self.same(before, f"{which} only looks")

    def drift(self, name: str) -> None:
        """Somebody else changes something: ``repair`` brings back what was promised."""
        before = self.snapshot()
        broken, mended = self.chance.choice(BROKEN)
        try:
            self.database.execute(broken)
        except psycopg.errors.UndefinedObject:
            return  # it is not there yet
        self.said.append(f"   {broken}")
        if not difference(before, self.snapshot()):
            return
        # Where another database uses the old role, its walk may have let it in: that is told, and for people to decide
        told = self.elsewhere and broken == "alter role legacy login"
        if self.call("verify", codes=(0, 4)).exit_code == 4 and not told:
            self.call("status", codes=(4,))
            self.call("repair", *(("--walk", name) if len(self.said) % 2 else ()))
            self.call("verify")
        else:
            assert mended, "\n".join(self.said)
            self.database.execute(mended)
        self.same(before, "repaired")

    def deploy(self, deployments: Deployments) -> None:
        """A new version of the application is deployed: all that was promised holds for it, too."""
        self.said.append(f"   {deployments.deploy()}")
        self.taken.clear()  # there is more now than there was before the last steps
        self.call("verify")
        self.look()

    def everything_back(self) -> None:
        """All walks are taken back, each as soon as none that began later stands on its roles."""
        while left := [name for name, each in self.standing.items() if each["done"] or name != "split"]:
            for name in reversed(left):
                if self.call("rollback", "--yes", "--all", "--walk", name, codes=(0, 5)).exit_code == 0:
                    break
            else:
                raise AssertionError("no walk goes back:\n" + "\n".join(self.said))
            self.look()


class Restricted(Interleaved, OperatorsWalk):
    """The same by an operator who is no superuser."""


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_done_holds_and_all_of_it_goes_back(
    seed: int, fresh_cluster: FreshCluster, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    chance, later = random.Random(seed), random.Random(f"{seed} and more")
    kind, elsewhere = chance.choice(OLD_ROLES), later.random() < 0.3
    kind = later.choice(("bootstrap", "owner")) if later.random() < 0.3 else kind
    deploying = later.choice((0, 0, 2))
    by = Restricted if kind in ORDINARY and chance.random() < 0.4 else Interleaved
    database = made(fresh_cluster, make_database, kind, elsewhere=elsewhere)
    retire = chance.choice(("revoke", "revoke", "repurpose"))
    retire = "revoke" if kind == "bootstrap" else retire  # such a role cannot be repurposed
    walk = by(invoke_cli, database, retire=retire, chance=chance, losses=later, elsewhere=elsewhere)
    if by is Restricted:
        owner = (OWNER,) if kind == "owner" else ()
        make_operator(database, SHAPES["createrole"], reach=("alice", "reporting", *owner))
        as_if_granted_by_operator(database)
    untouched = walk.snapshot()
    walk.init(soak="0s")
    configured(walk, kind)
    deployments = Deployments(database, chance)
    walk.look()
    for _ in range(chance.choice((0, 0, 4, 9, 9))):
        walk.ahead("split")
    for _ in range(CALLS):
        name = chance.choice(list(walk.standing))
        drifting = 0 if by is Restricted else 2
        acts, weights = ("begin", "ahead", "back", "read", "drift", "deploy"), (2, 6, 1.5, 1, drifting, deploying)
        act = chance.choices(acts, weights)[0]
        match act:
            case "begin":
                walk.begin()
            case "ahead" if walk.standing[name]["next"] not in {None, *FINAL}:
                walk.ahead(name)
            case "back":
                walk.back(name)
            case "read":
                walk.read(name)
            case "drift":
                walk.drift(name)
            case "deploy":
                walk.deploy(deployments)
    walk.everything_back()
    deployments.undo()
    walk.same(untouched, "rolled back everything")


def made(fresh_cluster: FreshCluster, make_database: MakeDatabase, kind: str, *, elsewhere: bool) -> Database:
    """A shop of several tenants with a person who is no application; ``elsewhere``: another database has the same
    owner.
    """
    if kind == "bootstrap":
        database = make_database(cluster=fresh_cluster(superuser="legacy"), operator="operator")
    else:
        database = make_database(cluster=fresh_cluster(), legacy_options=KINDS[kind])
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role; create role reporting login; {ALICE}")
    database.execute("grant select on orders, events to reporting")
    if kind == "owner":
        hand_to_owner(database)
    if kind == "members":
        log_in_as_member(database)
    if elsewhere:
        database.execute("create database other owner legacy")
    return database


def configured(walk: Interleaved, kind: str) -> None:
    """Write all that further walks read into flatsplit.toml."""
    decide(walk, kind)
    walk.config.write_text(walk.config.read_text() + CONFIG + "\n[trail]\nlog = true\ntable = true\n")
    (walk.run.cwd / "ran.sql").write_text("select id from orders; insert into lines (order_id) values (1);\n")
    walk.passwords |= {f"tenant_{number}": f"password of tenant {number}" for number in (1, 2, 3)}
    declare_group(walk, "app_user", TWINS, connection_limit=30)
    declare_group(walk, "app_readonly", ["reader_1", "reader_2", "reader_3"])
    worker = {"like": "app_user", "connection_limit": 5, "settings": {"work_mem": "8MB"}}
    declare_role(walk, WORKER, {"role": worker, "grants": {"select": ["public.orders"], "insert": ["public.lines"]}})
    declare_role(walk, AUDITOR, {"role": {}, "grants": {"select": ["public.users", "public.orders(id, total)"]}})
