"""A name written as ALTER and GRANT need it means the same object as its identifier."""

from __future__ import annotations

from typing import get_args

from hypothesis import example, given
from hypothesis import strategies as st

from flatsplit import ddl
from flatsplit.model import RELATIONS, Kind, ObjectRef

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.sampled_from(sorted(RELATIONS)), NAMES, NAMES)
@example("table", "public", "t")
@example("table", 'a"b', "select")
@example("view", "a.b", "c\nd")
@example("sequence", "s", "tä")
def test_a_relation_is_named_by_its_identifier(kind: Kind, schema: str, name: str) -> None:
    ref = ObjectRef(kind, schema, name)
    assert ddl.name(ref) == ddl.ident(schema, name)
    assert ddl.name(ref) == ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))


@given(st.sampled_from(get_args(Kind)), NAMES, NAMES, NAMES)
@example("function", "a\rb", "c\nd", "\r\n")
def test_an_object_is_one_line_in_words(kind: Kind, schema: str, name: str, args: str) -> None:
    assert not {"\n", "\r"} & {*ddl.label(ObjectRef(kind, schema, name, args))}


@given(NAMES, NAMES)
@example("role", "it's")
def test_a_comment_on_a_role_is_one_constant(name: str, comment: str) -> None:
    """What somebody else has written there goes back as it was, quotes and all."""
    assert ddl.comment_on_role(name, comment) == f"COMMENT ON ROLE {ddl.ident(name)} IS {ddl.literal(comment)};"
    assert ddl.comment_on_role(name, "it's").endswith("IS 'it''s';")
