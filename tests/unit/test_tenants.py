"""What a tenant is to the tables: the section of the configuration, kinds of tables, conditions, names of roles."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from flatsplit.config import Tenants, Way, format_way, parse, parse_way, render
from flatsplit.errors import ConfigError
from flatsplit.model import Column, ForeignKey, ObjectRef, Structure, Table
from flatsplit.tenants import (
    Link,
    Survey,
    candidates,
    clashes,
    role_of,
    survey,
)
from flatsplit.tenants.rings import rings, unknown
from flatsplit.tenants.writing import proposal
from tests.support.config import LEAST, SHOP

ACCOUNTS = Tenants("public.accounts", ("account_id",))


@pytest.mark.parametrize(
    "tenants",
    [
        None,
        ACCOUNTS,
        Tenants(
            'public."Orgs ""x"""',
            key=("orgId", "org id"),
            role="mandant_{key}_x",
            rings=(("1", "2"), ("5%", "17"), ("rest",)),
            own=(("public.agent_bots", "orgId"),),
            through=(("public.lines", "order_id"), ("public.t", '"a,b" -> public.orders("x y")')),
            shared=("public.plans",),
            hidden=('public."Users"',),
            null_rows="read",
            connection_limit=-1,
        ),
    ],
)
def test_what_is_written_is_read_back(tenants: Tenants | None) -> None:
    config = replace(SHOP, tenants=tenants)
    text = render(config)
    assert parse(text) == config
    assert ("[tenants]" in text) is (tenants is not None)


@pytest.mark.parametrize(
    ("text", "what", "fix"),
    [
        ("key = []", "[tenants] root is missing", 'root = "public.accounts"'),
        ("root = 'accounts'", '"accounts" is not a table', "schema and name"),
        ("root = 'a.b'\nrot = 1", "unknown key [tenants] rot", "did you mean root?"),
        ("root = 'a.b'\nrole = 'tenant'", "role has {key} not exactly once", "tenant_{key}"),
        ("root = 'a.b'\ngroup = 'app_user'", "is a role of the cutover", "another name"),
        ("root = 'a.b'\ngroup = 'pg_x'", "is reserved", "another name"),
        ("root = 'a.b'\nschema = 'public'", "is reserved", "another name"),
        ("root = 'a.b'\nauth = 'ldap'", "is not one of its values", '"password", "external"'),
        ("root = 'a.b'\nconnection_limit = 2147483648", "is not a number from -1 to 2147483647", "without quotes"),
        ("root = 'a.b'\nconnection_limit = -2", "is not a number from -1 to 2147483647", "without quotes"),
        ("root = 'a.b'\nroot_update = 'no'", "neither true nor false", "without quotes"),
        ("root = 'a.b'\nrings = [['1']]", "does not end with the rest", '["rest"]'),
        ("root = 'a.b'\nrings = [['rest'], ['rest']]", "has the rest before its end", "the last one"),
        ("root = 'a.b'\nrings = [['500%'], ['rest']]", "has a share that is none", "5%"),
        ("root = 'a.b'\nrings = ['rest']", "is not a list of lists", "write it like"),
        ("root = 'a.b'\n[tenants.tables]\nowns = {}", "unknown key [tenants.tables] owns", "did you mean own?"),
        ("root = 'a.b'\n[tenants.tables]\nown = ['a.c']", "does not say a column", "write it like"),
        ("root = 'a.b'\n[tenants.tables]\nshared = ['a.b']", '"a.b" is the root', "once"),
        ("root = 'a.b'\n[tenants.tables]\nshared = ['a.c']\nhidden = ['a.C']", '"a.C" is shared already', "once"),
        ("root = 'a.b'\n[tenants.tables]\nthrough = {'a.c' = 'x -> y'}", "is no way to another", "->"),
    ],
)
def test_mistakes(text: str, what: str, fix: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(what)) as caught:
        parse(f"{LEAST}[tenants]\n{text}")
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "way",
    [
        Way(("order_id",)),
        Way(("orderId", "a, b")),
        Way(("order_id",), "public", "orders", ("id",)),
        Way(("a", 'b "->" (c)'), "s", 'T "t"', ("x", "y")),
    ],
)
def test_ways_are_read_back(way: Way) -> None:
    assert parse_way(format_way(way)) == way


