"""Do the laws see a fault in a step or in the differ? Each of these is planted in a copy; something must fail there.

    python -m tests.mutations

takes some minutes, and is for whoever changes the laws.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Fault(NamedTuple):
    """A line as it is, once in its file, and as somebody could have written it."""

    file: str
    line: str
    fault: str
    laws: str = "test_laws.py"
    """Where it must be seen, in tests/unit."""


FAULTS = (
    Fault("differ/acls.py", "gone = privileges.minus(had, gets)", "gone = had[:0]"),
    Fault("differ/acls.py", "sorted(found, key=lambda step: -step.depth if revoking else step.depth)", "found[1:]"),
    Fault("differ/acls.py", "acl = privileges.settle(acl, table)", "pass"),
    Fault(
        "differ/members.py",
        "want.members.items() if within(member) != options]",
        "want.members.items() if within(member) is None]",
    ),
    Fault(
        "differ/roles.py", "if now.login and not then.login:", "if now.login and not then.login and not then.createdb:"
    ),
    Fault("differ/owners.py", "by_rank.append((rank if", "if ref.kind != 'type': by_rank.append((rank if"),
    Fault("differ/defaults.py", "for revoking in (False, True):", "for revoking in (False,):"),
    Fault("walks/split/origin.py", '("login",) if self.progress.locked else ()', "()"),
    Fault("walks/split/origin.py", 'return privileges.plus(acl, PUBLIC, "C")', "return acl"),
    Fault("walks/split/transfer_ownership.py", "acl=settle(facts.acl, owner)", "acl=facts.acl"),
    *(
        Fault(file, line, fault, "test_chain.py")
        for file, line, fault in (
            ("planning/chain.py", "state if link.earlier else link.through(state, further=link is ahead)", "state"),
            ("planning/situation.py", "found = without_opposed(found, diff(self.desired(self.done), ahead))", "pass"),
            ("planning/chain.py", "if not link.earlier and link.begun and link.shared(kind, context)]", "if False]"),
            ("planning/situation.py", "if link.under_way and self.shared(link)", "if False"),
            ("planning/situation.py", "replace(link, earlier=at < place)", "replace(link, earlier=False)"),
            ("planning/digest.py", "*(() if walk == SPLIT else walk),", ""),
            ("walks/undo.py", "        del draft.roles[name]\n", "        pass\n"),
            ("walks/kind.py", "replace(self, steps=tuple(map(self.step, keys)))", "self"),
        )
    ),
)


def seen(fault: Fault, folder: Path) -> bool:
    """Whether the laws fail in a copy with this fault in it."""
    for name in ("flatsplit", "tests", "pyproject.toml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    file = folder / "flatsplit" / fault.file
    text = file.read_text()
    assert text.count(fault.line) == 1, f"{fault.file} has changed: plant this fault in another way"
    file.write_text(text.replace(fault.line, fault.fault))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=unshrunk"]
    environment = {**os.environ, "FLATSPLIT_LAW_EXAMPLES": "150"}
    done = subprocess.run(
        [*command, f"tests/unit/{fault.laws}"], cwd=folder, env=environment, capture_output=True, text=True
    )
    return done.returncode == 1 and "1 failed" in done.stdout


def main() -> int:
    """Plant each, say which is seen; 1 if one is not."""
    missed = 0
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            found = seen(fault, Path(folder))
        missed += not found
        print(f"{'seen  ' if found else 'MISSED'} {fault.file}: {fault.line} → {fault.fault}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
