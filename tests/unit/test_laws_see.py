"""The laws see a fault in a step or in the differ: each of these is planted in a copy, and something fails there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Fault(NamedTuple):
    """A line as it is, once in its file, and as somebody could have written it."""

    file: str
    line: str
    fault: str


FAULTS = (
    Fault("differ/acls.py", "gone = privileges.minus(had, gets)", "gone = had[:0]"),
    Fault("differ/acls.py", "sorted(found, key=lambda step: -step.depth if revoking else step.depth)", "found[1:]"),
    Fault("differ/acls.py", "acl = privileges.settle(acl, table)", "pass"),
    Fault("differ/members.py", "if now == options or", "if now is not None or"),
    Fault(
        "differ/roles.py", "if now.login and not then.login:", "if now.login and not then.login and not then.createdb:"
    ),
    Fault("differ/owners.py", "by_rank.append((rank if", "if ref.kind != 'type': by_rank.append((rank if"),
    Fault("differ/defaults.py", "for revoking in (False, True):", "for revoking in (False,):"),
    Fault("steps/origin.py", '("login",) if self.progress.locked else ()', "()"),
    Fault("steps/origin.py", 'return privileges.plus(acl, PUBLIC, "C")', "return acl"),
    Fault("steps/transfer.py", "acl=settle(facts.acl, owner)", "acl=facts.acl"),
)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.file}: {fault.fault}" for fault in FAULTS])
def test_a_planted_fault_is_seen(fault: Fault, tmp_path: Path) -> None:
    for name in ("flatsplit", "tests", "pyproject.toml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    file = tmp_path / "flatsplit" / fault.file
    text = file.read_text()
    assert text.count(fault.line) == 1, f"{fault.file} has changed: plant this fault in another way"
    file.write_text(text.replace(fault.line, fault.fault))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-profile=unshrunk"]
    environment = {**os.environ, "FLATSPLIT_LAW_EXAMPLES": "150"}
    done = subprocess.run(
        [*command, "tests/unit/test_laws.py"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout[-2000:]
    assert "1 failed" in done.stdout
