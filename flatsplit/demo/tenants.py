"""``demo tenants``: a role per tenant, in under a minute, while the application runs.

As in the other story, the walk is made by the real command line; what is new is that the hole in the search box is left
open, and shows everybody's tickets before and one company's after.
"""

from __future__ import annotations

import tomllib

import psycopg

from flatsplit.demo import help_desk
from flatsplit.demo.flat import Shop
from flatsplit.demo.help_desk import LEGACY
from flatsplit.demo.server import Cluster
from flatsplit.demo.story import MIGRATOR, PASSWORDS, USER, Story
from flatsplit.demo.traffic import Traffic
from flatsplit.errors import FlatsplitError
from flatsplit.walks import split, tenants

TENANTS, PAPER = "tenants.toml", "proof.html"
TENANT = "tenant_1"


class TenantsStory(Story):
    """The story of ``demo tenants``."""

    @staticmethod
    def build(cluster: Cluster) -> Shop:
        """Build the help desk for several companies."""
        return help_desk.build(cluster)

    def tell(self) -> int:
        """Tell it, from one role for five companies to a role for each. Returns how many statements failed."""
        self.out.heading("Five companies in the same tables")
        self.out.say(
            f"A help desk keeps the tickets of {help_desk.ACCOUNTS} companies in one database, told apart by a WHERE. "
            f"One\nrole, {LEGACY}, owns all of it and logs in for all of it. From here on its application is at work."
        )
        with Traffic(self.shop.conninfo(LEGACY), pause=0.06, transactions=help_desk.TRANSACTIONS) as traffic:
            self.roles(traffic)
            self.attacked(USER, help_desk.ACCOUNTS)
            self.survey()
            self.apart(traffic)
            self.proof()
            self.enter(traffic)
            self.attacked(TENANT, 1)
            tally = traffic.stop()
        self.noticed(tally)
        return len(tally.failures)

    def roles(self, traffic: Traffic) -> None:
        """Take the split, told shortly: the walk over tenants needs its roles."""
        self.out.heading("First the roles: an owner, and an application that owns nothing")
        self.operator.flatsplit("init", "--legacy-role", LEGACY, "--yes", limit=4)
        self.configure(drain="0s", soak="0s", rehearsal="off")
        self.operator.flatsplit(
            "next", "--yes", "--through", split.ENABLE_LOGIN, "--generate-passwords", PASSWORDS, limit=6
        )
        traffic.move(self.conninfo(USER))
        with psycopg.connect(self.conninfo(MIGRATOR)):
            self.operator.flatsplit("next", "--yes", "--through", split.REVOKE_LEGACY, limit=6)

    def attacked(self, role: str, expected: int) -> None:
        """Use the hole in the search, and print what it shows."""
        rows, companies = help_desk.attack(self.conninfo(role))
        self.out.heading(f"A hole in the search box, with the application running as {role}")
        self.out.say(f"    {help_desk.search_sql(help_desk.TERM)}", "cyan")
        color = "red" if companies > 1 else "green"
        self.out.say(f"    {rows:,} tickets of {companies} {'companies' if companies > 1 else 'company'}", color)
        if companies != expected:
            raise FlatsplitError(f"as {role} the search should have shown {expected} of the companies")
        if companies > 1:
            self.out.say(f"\n{role} can drop nothing any more. But it may read every company's rows.")
        else:
            self.out.say("\nThe hole is still there, but it shows the rows of one company only.")

    def survey(self) -> None:
        """Survey the tables, and write the result into the configuration."""
        path = self.folder / "flatsplit.toml"
        path.write_text(path.read_text() + help_desk.SECTION)
        self.out.heading("Which table is whose")
        self.operator.flatsplit("tenants", "--survey", limit=26)

    def apart(self, traffic: Traffic) -> None:
        """Take the walk as far as roles that nobody can use yet."""
        self.out.heading("A role per tenant")
        self.out.say(
            "Policies come first and count later; whoever was there is named by one that shows all rows, as before.\n"
            "Rights of the tenants come last. Nobody sees fewer rows at any moment, no tenant one that is another's."
        )
        self.operator.flatsplit("begin", "tenants", "--yes", limit=4)
        self.operator.flatsplit("next", "--yes", "--walk", "tenants", "--through", tenants.TENANT_ROLES, limit=8)
        self.pulse(traffic)

    def proof(self) -> None:
        """Prove isolation, as each tenant."""
        self.out.heading("The proof")
        self.operator.flatsplit("tenants", "--prove", "--all", "--rows", "--paper", PAPER, limit=30)

    def enter(self, traffic: Traffic) -> None:
        """Let the tenants log in."""
        self.out.heading("The tenants log in")
        self.operator.flatsplit(
            "next",
            "--yes",
            "--walk",
            "tenants",
            "--through",
            tenants.TENANT_LOGIN,
            "--generate-passwords",
            TENANTS,
            limit=8,
        )
        self.pulse(traffic)

    def conninfo(self, role: str) -> str:
        """The connection string for one of the roles."""
        for name in (PASSWORDS, TENANTS):
            path = self.folder / name
            passwords = tomllib.loads(path.read_text()) if path.exists() else {}
            if role in passwords:
                return self.shop.conninfo(role, passwords[role])
        return self.shop.conninfo(role)
