"""``flatsplit demo jobs``: a worker gets a role of its own while it works, and nobody notices."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.cli import Process
from tests.support.statistics import require_statements


@pytest.mark.slow
def test_the_worker_works_on(run_cli: Process) -> None:
    require_statements()
    done = run_cli("demo", "jobs")
    assert done.exit_code == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "nothing to learn from" not in done.stdout
    assert re.findall(r"^ +(\d+) failed$", done.stdout, re.MULTILINE) == ["0", "0"]
    assert re.search(r"[1-9][\d,]* statements as app_jobs", done.stdout)
    for said in ('delete = ["shop.baskets"]', "permission denied for table payments", "narrow: done"):
        assert said in done.stdout, said
