"""What findings propose for flatsplit.toml, put together with what stands there."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit.config.proposed import FEW, MANY, parsed, shortened, together
from flatsplit.config.special import heading
from flatsplit.config.text import quote
from tests.support.proposed import pasted

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
LINES = st.tuples(
    st.sampled_from(["superuser-reach", "view-routines"]),
    st.sampled_from(["app_user", 'odd "one] x = 1', "é"]),
    st.sampled_from(["execute", "usage"]),
    st.lists(NAMES, min_size=1, max_size=9, unique=True),
)


def _text(sections: dict[str, dict[str, list[str]]]) -> str:
    lines = []
    for section, words in sections.items():
        lines.append(f"{heading(section, 'grants')}  # what it gets")
        lines += [f"{word} = [{', '.join(map(quote, names))}]" for word, names in words.items()]
    return "\n".join(["[cutover]", 'name = "shop"', *lines, ""])


STANDING = st.dictionaries(
    st.sampled_from(["app_user", 'odd "one] x = 1', "dba"]),
    st.dictionaries(st.sampled_from(["execute", "select"]), st.lists(NAMES, max_size=3, unique=True)),
)


@given(STANDING, st.lists(LINES, max_size=6))
def test_pasted_it_has_what_stood_there_and_all_that_is_proposed(
    standing: dict[str, dict[str, list[str]]], lines: list[tuple[str, str, str, list[str]]]
) -> None:
    text = _text(standing)
    proposals = [
        (hazard, f"{heading(section, 'grants')} {word} = [{', '.join(map(quote, names))}]")
        for hazard, section, word, names in lines
    ]
    block = together(tomllib.loads(text), proposals)
    found: dict[str, Any] = tomllib.loads(pasted(text, block))

    wanted = {section: {word: list(names) for word, names in words.items()} for section, words in standing.items()}
    for _, section, word, names in lines:
        known = wanted.setdefault(section, {}).setdefault(word, [])
        known += [name for name in names if name not in known]
    assert found.pop("cutover") == {"name": "shop"}
    assert found.pop("grants", {}) == wanted
    assert found == {}
    assert together(tomllib.loads(pasted(text, block)), []) == ""


def test_each_name_has_the_hazards_that_propose_it() -> None:
    text = '[cutover]\nname = "shop"\nretire = "drop"\nschemas = ["public"]\n'
    block = together(
        tomllib.loads(text),
        [
            ("legacy-by-name", '[cutover] retire = "revoke"'),
            ("bootstrap-retire", '[cutover] retire = "revoke"'),
            ("outside-scope", '[cutover] schemas = ["public", "extra"]'),
            ("view-routines", '[grants.app_user] execute = ["a()"]'),
            ("policy-rights", '[grants.app_user] execute = ["b()", "a()"]'),
            ("publications-of-members", '[members] "It\'s" = "app_migrator"'),
        ],
    )
    assert block == (
        "[cutover]\n"
        'name = "shop"\n'
        'retire = "revoke"  # legacy-by-name, bootstrap-retire\n'
        "schemas = [\n"
        '    "public",\n'
        '    "extra",  # outside-scope\n'
        "]\n\n"
        "[grants.app_user]\n"
        "execute = [\n"
        '    "a()",  # view-routines, policy-rights\n'
        '    "b()",  # policy-rights\n'
        "]\n\n"
        "[members]\n"
        '"It\'s" = "app_migrator"  # publications-of-members'
    )


def test_of_many_names_a_finding_shows_a_few() -> None:
    names = [f"public.f{number}()" for number in range(MANY + 1)]
    line = f"execute = [{', '.join(map(quote, names))}]"
    assert tomllib.loads(shortened(line)) == {"execute": names[:FEW]}
    assert f"and {len(names) - FEW} more" in shortened(line)
    for whole in (f"execute = [{', '.join(map(quote, names[:MANY]))}]", "[grants.app_user]", "SELECT 1 = [2];"):
        assert shortened(whole) == whole


def test_only_a_line_of_a_section_is_one() -> None:
    assert parsed('[grants."odd [x] y"] execute = ["f()"]') == (("grants", "odd [x] y"), {"execute": ["f()"]})
    with pytest.raises(ValueError, match="not a line"):
        parsed("execute = []")