def test_names_of_roles() -> None:
    assert role_of(ACCOUNTS, "17") == "tenant_17"
    for key, why in (("", "empty"), ("ü" * 30, "67 bytes"), ("a\0b", "NUL")):
        with pytest.raises(ValueError, match=why):
            role_of(ACCOUNTS, key)
    assert clashes(ACCOUNTS, ["1", "2", "x" * 60], {"tenant_2"}).keys() == {"2", "x" * 60}


# -- conditions


# -- the survey


def ref(name: str) -> ObjectRef:
    return ObjectRef("table", "public", name)


def table(
    name: str, columns: str, *keys: str, rows: float = 10, parent: bool = False, primary: str = "id", unique: str = ""
) -> Table:
    """``id:bigint! account_id:integer`` and ``account_id>accounts.id``."""
    found = []
    for each in columns.split():
        column, _, type_ = each.partition(":")
        found.append(Column(column, type_.rstrip("!") or "bigint", type_.endswith("!")))
    fks = []
    for key in keys:
        here, _, there = key.partition(">")
        target, _, column = there.partition(".")
        fks.append(ForeignKey(tuple(here.split(",")), ref(target), tuple((column or "id").split(","))))
    pk = (primary,) if any(one.name == primary for one in found) else ()
    unique_keys = ((unique,),) if unique else ()
    return Table(ref(name), "app_migrator", tuple(found), pk, tuple(fks), unique_keys, rows=rows, parent=parent)


def surveyed(*tables: Table, tenants: Tenants = ACCOUNTS) -> Survey:
    return survey(tenants, Structure({one.ref: one for one in tables}))


TABLES = (
    table("accounts", "id:bigint!"),
    table("orders", "id:bigint! account_id:bigint! user_id:bigint", "account_id>accounts", "user_id>users"),
    table("bots", "id:bigint! account_id:integer"),
    table("lines", "id:bigint! order_id:bigint!", "order_id>orders"),
    table("notes", "id:bigint! line_id:bigint", "line_id>lines"),
    table("users", "id:bigint! email:text"),
    table("comments", "id:bigint! commentable_type:text commentable_id:bigint"),
    table("logins", "id:bigint! user_id:bigint! provider_type:text provider_id:text", "user_id>users"),
)


def kinds(found: Survey) -> dict[str, str]:
    return {one.ref.name: one.kind for one in found.belongings.values()} | {
        one.ref.name: "?" for one in found.undecided
    }


def test_kinds_by_column_by_way_and_none() -> None:
    found = surveyed(*TABLES)
    assert found.complete
    assert kinds(found) == {
        "accounts": "root",
        "orders": "own",
        "bots": "own",
        "lines": "through",
        "notes": "through",
        "users": "hidden",
        "comments": "hidden",
        "logins": "hidden",
    }
    notes = found.belongings[ref("notes")]
    assert [link.table for link in notes.links] == ["lines", "orders"]
    assert notes.column == "account_id"
    assert "may be NULL" in notes.why
    assert "polymorphic" in found.belongings[ref("comments")].why
    assert "polymorphic" not in found.belongings[ref("logins")].why, "its user says whose it is"
    assert found.key_type == "bigint"


