"""The configuration shown in the guide is valid."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from flatsplit.config import parse
from tests.support.config import LEAST

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "runbooks/guide").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{place}")
    for page in PAGES
    for place, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL), start=1)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_it_is_taken(block: str) -> None:
    assert tomllib.loads(block)
    parse(LEAST + block)


def test_every_page_is_linked() -> None:
    linked = (ROOT / "README.md").read_text() + (ROOT / "runbooks/README.md").read_text()
    assert [page.name for page in PAGES[1:] if f"guide/{page.name}" not in linked] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
