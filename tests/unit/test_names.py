"""A name as ALTER and GRANT want it is what the identifier is, however it is written."""

from __future__ import annotations

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