def test_two_columns_and_two_ways_are_questions() -> None:
    found = surveyed(
        *TABLES,
        table("transfers", "id:bigint! from_id:bigint to_id:bigint", "from_id>accounts", "to_id>accounts"),
        table("returns", "id:bigint! order_id:bigint! bot_id:bigint!", "order_id>orders", "bot_id>bots"),
        table("return_notes", "id:bigint! return_id:bigint!", "return_id>returns"),
        table("pieces", "id:bigint! order_id:bigint! bot_id:bigint", "order_id>orders", "bot_id>bots"),
        table("stays", "id:bigint! order_id:bigint! line_id:bigint!", "order_id>orders", "line_id>lines"),
    )
    assert {name for name, kind in kinds(found).items() if kind == "?"} == {"transfers", "returns", "return_notes"}
    assert kinds(found)["pieces"] == "through", "one that must be set goes before one that may be missing"
    assert found.belongings[ref("stays")].links[0].table == "orders", "the shortest"
    assert not found.complete
    questions = {one.ref.name: one for one in found.undecided}
    assert [one.kind for one in questions["transfers"].choices] == ["own", "own"]
    assert [one.links[0].table for one in questions["returns"].choices] == ["orders", "bots"]
    assert "said first" in questions["return_notes"].why
    said = replace(
        ACCOUNTS,
        own=(("public.transfers", "from_id"),),
        through=(("public.returns", "order_id"),),
        hidden=("public.bots",),
    )
    found = surveyed(*found.structure.tables.values(), tenants=said)
    assert found.complete
    assert kinds(found)["return_notes"] == "through"
    assert kinds(found)["bots"] == "hidden"


def test_a_guess_by_name_is_a_question() -> None:
    found = surveyed(*TABLES, table("memos", "id:bigint! order_id:bigint!"))
    (guess,) = found.undecided
    assert guess.ref.name == "memos"
    assert "guess" in guess.why
    said = replace(ACCOUNTS, through=(("public.memos", "order_id -> public.orders(id)"),))
    found = surveyed(*found.structure.tables.values(), tenants=said)
    assert found.complete
    assert found.belongings[ref("memos")].links == (Link("public", "orders", ("order_id",), ("id",)),)


def test_a_guess_is_asked_rather_than_hidden() -> None:
    found = surveyed(
        *TABLES,
        table("moves", "id:bigint! target_order_id:bigint!"),
        table("move_notes", "id:bigint! move_id:bigint!"),
        table("move_note_files", "id:bigint! move_note_id:bigint!", "move_note_id>move_notes"),
        table("jumps", "id:bigint! targetOrderId:bigint!"),
        table("watchers", "id:bigint! last_order_id:bigint"),
        table("tickets", "id:bigint! order_id:bigint! closed_by_line_id:bigint", "closed_by_line_id>lines"),
        table("things", "record_id:bigint! id:uuid! account_id:bigint!", primary="record_id", unique="id"),
        table("thing_flags", "name:text! thing_id:uuid!", primary="name"),
    )
    why = {one.ref.name: one.why for one in found.undecided}
    assert why.keys() == {"moves", "jumps", "move_notes", "move_note_files", "tickets", "thing_flags"}
    assert "follows from public.moves" in why["move_notes"]
    assert "follows from public.move_notes" in why["move_note_files"]
    assert "closed_by_line_id, which is declared, may be NULL" in why["tickets"]
    choices = {one.ref.name: [each.links[0] for each in one.choices] for one in found.undecided}
    assert [one.columns for one in choices["tickets"]] == [("order_id",), ("closed_by_line_id",)]
    assert choices["thing_flags"] == [Link("public", "things", ("thing_id",), ("id",))]
    assert kinds(found)["watchers"] == "hidden", "what may be NULL, and is called by more, says nothing of whose it is"


def test_a_key_that_may_be_null_is_asked_of_where_another_column_must_be_set() -> None:
    found = surveyed(
        *TABLES,
        table("branches", "id:bigint! account_id:bigint!", "account_id>accounts"),
        table("people", "pid:bigint! branch_id:bigint! copied_account_id:bigint! account_id:bigint", primary="pid"),
        table("letters", "id:bigint! person:bigint!", "person>people.pid"),
        table("remarks", "id:bigint! branch_id:bigint account_id:bigint", "account_id>accounts"),
    )
    why = {one.ref.name: one.why for one in found.undecided}
    assert why.keys() == {"people", "letters"}
    assert why["people"].endswith("account_id may be NULL")
    (asked,) = (one for one in found.undecided if one.ref.name == "people")
    assert {one.column for one in asked.choices} == {"account_id", "copied_account_id"}
    assert {one.kind for one in asked.choices} == {"own", "through"}
    said = replace(ACCOUNTS, own=(("public.people", "copied_account_id"),))
    found = surveyed(*found.structure.tables.values(), tenants=said)
    assert found.complete
    assert kinds(found)["letters"] == "through"


