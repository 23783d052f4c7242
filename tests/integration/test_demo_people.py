"""The story of who leaves ends without a failed statement."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.cli import Process


@pytest.mark.slow
def test_the_story(run_cli: Process) -> None:
    told = run_cli("demo", "people").check().stdout
    assert re.search(r"^ +0 failed$", told, re.MULTILINE)
    assert told.count("Bob reads his report: 4711") == 3
    assert "A dashboard on the wall goes dark" in told
