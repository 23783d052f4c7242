"""Two persons join and one leaves, in half a minute, while the application runs.

As in the other stories nothing is staged: the real command line, traffic in threads of this process, and an exit code
that says whether the application lost a statement.
"""

from __future__ import annotations

import secrets

import psycopg

from flatsplit.demo.command import wrapped
from flatsplit.demo.flat import LEGACY
from flatsplit.demo.story import PASSWORDS, USER, Story
from flatsplit.demo.traffic import Traffic
from flatsplit.errors import FlatsplitError
from flatsplit.walks import split

ALICE, BOB = "alice", "bob"
HERS = """
SET ROLE dba; CREATE SCHEMA reports AUTHORIZATION alice; RESET ROLE;
CREATE TABLE reports.monthly (month date, turnover numeric); INSERT INTO reports.monthly VALUES ('2026-10-01', 4711);
GRANT USAGE ON SCHEMA reports TO bob; GRANT SELECT ON reports.monthly TO bob
"""


class Leaving(Story):
    """The story of ``demo people``."""

    def tell(self) -> int:
        """Tell it, from two people who join to a role that is dropped. Returns how many statements failed."""
        self.four_roles()
        with Traffic(self.conninfo(USER), pause=0.06) as traffic:
            self.joining(traffic)
            with psycopg.connect(self.conninfo(BOB), application_name="bob's desk", autocommit=True) as bob:
                self.works()
                self.lock(bob, traffic)
                self.hand_over(bob, traffic)
                self.drop(bob, traffic)
            tally = traffic.stop()
        self.noticed(tally)
        return len(tally.failures)

    def four_roles(self) -> None:
        """Take the split in one go; ``flatsplit demo`` tells it at length."""
        self.out.heading("Before the story")
        self.out.say(
            "The shop's one role became four: that story is `flatsplit demo`. Now people need logins of their own."
        )
        waived = ("--waive", "seen", "--waive", "rehearsed", "--reason", "told in one breath")
        self.quietly("init", "--legacy-role", LEGACY)
        self.configure(drain="0s", soak="0s", rehearsal="off")
        self.quietly("next", "--generate-passwords", PASSWORDS, "--through", split.REVOKE_LEGACY, *waived)

    def joining(self, traffic: Traffic) -> None:
        """Name two people in the configuration, and join them."""
        self.out.heading("Alice and Bob")
        self.out.say("Who is in which role stands in flatsplit.toml:\n")
        self.name(f'{ALICE} = ["app_readonly", "dba"]', f'{BOB} = ["app_readonly"]')
        passwords = self.folder / PASSWORDS
        lines = [f'{who} = "{secrets.token_urlsafe(24)}"\n' for who in (ALICE, BOB)]
        passwords.write_text(passwords.read_text() + "".join(lines))
        self.operator.flatsplit("people", "--join", "--yes", "--password-file", PASSWORDS, limit=16)
        self.out.say(
            "\nTo be dba is an act and not a state: Alice reads like Bob does, until she says SET ROLE dba.\n"
            "Nobody shares a password, and the log has a name."
        )
        self.pulse(traffic)

    def works(self) -> None:
        """Create objects that belong to Alice, as in a year of work."""
        self.out.heading("A year later")
        with psycopg.connect(self.conninfo(ALICE), autocommit=True) as alice:
            alice.execute(HERS)
        self.out.say("Alice has made a schema with reports, and Bob reads them every morning. Then she leaves.")

    def lock(self, bob: psycopg.Connection[object], traffic: Traffic) -> None:
        """Lock her role, find a dashboard that used it, roll back, and lock it again."""
        self.out.heading("Locked out, and back in a second")
        with psycopg.connect(self.conninfo(ALICE), application_name="a dashboard", autocommit=True) as dashboard:
            self.operator.flatsplit("begin", "leave", ALICE, "--yes")
            self.operator.flatsplit("next", "--yes", "--walk", f"leave:{ALICE}")
            try:
                dashboard.execute("SELECT 1")
            except psycopg.OperationalError:
                self.out.say("\nA dashboard on the wall goes dark: it had her password. That is what the test is for.")
            else:
                raise FlatsplitError(f"{ALICE} is still there")
        self.operator.flatsplit("rollback", "--yes", "--walk", f"leave:{ALICE}")
        self.out.say("\nThe dashboard gets a role of its own, and she is let go again:")
        self.operator.flatsplit("begin", "leave", ALICE, "--yes", limit=4)
        self.operator.flatsplit("next", "--yes", "--walk", f"leave:{ALICE}", limit=4)
        self.reads(bob)
        self.pulse(traffic)

    def hand_over(self, bob: psycopg.Connection[object], traffic: Traffic) -> None:
        """Hand over what belongs to her."""
        self.out.heading("What was hers")
        self.operator.flatsplit("next", "--yes", "--walk", f"leave:{ALICE}", limit=16)
        self.out.say(
            "\n"
            + wrapped(
                "REASSIGN OWNED and DROP OWNED would have done it without a way back, and would have ended memberships "
                "that she gave to others. Bob did not notice:"
            )
        )
        self.reads(bob)
        self.pulse(traffic)

    def drop(self, bob: psycopg.Connection[object], traffic: Traffic) -> None:
        """The role is dropped."""
        self.out.heading("And gone")
        self.operator.flatsplit("next", "--yes", "--walk", f"leave:{ALICE}")
        self.name(f'{BOB} = ["app_readonly"]', shown=False)
        self.operator.flatsplit("people")
        self.reads(bob)
        self.pulse(traffic)

    # -- parts of the chapters

    def name(self, *lines: str, shown: bool = True) -> None:
        """Write these lines as the section [people] of the configuration; ``shown``: show them."""
        path = self.folder / "flatsplit.toml"
        text = path.read_text().partition("\n[people]")[0]
        path.write_text("\n".join([text, "[people]", *lines, ""]))
        for line in ("[people]", *lines) if shown else ():
            self.out.say(f"    {line}", "cyan")

    def reads(self, bob: psycopg.Connection[object]) -> None:
        """Read Bob's report in the session that he has had open all the time."""
        row = bob.execute("SELECT turnover FROM reports.monthly").fetchone()
        self.out.say(f"    Bob reads his report: {row[0] if row else 'nothing'}", "green")  # type: ignore[index]  # typed as an object

    def quietly(self, *arguments: str) -> None:
        """Run a command, and show its output only where it fails."""
        if not self.operator.answer(*arguments, "--yes"):
            raise FlatsplitError(f"`flatsplit {arguments[0]}` said nothing")