def test_what_the_tables_do_not_bear_out() -> None:
    said = replace(
        ACCOUNTS,
        own=(("public.users", "email"), ("public.bots", "acount_id")),
        through=(("public.comments", "commentable_id"),),
        shared=("public.plans",),
    )
    assert [line.partition(":")[0] for line in surveyed(*TABLES, tenants=said).wrong] == [
        "shared",
        "own",
        "own",
        "through",
    ]
    lost = surveyed(*TABLES, tenants=Tenants("public.firms"))
    assert not lost.complete
    assert "no such table" in lost.wrong[0]


def test_self_references_circles_and_children_lead_nowhere() -> None:
    found = surveyed(
        table("accounts", "id:bigint! owner_id:bigint", "owner_id>users"),
        table("users", "id:bigint! boss_id:bigint", "boss_id>users"),
        table("a", "id:bigint! b_id:bigint", "b_id>b"),
        table("b", "id:bigint! a_id:bigint", "a_id>a"),
        table("orders_2024", "id:bigint! account_id:bigint!", parent=True),
        table("sections", "id:bigint! account_id:bigint! up_id:bigint", "up_id>sections"),
    )
    assert kinds(found) == {"accounts": "root", "users": "hidden", "a": "hidden", "b": "hidden", "sections": "own"}


def test_the_likeliest_root_comes_first() -> None:
    tables = {one.ref: one for one in TABLES}
    first, *_ = candidates(Structure(tables))
    assert (first.ref.name, first.columns, first.tables, first.declared) == ("accounts", ("account_id",), 2, 1)


def test_what_holds_the_nearest_one_is_the_root() -> None:
    """Projects of organizations; plans hold nothing, and neither does who is named by a column that may be NULL."""
    near = [table(f"t{number}", "id:bigint! project_id:bigint!", "project_id>projects") for number in range(9)]
    far = (
        table("plans", "id:bigint!"),
        table("companies", "id:bigint! site_id:bigint", "site_id>sites"),
        table("sites", "id:bigint!"),
        table("organizations", "id:bigint! plan_id:bigint! project_id:bigint", "plan_id>plans", "project_id>projects"),
        table("projects", "id:bigint! org_id:bigint!", "org_id>organizations", "company_id>companies"),
    )
    structure = Structure({one.ref: one for one in (*near, *far)})
    assert [one.ref.name for one in candidates(structure)][:2] == ["organizations", "projects"]
    proposed = proposal(candidates(structure), structure)
    assert proposed is not None
    assert (proposed.root, proposed.key) == ("public.organizations", ("org_id",))
    assert proposed.rings == ACCOUNTS.rings, "numbers: one of them is 1"
    found = survey(proposed, structure)
    assert {kind for name, kind in kinds(found).items() if name.startswith("t")} == {"through"}
    named = table("projects", "id:bigint! organization_id:bigint!")
    without = Structure({one.ref: one for one in (*near, named, *far[:-1])})
    assert candidates(without)[0].ref.name == "organizations", "by its name alone, too"


def test_rings() -> None:
    """A share is of all tenants, also of those in earlier rings, and rounded up."""
    keys = [str(number) for number in range(1, 42)]
    tenants = replace(ACCOUNTS, rings=(("7", "99"), ("5%",), ("1", "10%"), ("rest",)))
    found = rings(tenants, keys)
    assert found[:3] == [("7",), ("1", "2", "3"), ("4", "5", "6", "8", "9")]
    assert sorted(key for ring in found for key in ring) == sorted(keys)
    assert rings(ACCOUNTS, ["1", "2"]) == [("1",), ("2",), ()]


def test_a_key_in_the_rings_that_nobody_has() -> None:
    said = replace(ACCOUNTS, rings=(("Acme", "7", "zzz"), ("5%",), ("rest",)))
    assert unknown(said, {"acme", "7"}) == {
        "Acme": "did you mean 'acme'?",
        "zzz": "write the key as the root has it, or leave it out",
    }
    assert unknown(ACCOUNTS, {"acme"}) == {}, "the default is nobody's mistake"
