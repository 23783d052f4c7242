"""``demo``: tells the whole cutover in half a minute, while it happens on a server of its own.

The walk is made by the real command line, as processes of their own, while the shop's traffic runs in threads of this
one: nothing that is shown here is staged, and the exit code says whether the application lost a statement.
"""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import psycopg

from flatsplit import blueprint
from flatsplit.demo import flat
from flatsplit.demo.chapters import CHAPTERS
from flatsplit.demo.command import Narrator, Operator, shortened, wrapped
from flatsplit.demo.flat import DATABASE, LEGACY, OPERATOR, Shop
from flatsplit.demo.injection import Outcome, attack
from flatsplit.demo.server import Cluster
from flatsplit.demo.traffic import Tally, Traffic
from flatsplit.errors import Exit, FlatsplitError
from flatsplit.model import versions
from flatsplit.walks import split

ROLES = tuple(row.key for row in blueprint.ROWS)
USER, MIGRATOR = blueprint.APPLICATION.key, blueprint.OWNER.key
PASSWORDS = "passwords.toml"
RUNBOOK = "runbook"

MIGRATION = """\
ALTER TABLE products ADD COLUMN weight_g int;
CREATE TABLE gift_cards (code text PRIMARY KEY, customer_id bigint REFERENCES customers, worth amount NOT NULL);"""


