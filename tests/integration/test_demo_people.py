"""The story of who leaves ends without a failed statement."""

from __future__ import annotations

import re
import resource

import pytest

from tests.fixtures.cli import Process


@pytest.mark.slow
def test_the_story(run_cli: Process) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = run_cli("demo", "people", timeout=300).check().stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 45
    assert re.search(r"^ +0 failed$", told, re.MULTILINE)
    assert told.count("Bob reads his report: 4711") == 3
    assert "A dashboard on the wall goes dark" in told
