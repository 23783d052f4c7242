"""The story of a rotation ends without a failed statement, and the guide shows what it says."""

from __future__ import annotations

import re

import pytest

from tests.fixtures.cli import Process
from tests.fixtures.databases import ROOT

PAGE = (ROOT / "runbooks/guide/rotate.md").read_text()
BLOCKS = re.findall(r"<!-- demo rotate -->\n+```console\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.slow
def test_the_story(run_cli: Process) -> None:
    told = run_cli("demo", "rotate").check().stdout
    assert re.search(r"^ +0 failed$", told, re.MULTILINE)
    assert 'Somebody tries the old password: FATAL: role "app_user_a" is not permitted to log in' in told
    assert "statements as app_user_b" in told
    assert BLOCKS
    for block in BLOCKS:
        assert block in told, block
