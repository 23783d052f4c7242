"""Lines in the format of COPY."""

from __future__ import annotations

from flatsplit.journal.copying import array, escape, line
from flatsplit.model import OWNER


def test_what_means_something_to_copy_is_escaped() -> None:
    assert escape("a\tb\nc\rd\\e") == "a\\tb\\nc\\rd\\\\e"
    assert escape("\\N") == "\\\\N"
    assert escape("\\.") == "\\\\."


def test_the_placeholder_for_the_owner_becomes_a_word() -> None:
    assert escape(f"app=arwd/{OWNER}") == "app=arwd/owner"


def test_a_line_begins_with_what_needs_no_escaping() -> None:
    assert line("1\t2", ["a\tb", ""]) == "1\t2\ta\\tb\t"


def test_an_array_quotes_what_could_end_an_item() -> None:
    assert array([]) == "{}"
    assert array(["a, b", "NULL", ""]) == '{"a, b","NULL",""}'
    assert array(['a"b', "c\\d"]) == '{"a\\"b","c\\\\d"}'
