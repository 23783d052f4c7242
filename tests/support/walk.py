"""Takes a database through the cutover as an operator would, by the command line and its documented output only."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import psycopg

from flatsplit.config import PURPOSES
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import Result
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.patience import until
from tests.support.snapshot import Snapshot, difference, snapshot

NEW_ROLES = PURPOSES


class Run(Protocol):
    """``run_cli`` or ``invoke_cli``."""

    cwd: Path

    def __call__(self, *arguments: str, dsn: Any = None) -> Result: ...


def toml(value: object) -> str:
    """A string, number or list as TOML writes it."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_line(path: Path, fix: str) -> None:
    """Write the line of [cutover] into flatsplit.toml that a printed ``fix`` ends with."""
    line = fix.rpartition(" under [cutover]: ")[2]
    key = line.partition(" = ")[0]
    kept = [one for one in path.read_text().splitlines() if not one.startswith(f"{key} = ")]
    kept.insert(next(number for number, one in enumerate(kept) if one.startswith("[cutover]")) + 1, line)
    path.write_text("\n".join(kept) + "\n")


def configure(path: Path, **values: object) -> None:
    """Change values in a flatsplit.toml in which each key occurs once."""
    text = path.read_text()
    for key, value in values.items():
        line = f"{key} = {toml(value)}".replace("\\", r"\\")
        text, found = re.subn(rf"^{key} = .*$", line, text, flags=re.MULTILINE)
        assert found == 1, f"{key} stands {found} times in\n{text}"
    path.write_text(text)


def write_passwords(path: Path, roles: Mapping[str, str]) -> Path:
    """A password file that flatsplit accepts."""
    path.write_text("".join(f"{toml(role)} = {toml(password)}\n" for role, password in roles.items()))
    path.chmod(0o600)
    return path


