"""Walks of an operator who may not do everything, and the administrator who runs what is printed for one, as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.fixtures.cli import Result
from tests.support.walk import Walk

PRINTED = re.compile(
    r"(?:have (?:an administrator|a superuser|the owner or a superuser|somebody who may) run"
    r"|the role is there, have somebody who may run): (.*)"
)
PEOPLES = ("seen", "drained", "soaked", "known", "evidence", "unrefused", "delivered", "rehearsed")
"""Gates that wait for people, who do nothing in these tests."""


@dataclass
class Helped:
    """One walk by such an operator, from ``begin`` to its end and back."""

    walk: Walk
    name: str
    """The walk as ``--walk`` has it."""
    told: list[str] = field(default_factory=list)
    """What ``begin`` said of what somebody else will have to run, a line each."""

    def begin(self, *options: str) -> None:
        """Begin it. Refused, it names all that an administrator has to run for it; then it begins."""
        words = ("begin", *self.name.split(":"), *options, "--yes")
        said = self.walk(*words)
        if said.exit_code:
            self.administrate(said)
            said = self.walk(*words).check()
        self.told = [line.strip() for line in said.stderr.splitlines()]

    def forward(self) -> None:
        """Take every step. What the operator is refused was told, and goes on once the administrator has run that."""
        while (key := self._record().get("next")) is not None:
            said = self._next()
            if said.exit_code:
                wanted = (f"{key} stops at ", f"{key} will wait: ")
                told = next((line for line in self.told if line.startswith(wanted)), "")
                assert told, f"{self.name} {key}: refused, and not told\n{said.stdout}{said.stderr}"
                stops = re.match(f"{key} stops at (.*;) ", told)
                if stops:
                    self.walk.database.execute(stops[1])
                elif "have a superuser take this step" in told:
                    self._superuser()
                else:
                    self._administrate(told)
                self._next().check()

    def back(self) -> None:
        """Take every step back, in the same way."""
        others = any(word in line for line in self.told for word in ("nor reset it", "event triggers", "undo it"))
        while self._record().get("done"):
            said = self.walk("rollback", "--yes", "--walk", self.name)
            while said.exit_code:
                assert others, said.stderr
                self.administrate(said)
                said = self.walk("rollback", "--yes", "--walk", self.name)

    def administrate(self, said: Result) -> None:
        """Run what a refused command prints for an administrator."""
        assert said.exit_code in (1, 5), (said.exit_code, said.stderr)
        assert len(said.stderr.splitlines()) == 2 or "rollback" in said.stderr, said.stderr
        self._administrate(said.stderr)

    def _superuser(self) -> None:
        """A superuser takes the step, after becoming an operator where only these may write the journal."""
        said = self._next(dsn=self.walk.database)
        joins = re.search(r"if it is: GRANT (.*) TO (.*); else", said.stderr)
        if joins:
            self.walk.database.execute(f"grant {joins[1]} to {joins[2]}")
            said = self._next(dsn=self.walk.database)
            self.walk.database.execute(f"revoke {joins[1]} from {joins[2]}")
        said.check()

    def _administrate(self, text: str) -> None:
        found = PRINTED.search(text)
        assert found is not None, f"nothing to run in: {text}"
        self.walk.database.execute(found[1])

    def _record(self) -> dict[str, object]:
        """What status says of the walk; nothing once it is taken back completely."""
        said = self.walk("status", "--json", "--walk", self.name)
        if said.exit_code == 2 and f"there is no walk {self.name} here" in said.stderr:
            return {}
        (record,) = [one for one in said.json["walks"] if one["walk"] == self.name]
        return dict(record)

    def _next(self, dsn: object = None) -> Result:
        asked = ("next", "--yes", "--walk", self.name, "--password-file", str(self.walk.password_file))
        run = self.walk if dsn is None else Walk(self.walk.run, self.walk.database)
        said = run(*asked)
        closed = [gate for gate in re.findall(r"waiting for (\S+):", said.stdout) if gate in PEOPLES]
        if said.exit_code == 3 and closed:
            waived = [word for gate in closed for word in ("--waive", gate)]
            said = run(*asked, *waived, "--reason", "nobody moves in this test")
        return said
