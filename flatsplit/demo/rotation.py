"""A rotation in half a minute: the application's password changes under its traffic, and somebody was forgotten.

As in the other story nothing is staged: the real command line, a store that is a hook, traffic in threads of this
process, and an exit code that says whether the application lost a statement.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path

import psycopg

from flatsplit.demo.command import wrapped
from flatsplit.demo.flat import LEGACY, OPERATOR
from flatsplit.demo.pgbouncer import StoryPooler, pooling
from flatsplit.demo.story import MIGRATOR, PASSWORDS, USER, Story
from flatsplit.demo.traffic import Traffic
from flatsplit.errors import Exit, FlatsplitError
from flatsplit.walks import group, split

TWINS = (f"{USER}_a", f"{USER}_b")
HOOK, STORE = "store-password", "secrets.json"
_HOOK = """\
#!{python}
import json, os, sys
kept, asked, verb = "{store}", json.load(sys.stdin), sys.argv[-1]
secrets = json.load(open(kept)) if os.path.exists(kept) else {{}}
mine = secrets.setdefault(asked["group"], {{}})
if verb == "pending":
    mine["pending"] = {{key: asked[key] for key in ("role", "password", "verifier")}}
elif verb == "current" and mine.get("pending", {{}}).get("role") == asked["role"]:
    mine["current"] = mine.pop("pending")
elif verb == "get":
    found = mine.get(asked["which"], {{}})
    print(found["password"] if found.get("role") == asked["role"] else "", end="")