@dataclass
class Walk:
    """One cutover: where it happens, and how to take a step of it forward or back."""

    run: Run
    database: Database
    roles: tuple[str, ...] = NEW_ROLES
    """app_user, app_migrator, app_readonly, dba."""
    retire: str = "revoke"
    passwords: dict[str, str] = field(default_factory=dict)
    legacy_was_superuser: bool = False
    decided: bool = True
    """Predefined roles that legacy is in go to app_migrator, and what a superuser reaches is left behind."""
    aside: Run | None = None
    """Runs commands that a test is not about, in this process, which is faster than in a process of their own."""

    @property
    def config(self) -> Path:
        """The flatsplit.toml."""
        return self.run.cwd / "flatsplit.toml"

    @property
    def app_user(self) -> str:
        return self.roles[0]

    @property
    def app_migrator(self) -> str:
        return self.roles[1]

    @property
    def app_readonly(self) -> str:
        return self.roles[2]

    @property
    def dba(self) -> str:
        return self.roles[3]

    def __call__(self, *arguments: str) -> Result:
        """Any command, in the folder of the configuration and against its database."""
        return self.run(*arguments, dsn=self.database)

    def init(self, *arguments: str, **config: object) -> Walk:
        """Run ``init`` and write the configuration, with all waiting times set to none."""
        legacy = "select rolsuper from pg_roles where rolname = %s"
        self.legacy_was_superuser = self.database.admin.execute(legacy, [self.database.legacy]).fetchone() == (True,)
        self.surveyed = self.quick("init", "--legacy-role", self.database.legacy, *arguments, "--yes").check()
        named = dict(zip(NEW_ROLES, self.roles, strict=True))
        waits = {"drain": "0s", "soak": "0s", "rehearsal": "advised"}
        configure(self.config, **{**waits, "retire": self.retire, **named, **config})
        self._decide()
        self.passwords = {role: f"password-{number}-of-a-walk" for number, role in enumerate(self.roles)}
        write_passwords(self.password_file, self.passwords)
        return self

    def _decide(self) -> None:
        """Answer in the configuration what doctor would ask about legacy's powers."""
        if not self.decided:
            return
        held = """
            select json_agg(g.rolname::text order by g.rolname)
            from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles l on l.oid = m.member
            where l.rolname = %s and g.rolname like 'pg\\_%%'
        """
        row = self.database.admin.execute(held, [self.database.legacy]).fetchone()
        text = self.config.read_text()
        if row is not None and row[0]:
            text += f"\n[grants.app_migrator]\nmember = {toml(row[0])}\n"
        if self.legacy_was_superuser:
            text += '\n[hazards.accept]\n"restricted-rights" = "a test"\n"superuser-reach" = "a test"\n'
        self.config.write_text(text)

    @property
    def password_file(self) -> Path:
        return self.run.cwd / "passwords.toml"

    def quick(self, *arguments: str) -> Result:
        """Any command, run in the fastest way."""
        return self.aside(*arguments, dsn=self.database) if self.aside else self(*arguments)

    def next(self, *arguments: str, exit_code: int = 0) -> Result:
        """``next`` with everything it may ask for."""
        return self("next", "--yes", "--password-file", str(self.password_file), *arguments).check(exit_code)

    def step(self, key: str) -> str | None:
        """Take this step, which must be the next one. Returns the one that is next then."""
        with self.switched() if key == "switch-connections" else nullcontext():
            self.next()
        found = self.next_step()
        place = STEP_KEYS.index(key) + 1
        assert found == (STEP_KEYS[place] if place < len(STEP_KEYS) else None), "took another step"
        return found

    def rollback(self, *arguments: str, exit_code: int = 0) -> Result:
        """Roll back the last step, or what the arguments say."""
        return self("rollback", "--yes", *arguments).check(exit_code)

    @contextmanager
    def switched(self) -> Iterator[None]:
        """Sessions of the roles that the application and its migration tool have been moved to."""
        with ExitStack() as sessions:
            for role in self.roles[:2]:
                sessions.enter_context(self.connect(role))
            yield
        self.wait_until_gone(*self.roles)

    def wait_until_gone(self, *roles: str) -> None:
        """Wait for the sessions of these roles to end: a backend outlives its client by a moment."""
        count = "select count(*) from pg_stat_activity where usename = any (%s) and backend_type = 'client backend'"
        ask = self.database.admin.execute
        until(lambda: ask(count, [list(roles)]).fetchone() == (0,), f"the end of the sessions of {', '.join(roles)}")

    def connect(self, role: str) -> psycopg.Connection[Any]:
        """A session as this role, by its password where it has one."""
        return psycopg.connect(self.database.conninfo(role, self.passwords.get(role)), autocommit=True)

    def forward(self, upto: str = STEP_KEYS[-1]) -> None:
        """Take every step from where the walk is, up to and including this one, in as few calls as possible."""
        walk = replace(self, run=self.aside or self.run)
        switch = STEP_KEYS.index("switch-connections")
        wanted = [key for key in STEP_KEYS[: STEP_KEYS.index(upto) + 1] if walk.states()[key] != "done"]
        before = [key for key in wanted if STEP_KEYS.index(key) < switch]
        after = [key for key in wanted if STEP_KEYS.index(key) > switch]
        if before:
            walk.next("--through", before[-1])
        if "switch-connections" in wanted:
            walk.step("switch-connections")
        if after:
            walk.next("--through", after[-1])

    def to_the_end(self) -> None:
        """The first call stops where people have to move the application, the second goes on from there."""
        self.next("--through", STEP_KEYS[-1], exit_code=3)
        assert self.next_step() == "switch-connections"
        with self.switched():
            self.next("--through", STEP_KEYS[-1])

    def looking(self, upto: str = STEP_KEYS[-1]) -> dict[str, Snapshot]:
        """As ``forward``, with a snapshot after each step."""
        return {key: self.snapshot() for key in self.steps(upto)}

    def steps(self, upto: str) -> Iterator[str]:
        """Take the steps up to and including this one, and tell of each when it is done."""
        key = self.next_step()
        while key is not None:
            taken, key = key, self.step(key)
            yield taken
            if taken == upto:
                break

    def status(self) -> Any:
        """What ``status`` says; 4 where something that was promised is broken."""
        result = self("status", "--json")
        return result.check(4 if result.exit_code == 4 else 0).json

    def next_step(self) -> str | None:
        """The first step that is not done."""
        states = self.states()
        return next((key for key in STEP_KEYS if states[key] != "done"), None)

    def states(self) -> dict[str, str]:
        """The state of each step, by a look at the journal: asking ``status`` each time takes as long as the steps."""
        return journal.states(self.database.admin)

    def snapshot(self) -> Snapshot:
        return snapshot(self.database.admin)

    def schemas(self) -> list[str]:
        """The schemas in scope, as ``init`` found them."""
        found: list[str] = tomllib.loads(self.config.read_text())["cutover"]["schemas"]
        return found


def assert_same(expected: Snapshot, found: Snapshot, when: str) -> None:
    """Fail with the differences, one per line, if the snapshots do not say the same."""
    lines = difference(expected, found)
    shown = "\n".join(lines[:60] + ([f"… {len(lines) - 60} more"] if len(lines) > 60 else []))
    assert not lines, f"{when}:\n{shown}"
