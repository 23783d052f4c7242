"""[hazards.accept]: read strictly, written back, and never a hazard that does not exist."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit.config import parse, render
from flatsplit.errors import ConfigError
from flatsplit.hazards import REGISTRY, check_accepted
from tests.support.config import SHOP

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.dictionaries(TEXT, TEXT.filter(lambda reason: bool(reason.strip())), min_size=1, max_size=4))
def test_what_is_written_is_read_back(accepted: dict[str, str]) -> None:
    config = replace(SHOP, accept=tuple(sorted(accepted.items())))
    text = render(config)
    assert parse(text) == config
    assert len(text.splitlines()) == len(render(SHOP).splitlines()) + 2 + len(accepted)


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("hazards = 1", "is a value", r"write \[hazards.accept\]"),
        ("[hazards]\naccept = 1", "is a value", r"write \[hazards.accept\]"),
        ("[hazards.acept]", r"unknown section \[hazards.acept\]", r"did you mean \[hazards.accept\]"),
        ("[hazards.accept]\nrls-zero-rows = 1", "rls-zero-rows is not a string", "give the reason"),
        ("[hazards.accept]\nrls-zero-rows = ' '", "rls-zero-rows has no reason", "say why"),
    ],
)
def test_mistakes(text: str, what: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f"{text}\n{render(SHOP)}" if text.startswith("hazards") else f"{render(SHOP)}\n{text}\n")
    assert re.search(what, caught.value.what)
    assert re.search(fix, caught.value.fix)


def test_only_hazards_that_exist() -> None:
    check_accepted(replace(SHOP, accept=tuple((id_, "x") for id_ in REGISTRY)), "file")
    for wrong, fix in (("rls-zero-row", '"rls-zero-rows"'), ("???", "doctor")):
        with pytest.raises(ConfigError) as caught:
            check_accepted(replace(SHOP, accept=((wrong, "x"),)), "file")
        assert wrong in caught.value.what
        assert fix in caught.value.fix
