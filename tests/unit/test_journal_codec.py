"""A State as rows and back: nothing is lost, whatever the names."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from flatsplit.journal import codec
from flatsplit.model import (
    OWNER,
    AclItem,
    DefaultRef,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    PolicyFacts,
    RoleFacts,
    RowSecurity,
    SettingKey,
    State,
    Target,
    intern_acl,
)

TARGET = Target("7", "shop", 5, 180000, "ops", False, "postgres")

# Everything that PostgreSQL takes: no NUL, no half of a surrogate pair
text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "null", '"', "\\", "\\N", "\n", "\t", "'; DROP TABLE x; --", "owner", "\u2028", "\x7f", "%s", ":x", "{}"]
)
role = text | st.just(OWNER)
letters = st.text("rawdDxtmXUCcTsA", max_size=6).map(lambda s: "".join(sorted(set(s))))
acls = st.lists(st.builds(AclItem, role, role, letters, letters), max_size=4).map(intern_acl)
refs = st.builds(ObjectRef, st.sampled_from(["table", "function", "policy", "column"]), text, text, text)
flag = st.booleans()
roles = st.builds(
    RoleFacts,
    *[flag] * 7,
    connection_limit=st.integers(-1, 2**31 - 1),
    valid_until=st.none() | text,
    expired=flag,
    password=flag,
    elsewhere=st.lists(text, max_size=3).map(tuple),
    comment=text,
)
members = st.builds(Member, role, role, role)
options = st.builds(MemberOptions, flag, st.none() | flag, st.none() | flag)
pairs = st.lists(st.tuples(text, text), max_size=3).map(tuple)
names = st.lists(text, max_size=3).map(tuple)
by_field = {
    "roles": st.dictionaries(text, roles, max_size=3),
    "members": st.dictionaries(members, options, max_size=3),
    "settings": st.dictionaries(st.builds(SettingKey, text, text), pairs, max_size=3),
    "objects": st.dictionaries(refs, st.builds(ObjectFacts, role, acls, flag, flag, text, letters), max_size=5),
    "columns": st.dictionaries(refs, acls, max_size=3),
    "defaults": st.dictionaries(st.builds(DefaultRef, role, text, st.sampled_from("rSfTnL")), acls, max_size=3),
    "policies": st.dictionaries(refs, st.frozensets(role, max_size=3), max_size=3),
    "conditions": st.dictionaries(refs, st.builds(PolicyFacts, flag, st.sampled_from("*rawd"), text, text), max_size=3),
    "row_security": st.dictionaries(refs, st.builds(RowSecurity, flag, flag), max_size=3),
    "tenancies": st.dictionaries(refs, text, max_size=1),
    "tenants": st.dictionaries(text, text, max_size=3),
    "mappings": st.frozensets(refs, max_size=3),
    "copied_mappings": st.dictionaries(refs, text, max_size=3),
    "databases": st.dictionaries(text, names, max_size=3),
    "uses": st.dictionaries(refs, st.lists(refs, max_size=3).map(tuple), max_size=3),
    "recorder": st.dictionaries(text, text, max_size=3),
}
states = st.builds(State, st.just(TARGET), **by_field)


def grouped(rows: list[codec.FactRow]) -> list[codec.KeyGroup]:
    rows = sorted(rows, key=lambda row: (row.section, row.payload))
    return [
        codec.KeyGroup(section, f"[{','.join(row.key for row in same)}]", payload)
        for (section, payload), same in groupby(rows, lambda row: (row.section, row.payload))
    ]


@given(states)
def test_a_state_comes_back_as_it_was(state: State) -> None:
    rows = list(codec.encode(codec.facts(state)))
    assert codec.decode(TARGET, grouped(rows)) == state


@given(states)
def test_each_row_comes_back_as_it_was(state: State) -> None:
    facts = list(codec.facts(state))
    reader = codec.Reader()
    for (_, key, value), row in zip(facts, codec.encode(facts), strict=True):
        assert reader.fact(row) == (key, value)


@given(states)
def test_rows_hold_nothing_that_jsonb_refuses(state: State) -> None:
    for row in codec.encode(codec.facts(state)):
        assert "\\u0000" not in row.key + row.payload
        json.loads(row.key)
        json.loads(row.payload)


def test_every_field_of_a_state_is_tried() -> None:
    names = {field.name for field in fields(State) if field.init} - {"target", "structure"}
    assert set(by_field) == names
    assert {section for section, _, _ in codec.facts(full_state())} == names


def full_state() -> State:
    """A State with something in every field."""
    ref = ObjectRef("table", "public", "t")
    return State(
        TARGET,
        roles={"a": RoleFacts(elsewhere=("x",))},
        members={Member("a", "b", "c"): MemberOptions(True, None, False)},
        settings={SettingKey("a", ""): (("search_path", '"$user"'),)},
        objects={ref: ObjectFacts(OWNER, intern_acl([AclItem(OWNER, OWNER, "r")]))},
        columns={ref: intern_acl([AclItem("a", OWNER, "r", "r")])},
        defaults={DefaultRef("a", "", "r"): intern_acl([AclItem("", "a", "r")])},
        policies={ref: frozenset({"", "a"})},
        conditions={ref: PolicyFacts(using="true")},
        row_security={ref: RowSecurity(True)},
        tenancies={ref: "bigint"},
        tenants={"tenant_1": "1"},
        mappings=frozenset({ref}),
        copied_mappings={ref: "a"},
        databases={"a": ("x", "y")},
        uses={ref: (ref,)},
        recorder={"table flatsplit.ddl": ""},
    )


def test_acls_are_shared_with_live_ones() -> None:
    state = full_state()
    back = codec.decode(TARGET, grouped(list(codec.encode(codec.facts(state)))))
    ref = ObjectRef("table", "public", "t")
    assert back.objects[ref].acl is state.objects[ref].acl


def test_facts_are_legible() -> None:
    rows = {row.section: row for row in codec.encode(codec.facts(full_state()))}
    assert rows["objects"].key == '["table","public","t",""]'
    assert json.loads(rows["objects"].payload) == {
        "owner": None,
        "acl": [[None, None, "r", ""]],
        "extension": False,
        "follows": False,
        "note": "",
        "kept": "",
    }
    assert json.loads(rows["members"].payload) == {"admin": True, "inherit": None, "set": False}


def test_fields_that_a_row_does_not_know_take_their_default() -> None:
    old = codec.KeyGroup("roles", '["a"]', '{"login": true, "gone": 1}')
    assert codec.decode(TARGET, [old]).roles == {"a": RoleFacts(login=True)}


def test_sections_of_another_version_are_left_out() -> None:
    assert codec.decode(TARGET, [codec.KeyGroup("saved", "[[]]", "{}")]) == State(TARGET)
    assert codec.Reader().fact(codec.FactRow("saved", "[]", "{}")) is None


def test_the_target_is_the_one_given() -> None:
    other = replace(TARGET, database="other")
    assert codec.decode(other, []).target is other
