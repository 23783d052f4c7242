"""Quoting many names at once gives the same as quoting each by itself."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from flatsplit import ddl
from flatsplit.ddl.names import names
from flatsplit.model import RELATIONS, Kind, ObjectRef

ODD = ("a", "A", "order", 'q"', "%s", ":x", "two\nlines", "back\rslash", "dot.ted", "ü", "", "a b", "_1", "日本")
OTHERWISE = ("large_object", "column", "policy", "user_mapping", "parameter", "operator")
NAMED = [kind for kind in get_args(Kind) if kind not in OTHERWISE]
REFS = st.lists(
    st.builds(
        ObjectRef, st.sampled_from(NAMED), st.sampled_from(ODD), st.sampled_from([n for n in ODD if n]), st.just("")
    ),
    min_size=1,
    max_size=6,
)
ALIKE = st.builds(
    lambda kind, schema, called: [ObjectRef(kind, schema, each) for each in called],
    st.sampled_from(NAMED),
    st.sampled_from(ODD),
    st.lists(st.sampled_from([n for n in ODD if n]), min_size=1, max_size=6),
)


PLAIN = st.lists(
    st.builds(ObjectRef, st.sampled_from(sorted(RELATIONS)), st.sampled_from(("a", "b")), st.just("t"), st.just("")),
    min_size=1,
    max_size=3,
)


@given(st.one_of(REFS, ALIKE, PLAIN))
def test_many_names_are_what_each_is(refs: list[ObjectRef]) -> None:
    assert names(refs) == list(map(ddl.name, refs))
    assert tuple(ddl.Labels(refs)) == tuple(map(ddl.label, refs))
