from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flatsplit.render import text
from tests.golden.bundles import HOSTILE

MARKDOWN = MarkdownIt("commonmark").enable("table")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("`|\\<>&*_[]()#-+=~$!\n\r\t ")) | (
    st.sampled_from(HOSTILE)
)


def plain(source: str) -> str:
    """What a reader of the rendered Markdown sees in its table cells, or in all of it."""
    shown = []
    for token in MARKDOWN.parse(source):
        for child in token.children or []:
            assert child.type in ("text", "code_inline", "html_inline", "text_special"), child
            if child.type == "html_inline":
                assert child.content in ("<code>", "</code>")
            else:
                shown.append(child.content)
    return "".join(shown)


@given(TEXTS)
def test_text_shows_itself_in_a_table(value):
    table = f"| a | b |\n|---|---|\n| x{text.md(value)} | end |\n"
    assert plain(table) == "abx" + text.visible(value.strip()).rstrip() + "end"
    assert "<script" not in MARKDOWN.render(table)


@given(TEXTS)
def test_text_shows_itself_at_the_beginning_of_a_line(value):
    for source in (text.md(value) + "\n", f"- {text.md(value)}\n"):
        kinds = [token.type for token in MARKDOWN.parse(source)]
        assert not {"heading_open", "fence", "code_block", "html_block", "hr"} & set(kinds)
        assert plain(source) == text.visible(value.strip())


@given(TEXTS)
def test_code_shows_itself_in_a_table(value):
    table = f"| a | b |\n|---|---|\n| {text.code(value)} | end |\n"
    shown = plain(table)
    expected = text.visible(value)
    assert shown == "ab" + (expected or "–") + "end" or (not expected.strip() and shown.startswith("ab"))
    assert "<script" not in MARKDOWN.render(table)


@given(TEXTS)
def test_a_code_block_ends_where_it_should(value):
    tokens = MARKDOWN.parse(text.fenced(value) + "\nafter\n")
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[2].content == "after"


@given(TEXTS)
def test_a_comment_is_one_visible_line(value):
    line = text.comment(value)
    assert line.isprintable()
    assert len(line) <= 400
    assert all(part.isprintable() for part in text.wrap(value))


def test_what_cannot_be_seen_is_spelled_out():
    assert text.visible("a\nb\rc\td\x00\u202e\U000e0001") == "a\\nb\\rc\\td\\x00\\u202e\\U000e0001"
    assert text.visible("Ünïcödé 🐘") == "Ünïcödé 🐘"


@pytest.mark.parametrize(
    ("value", "shown"),
    [("app_user", "app_user"), ("_x_", "\\_x\\_"), ("# a", "\\# a"), ("1. a", "1\\. a"), ("a|b", "a&#124;b")],
)
def test_text_stays_readable_in_the_source(value, shown):
    assert text.md(value) == shown


def test_an_excerpt_is_short():
    assert text.excerpt("a\n" * 9, lines=2) == "a\na\n…"
    assert text.excerpt("x" * 500, width=10) == "x" * 9 + "…"
    assert text.wrap("") == []


def test_lines_one_below_the_other_are_one_and_a_name_keeps_its_own():
    lines = 'ALTER SUBSCRIPTION "a\nb""c\n" OWNER TO x;\n  ALTER SUBSCRIPTION y OWNER TO x;\n'
    assert text.flat(lines) == 'ALTER SUBSCRIPTION "a\nb""c\n" OWNER TO x; ALTER SUBSCRIPTION y OWNER TO x;'
    assert text.md(text.flat("one;\ntwo;")) == "one; two;"