class Story:
    """The story of ``demo``, with the parts that other stories share."""

    @staticmethod
    def build(cluster: Cluster) -> Shop:
        """What it is about."""
        return flat.build(cluster)

    def __init__(self, shop: Shop, folder: Path, output: Narrator) -> None:
        self.shop = shop
        self.folder = folder
        self.out = output
        self.operator = Operator(shop.conninfo(OPERATOR), folder, output)
        self.statements: dict[str, int] = {}
        self.remembers = False
        """Whether the server keeps the statements that ran, in pg_stat_statements."""
        self.refresher = MIGRATOR
        """The role that runs the nightly job at the end."""
        self.waiver: tuple[str, ...] = ()
        """Options for ``next`` where no rehearsal can be clean."""

    def tell(self) -> int:
        """Tell it, from the flat database to four roles. Returns how many application statements failed."""
        self.flat_database()
        before = self.rights(LEGACY)
        self.outcome(attack(self.shop.conninfo(LEGACY)), LEGACY)
        self.remembers = flat.keep_statements(self.shop)
        with Traffic(self.shop.conninfo(LEGACY), pause=0.06) as traffic:
            self.begin()
            for step in (split.CREATE_ROLES, split.GRANT_EXISTING, split.DEFAULT_PRIVILEGES, split.TRANSFER_OWNERSHIP):
                self.take(step, traffic)
            self.change_of_mind(traffic)
            self.take(split.ENABLE_LOGIN, traffic, "--generate-passwords", PASSWORDS)
            self.nightly_job(LEGACY)
            self.rehearse()
            self.switch(traffic)
            self.verify(traffic)
            self.take(split.LOCK_LEGACY, traffic)
            self.knock()
            self.take(split.REVOKE_LEGACY, traffic)
            self.outcome(attack(self.conninfo(USER)), USER)
            self.who_was_it()
            tally = traffic.stop()
        self.before_and_after(before)
        self.noticed(tally)
        return len(tally.failures)

    # -- chapters

    def flat_database(self) -> None:
        """Show the database as it is before."""
        with psycopg.connect(self.shop.conninfo(OPERATOR)) as conn:
            census = flat.census(conn)
        version = self.shop.cluster.config.binaries.version
        self.out.heading("A flat database")
        kinds = ", ".join(f"{count} {kind}" if count > 1 else f"1 {kind.removesuffix('s')}" for kind, count in census)
        objects = sum(count for _, count in census)
        self.out.say(
            f"PostgreSQL {version} runs in {self.shop.cluster.folder}, for this user alone.\n"
            + wrapped(f"Database {DATABASE} holds {objects} objects, all owned by role {LEGACY}: {kinds}.")
            + f"\nThe application logs in as {LEGACY} as well. So do the migrations. So would whoever finds a hole."
        )

    def outcome(self, attempt: Outcome, role: str) -> None:
        """Print the injection and its result."""
        self.out.heading(f"A hole in the search box, with the application running as {role}")
        self.out.say("The application glues the customer's words into a query. This customer typed more than a word:\n")
        self.out.say(f"    {attempt.sql}", "cyan")
        self.out.say(f"    {attempt.answer}", "red" if attempt.dropped else "green")
        if attempt.dropped != (role == LEGACY):
            raise FlatsplitError(f"as {role} the injected DROP TABLE should have ended otherwise: {attempt.answer}")
        if attempt.dropped:
            self.out.say("\nIt would be gone, with every view on it, had this not been rolled back.")
        else:
            self.out.say("\nThe hole is still there. What can be done through it is not.")

    def who_was_it(self) -> None:
        """Show what ``who`` finds about the attempt in the server's log."""
        self.out.say(
            "\nAnd the attempt can be found. PostgreSQL logs every statement that it refuses, and an application has\n"
            "no reason to drop tables. `flatsplit who` reads the log, and exits with 4 where something is suspicious.\n"
            "It judges by role and address: a client can call itself anything."
        )
        log = str(self.shop.cluster.server_log)
        self.operator.flatsplit("who", "--refused", "DROP TABLE payments", "--log", log, expect=Exit.DRIFT)

    def begin(self) -> None:
        """Survey, and the configuration."""
        self.out.heading("The survey")
        self.out.say(
            f"From here on four connections buy and sell as {LEGACY}, over views, functions, triggers and partitions.\n"
            "`init` looks at all that the role owns or holds, and remembers it for the way back."
        )
        self.operator.flatsplit("init", "--legacy-role", LEGACY, "--yes", limit=40)
        self.configure(drain="0s", soak="0s")
        self.out.say(
            "\nThis is a demo: in flatsplit.toml, `drain` and `soak` become 0s instead of a day and a week. The\n"
            "switch still waits until nobody is connected as shop. For the change board, each statement and its undo:"
        )
        self.operator.flatsplit("runbook", "--out", RUNBOOK, limit=6)
        steps = json.loads((self.folder / RUNBOOK / "manifest.json").read_text())["steps"]
        self.statements = {step["key"]: step["statements"] for step in steps}

    def take(self, step: str, traffic: Traffic, *options: str) -> None:
        """Take a step: show its reason and some of its statements, run it, and show what the application noticed."""
        self.chapter(step)
        self.sample(step)
        self.operator.flatsplit("next", "--yes", *options)
        self.pulse(traffic)

    def change_of_mind(self, traffic: Traffic) -> None:
        """Roll a step back and take it again."""
        self.out.heading("Second thoughts")
        self.out.say(
            f"Any step can be rolled back exactly, this one too: {LEGACY} owns everything again. Then it is taken anew."
        )
        self.operator.flatsplit("rollback", "--yes", limit=6)
        self.operator.flatsplit("next", "--yes", limit=6)
        self.pulse(traffic)

    def rehearse(self) -> None:
        """Rehearse as app_user everything that ran as the old role, before the application moves."""
        self.out.heading("The rehearsal")
        self.out.say(
            wrapped(
                f'`init` wrote `rehearsal = "required"`: the switch waits until all that {LEGACY} ran was checked as '
                "app_user. The statements come from pg_stat_statements, and none of them is executed."
            )
        )
        if not self.remembers:
            self.out.say(
                "\nThis server has no pg_stat_statements, so there is nothing to rehearse. A waiver records that."
            )
            self.waiver = ("--waive", "rehearsed", "--reason", "a demo without pg_stat_statements")
            return
        self.operator.flatsplit("rehearse", expect=Exit.DRIFT, limit=30)
        if self.shop.cluster.major < versions.MAINTAIN:
            self.out.say("\nSo the nightly job moves to app_migrator; a waiver records that decision.")
            self.waiver = ("--waive", "rehearsed", "--reason", "the nightly job logs in as app_migrator")
            return
        self.out.say(
            "\nThe nightly job would have failed in its first night. Every remedy can be taken as it is printed:\n"
        )
        self.remedies()
        self.operator.flatsplit("repair", "--yes", limit=6)
        self.operator.flatsplit("rehearse", limit=6)
        self.refresher = USER

    def remedies(self) -> None:
        """Apply the remedies of the rehearsal as printed: lines of flatsplit.toml, and SQL."""
        found = self.operator.answer("rehearse")
        lines = [
            line
            for purpose, rights in found["grants"].items()
            for line in (f"[grants.{purpose}]", *(f"{word} = {json.dumps(names)}" for word, names in rights.items()))
        ]
        path = self.folder / "flatsplit.toml"
        path.write_text("\n".join([path.read_text(), *lines, ""]))
        statements = dict.fromkeys(
            each["remedy"].partition(" -- ")[0]
            for each in found["statements"]
            if each["verdict"] != "allowed" and not each["remedy"].startswith("[")
        )
        with psycopg.connect(self.shop.conninfo(OPERATOR), autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement.encode())
        for line in (*lines, *(f"{statement};" for statement in statements)):
            self.out.say(f"    {line}", "cyan")

    def switch(self, traffic: Traffic) -> None:
        """Move the application and the migration tool to the new roles; flatsplit only watches."""
        self.chapter(split.SWITCH_CONNECTIONS)
        self.operator.flatsplit("next", "--yes", expect=Exit.WAITING)
        self.out.say(
            "\nSo it waits, and can be called again at any time. Now the deploy: one connection after the other ends\n"
            "its transaction and comes back as app_user. The migration tool logs in as app_migrator, and has work:\n"
        )
        traffic.move(self.conninfo(USER))
        with psycopg.connect(self.conninfo(MIGRATOR), application_name="shop migrations", autocommit=True) as conn:
            for line in MIGRATION.splitlines():
                self.out.say(f"    {line}", "cyan")
            conn.execute("SET lock_timeout = '2s'")
            conn.execute(MIGRATION.encode())
            self.use_what_is_new()
            self.nightly_job(self.refresher)
            self.operator.flatsplit("next", "--yes", *self.waiver)
        self.pulse(traffic)

    def use_what_is_new(self) -> None:
        """Show that others can use what app_migrator has created at once, without a GRANT."""
        with psycopg.connect(self.conninfo(USER)) as conn:
            conn.execute("INSERT INTO gift_cards SELECT 'HELLO', id, 20 FROM customers LIMIT 1")
            conn.execute("UPDATE products SET weight_g = 900 WHERE id = 1")
            others = conn.execute(
                "SELECT has_table_privilege('app_readonly', 'gift_cards', 'SELECT')"
                " AND has_table_privilege('reporting', 'gift_cards', 'SELECT')"
            ).fetchone()
        if others != (True,):
            raise FlatsplitError("the new table cannot be read by app_readonly and reporting as it should be")
        self.out.say(
            "\nThe new table and column are there for app_user at once, the table for app_readonly and the reporting\n"
            "team too. Nobody had to think of a GRANT."
        )

    def nightly_job(self, role: str) -> None:
        """Run the nightly job, once as the old role and once as its successor."""
        flat.refresh(self.conninfo(role))
        self.out.say(f"\nThe nightly job refreshed its materialized view as {role}.")

    def verify(self, traffic: Traffic) -> None:
        """Run ``verify``, and take the step of that name."""
        self.chapter(split.VERIFY)
        self.operator.flatsplit("verify", limit=40)
        self.operator.flatsplit("next", "--yes")
        self.pulse(traffic)

    def knock(self) -> None:
        """Try the old password."""
        try:
            psycopg.connect(self.conninfo(LEGACY)).close()
        except psycopg.OperationalError as error:
            said = str(error).strip()
            self.out.say(f"\nSomebody tries the old password: {' '.join(said[said.find('FATAL') :].split())}")
        else:
            raise FlatsplitError(f"{LEGACY} can still log in")

    def before_and_after(self, before: dict[str, str]) -> None:
        """Print the table of rights before and after."""
        roles = (*ROLES, LEGACY)
        after = [self.rights(role) for role in roles]
        rows = [(what, answer, *(rights[what] for rights in after)) for what, answer in before.items()]
        self.out.table("Before and after", ["", f"{LEGACY} before", *ROLES, f"{LEGACY} after"], rows)

    def noticed(self, tally: Tally, who: str = "the application") -> None:
        """Print what the application noticed."""
        self.out.heading(f"What {who} noticed")
        for role, count in sorted(tally.statements.items(), reverse=True):
            self.out.say(f"{count:>8,} statements as {role}")
        self.out.say(f"{tally.slowest_ms:>8.0f} ms for the slowest of them")
        self.out.say(f"{len(tally.failures):>8,} failed", "red" if tally.failures else "green")
        for failure in tally.failures[:10]:
            self.out.say(f"  as {failure.role}: {failure.error}\n    {failure.statement}", "red")

    # -- parts of the chapters

    def chapter(self, step: str) -> None:
        """Show the words before a step."""
        number = list(CHAPTERS).index(step) + 1
        self.out.heading(f"Step {number} of {len(CHAPTERS)}, {step}: {CHAPTERS[step].title}")
        self.out.say(CHAPTERS[step].why)

    def sample(self, step: str) -> None:
        """Show some of a step's statements, as the runbook has them."""
        (script,) = (path for path in (self.folder / RUNBOOK).glob(f"*-{step}.sql"))
        lines = [line for line in script.read_text().splitlines() if not line.startswith("--")]
        self.out.say(f"\n    {RUNBOOK}/{script.name} has {self.statements[step]} statements, such as")
        for part in CHAPTERS[step].shows:
            self.out.say(f"    {shortened(next(line for line in lines if part in line))}", "cyan")

    def pulse(self, traffic: Traffic) -> None:
        """Show what the application noticed so far."""
        tally = traffic.tally()
        self.out.say(
            f"    application: {tally.total:,} statements so far, {len(tally.failures)} failed, "
            f"slowest {tally.slowest_ms:.0f} ms",
            "red" if tally.failures else "green",
        )

    def rights(self, role: str) -> dict[str, str]:
        """What a role could do to the shop now."""
        with psycopg.connect(self.shop.conninfo(OPERATOR)) as conn:
            cursor = conn.execute(files("flatsplit.demo").joinpath("shop", "rights.sql").read_bytes(), {"role": role})
            row = cursor.fetchone()
            owned = sum(count for _, count in flat.census(conn, role))
            assert row
            assert cursor.description
            answers = {
                column.name: "yes" if value else "no" for column, value in zip(cursor.description, row, strict=True)
            }
        return {"owns": str(owned), **answers}

    def conninfo(self, role: str) -> str:
        """The connection string for one of the old or new roles."""
        if role in self.shop.passwords:
            return self.shop.conninfo(role)
        passwords = tomllib.loads((self.folder / PASSWORDS).read_text())
        return self.shop.conninfo(role, passwords[role])

    def configure(self, **values: str) -> None:
        """Change values in flatsplit.toml, where each key occurs once."""
        path = self.folder / "flatsplit.toml"
        text = path.read_text()
        for key, value in values.items():
            text = re.sub(rf'^{key} = "[^"]*"', f'{key} = "{value}"', text, flags=re.MULTILINE)
        path.write_text(text)