if verb != "get":
    with open(os.open(kept + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(secrets, file)
    os.replace(kept + ".new", kept)
"""


class RotationStory(Story):
    """The story of ``demo rotate``."""

    pooler: StoryPooler | None = None

    def tell(self) -> int:
        """Tell it, from one password to the next, until the first one does not work any more. Returns how many
        statements failed.
        """
        self.four_roles()
        self.twins()
        first = self.conninfo(TWINS[0])
        with (
            pooling(self.shop) as self.pooler,
            Traffic(self.through(first), pause=0.06) as traffic,
            psycopg.connect(first, application_name="monthly report", autocommit=True) as forgotten,
        ):
            self.pooled()
            self.prepare(traffic)
            self.switch(traffic)
            self.forgotten(forgotten, traffic)
            self.close(traffic)
            tally = traffic.stop()
        self.noticed(tally)
        return len(tally.failures)

    def four_roles(self) -> None:
        """Take the split in one go; ``flatsplit demo`` tells it at length."""
        self.out.heading("Before the story")
        self.out.say(
            "The shop's one role became four: that story is `flatsplit demo`. Here it is told in one breath, and\n"
            "app_user becomes a group with two logins. One of them, app_user_a, has the application's password."
        )
        self.operator.answer("init", "--legacy-role", LEGACY, "--yes")
        self.configure(drain="0s", soak="0s", rehearsal="off")
        waived = ("--waive", "seen", "--waive", "rehearsed", "--reason", "told in one breath")
        self.quietly("next", "--generate-passwords", PASSWORDS, "--through", split.REVOKE_LEGACY, *waived)

    def twins(self) -> None:
        """Make the application's role a group with two logins, and set up the store."""
        path = self.folder / "flatsplit.toml"
        lines = [f"[group.{USER}]", f"logins = {json.dumps(TWINS)}", "", "[rotation]", f'store = ["./{HOOK}"]']
        path.write_text("\n".join([path.read_text(), *lines, ""]))
        hook = self.folder / HOOK
        hook.write_text(_HOOK.format(python=sys.executable, store=self.folder / STORE))
        hook.chmod(0o700)
        passwords = self.folder / PASSWORDS
        passwords.write_text(passwords.read_text() + f'{TWINS[0]} = "{self.made_up()}"\n')
        self.quietly("begin", "group", USER)
        waived = ("--waive", "seen", "--reason", "told in one breath")
        self.quietly("next", "--password-file", PASSWORDS, "--through", group.FORGET_PASSWORD, *waived)

    def pooled(self) -> None:
        """Name the console of PgBouncer, if there is one, in the configuration."""
        if self.pooler is None:
            return
        path = self.folder / "flatsplit.toml"
        path.write_text(f"{path.read_text()}pooler = [{json.dumps(self.pooler.console)}]\n")
        self.out.say(
            "\nThe application goes through a PgBouncer of this machine's, which looks its logins up in the server.\n"
            "Its console stands in flatsplit.toml: [rotation] pooler."
        )

    def through(self, conninfo: str) -> str:
        """The connection string through PgBouncer, if there is one."""
        return self.pooler.through(conninfo) if self.pooler is not None else conninfo

    def prepare(self, traffic: Traffic) -> None:
        """Begin the rotation: the other login gets the same rights, a new password and LOGIN."""
        self.out.heading("A password that nobody had before")
        self.out.say(
            wrapped(
                "Four connections buy and sell as app_user_a. Tonight its password has to change. A login has one "
                "password, so flatsplit does not change it: it lets the other login in."
            )
            + f'\nWho keeps passwords stands in flatsplit.toml: [rotation] store = ["./{HOOK}"], a script of 18 lines.'
        )
        self.operator.flatsplit("begin", "rotate", USER, "--yes")
        self.operator.flatsplit("next", "--yes", "--walk", f"rotate:{USER}")
        self.operator.flatsplit("next", "--yes", "--walk", f"rotate:{USER}")
        self.pulse(traffic)

    def switch(self, traffic: Traffic) -> None:
        """Let the store hand out the new login, and move the application to it."""
        self.out.heading("Read back from the store, tried, given out")
        self.operator.flatsplit("next", "--yes", "--walk", f"rotate:{USER}", expect=Exit.WAITING)
        self.out.say("\nThe deploy: one connection after the other comes back with what the store gives out.")
        traffic.move(self.through(self.shop.conninfo(TWINS[1], self.stored())))
        if self.pooler is not None:
            self.wait_until_gone(but=1)
            self.out.say("\nWhether PgBouncer went along can be seen:")
            self.operator.flatsplit("status", "--walk", f"rotate:{USER}")
        self.pulse(traffic)

    def forgotten(self, connection: psycopg.Connection[object], traffic: Traffic) -> None:
        """Have flatsplit find a connection that still uses the old login, and move it."""
        self.out.heading("Somebody was forgotten")
        self.out.say("On a timer the old password would be gone now. flatsplit looks first:")
        self.operator.flatsplit("next", "--yes", "--walk", f"rotate:{USER}", expect=Exit.WAITING)
        self.out.say("\nThe monthly report is found, and gets the new password:")
        connection.close()
        with psycopg.connect(self.shop.conninfo(TWINS[1], self.stored()), application_name="monthly report"):
            self.wait_until_gone()
            self.operator.flatsplit("next", "--yes", "--walk", f"rotate:{USER}")
        self.pulse(traffic)

    def close(self, traffic: Traffic) -> None:
        """Lock the old login, try its password, and end the rotation."""
        self.out.heading("The old password is dead")
        self.operator.flatsplit("next", "--yes", "--walk", f"rotate:{USER}")
        try:
            psycopg.connect(self.conninfo(TWINS[0])).close()
        except psycopg.OperationalError as error:
            said = str(error).strip()
            self.out.say(f"\nSomebody tries the old password: {' '.join(said[said.find('FATAL') :].split())}")
        else:
            raise FlatsplitError(f"{TWINS[0]} can still log in")
        self.out.say(
            "Until here one statement would have let it in again. Now there is no way back, which is the point:"
        )
        self.operator.flatsplit("next", "--yes", "--walk", f"rotate:{USER}")
        self.operator.flatsplit("status", limit=10)
        self.out.say(f"\n{MIGRATOR}'s password was not touched: no statement of all this names another role.")
        self.pulse(traffic)

    # -- parts of the chapters

    def quietly(self, *arguments: str) -> None:
        """Run a command, and show its output only where it fails."""
        result = self.operator.answer(*arguments, "--yes")
        if not result:
            raise FlatsplitError(f"`flatsplit {arguments[0]}` said nothing")

    def made_up(self) -> str:
        """A first password."""
        return secrets.token_urlsafe(24)

    def stored(self) -> str:
        """The password that the store gives to applications."""
        found = json.loads(Path(self.folder / STORE).read_text())
        return str(found[USER]["current"]["password"])

    def wait_until_gone(self, but: int = 0) -> None:
        """Wait until the old login has only ``but`` sessions. A session ends a moment after its client, and one of
        PgBouncer's about a second after.
        """
        with psycopg.connect(self.shop.conninfo(OPERATOR)) as conn:
            count = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
            until = time.monotonic() + 10
            while conn.execute(count, [TWINS[0]]).fetchone() != (but,) and time.monotonic() < until:
                conn.rollback()
                time.sleep(0.02)
