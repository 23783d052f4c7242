"""GRANT, REVOKE and ALTER … OWNER of flatsplit.ddl mean what the statements beside them mean, also with hostile names.

What is inside DO blocks is seen by the tests that run it.
"""

from __future__ import annotations

from typing import get_args

import pytest

from flatsplit import ddl
from flatsplit.ddl.rights import hold
from flatsplit.model import PUBLIC, DefaultRef, Kind, ObjectRef
from tests.support.meaning import Case, Naming, assert_means

OWNED: dict[str, str] = {
    "database": "DATABASE t",
    "schema": "SCHEMA t",
    "table": "TABLE s.t",
    "partitioned_table": "TABLE s.t",
    "foreign_table": "FOREIGN TABLE s.t",
    "view": "VIEW s.t",
    "materialized_view": "MATERIALIZED VIEW s.t",
    "sequence": "SEQUENCE s.t",
    "function": "ROUTINE s.t(IN integer)",
    "procedure": "ROUTINE s.t(IN integer)",
    "aggregate": "ROUTINE s.t(IN integer)",
    "type": "TYPE s.t",
    "domain": "DOMAIN s.t",
    "collation": "COLLATION s.t",
    "conversion": "CONVERSION s.t",
    "operator": "OPERATOR s.+ (integer, bigint)",
    "operator_class": "OPERATOR CLASS s.t USING b",
    "operator_family": "OPERATOR FAMILY s.t USING b",
    "text_search_configuration": "TEXT SEARCH CONFIGURATION s.t",
    "text_search_dictionary": "TEXT SEARCH DICTIONARY s.t",
    "statistics": "STATISTICS s.t",
    "large_object": "LARGE OBJECT 7",
    "foreign_data_wrapper": "FOREIGN DATA WRAPPER t",
    "server": "SERVER t",
    "publication": "PUBLICATION t",
    "subscription": "SUBSCRIPTION t",
    "event_trigger": "EVENT TRIGGER t",
    "language": "LANGUAGE t",
    "tablespace": "TABLESPACE t",
}
"""What stands after ALTER, by kind."""
NOT_ALTERED = {"extension", "parameter", "user_mapping", "policy", "column"}
GRANTED: dict[str, str] = {
    **{kind: OWNED[kind] for kind in ("database", "schema", "sequence", "function", "procedure", "aggregate")},
    **{kind: OWNED[kind] for kind in ("type", "large_object", "foreign_data_wrapper", "language", "tablespace")},
    **dict.fromkeys(("table", "partitioned_table", "foreign_table", "view", "materialized_view"), "TABLE s.t"),
    "domain": "TYPE s.t",
    "server": "FOREIGN SERVER t",
    "parameter": "PARAMETER t.b",
}
"""What stands after ON in GRANT, by kind."""


def of_kind(kind: str, called: Naming) -> ObjectRef:
    """An object of this kind whose name is t, in the schema s where it is in one."""
    there = OWNED.get(kind) or GRANTED[kind]
    schema = called("s") if " s." in there else ""
    fixed = {"operator": ("+", "integer, bigint"), "large_object": ("7", ""), "parameter": ("t.b", "")}
    if kind in fixed:
        return ObjectRef(_kind(kind), schema, *fixed[kind])
    args = "integer" if "(IN" in there else called("b") if "USING" in there else ""
    return ObjectRef(_kind(kind), schema, called("t"), args)


def _kind(kind: str) -> Kind:
    found: Kind = next(each for each in get_args(Kind) if each == kind)
    return found


@pytest.mark.parametrize("kind", sorted(set(get_args(Kind)) - NOT_ALTERED))
def test_an_owner_is_changed(kind: str) -> None:
    assert_means((lambda n: ddl.alter_owner(of_kind(kind, n), n("a")), f"ALTER {OWNED[kind]} OWNER TO a"))


@pytest.mark.parametrize("kind", sorted(GRANTED))
@pytest.mark.parametrize("option", [False, True])
def test_rights_are_given_and_taken(kind: str, option: bool) -> None:
    privilege, words = ("s", "SET") if kind == "parameter" else ("U", "USAGE")
    tail, head = (" WITH GRANT OPTION", "GRANT OPTION FOR ") if option else ("", "")
    grant = f"GRANT {words} ON {GRANTED[kind]} TO a{tail}"
    revoke = f"REVOKE {head}{words} ON {GRANTED[kind]} FROM a"
    assert_means((lambda n: ddl.grant([of_kind(kind, n)], privilege, n("a"), option=option), grant))
    assert_means((lambda n: ddl.revoke([of_kind(kind, n)], privilege, n("a"), option=option), revoke))
    to_all = (lambda n: ddl.grant([of_kind(kind, n)], privilege, PUBLIC), f"GRANT {words} ON {GRANTED[kind]} TO PUBLIC")
    assert_means(to_all)


@pytest.mark.parametrize("arguments", ["", "integer, text", "INOUT x integer", "OUT integer", "VARIADIC text[]"])
def test_a_routine_is_named_with_the_modes_of_its_arguments(arguments: str) -> None:
    routine = ObjectRef("function", "s", "t", arguments)
    first = "IN " if arguments == "integer, text" else ""
    assert ddl.name(routine) == f'"s"."t"({first}{arguments})'


def table(called: Naming, name: str = "t") -> ObjectRef:
    return ObjectRef("table", called("s"), called(name))


def column(called: Naming) -> ObjectRef:
    return ObjectRef("column", called("s"), called("t"), called("c"))


RIGHTS: tuple[Case, ...] = (
    (
        lambda n: ddl.grant([table(n), table(n, "b")], "wr", n("a"), grantor=n("f")),
        "SET LOCAL ROLE f; GRANT SELECT, UPDATE ON TABLE s.t, s.b TO a; RESET ROLE",
    ),
    (
        lambda n: ddl.revoke([table(n)], "D", PUBLIC, grantor=n("f")),
        "SET LOCAL ROLE f; REVOKE TRUNCATE ON TABLE s.t FROM PUBLIC; RESET ROLE",
    ),
    (lambda n: ddl.grant_column(column(n), "rw", n("a")), "GRANT SELECT (c), UPDATE (c) ON TABLE s.t TO a"),
    (
        lambda n: ddl.grant_column(column(n), "x", PUBLIC, option=True, grantor=n("f")),
        "SET LOCAL ROLE f; GRANT REFERENCES (c) ON TABLE s.t TO PUBLIC WITH GRANT OPTION; RESET ROLE",
    ),
    (lambda n: ddl.revoke_column(column(n), "r", n("a")), "REVOKE SELECT (c) ON TABLE s.t FROM a"),
    (
        lambda n: ddl.revoke_column(column(n), "r", PUBLIC, option=True, grantor=n("f")),
        "SET LOCAL ROLE f; REVOKE GRANT OPTION FOR SELECT (c) ON TABLE s.t FROM PUBLIC; RESET ROLE",
    ),
    (
        lambda n: ddl.lend_usage(n("s"), n("a"), n("b"), "SELECT 1;"),
        (
            "SET LOCAL ROLE b; GRANT USAGE ON SCHEMA s TO a; RESET ROLE; SELECT 1; "
            "SET LOCAL ROLE b; REVOKE USAGE ON SCHEMA s FROM a; RESET ROLE"
        ),
    ),
    (
        lambda n: hold(
            [table(n), ObjectRef("partitioned_table", n("s"), n("b")), table(n, "c")], [table(n, "c")], major=17
        ),
        "LOCK TABLE ONLY s.t, ONLY s.b IN ACCESS SHARE MODE; DO ''",
    ),
    (lambda n: hold([ObjectRef("materialized_view", n("s"), n("t")), table(n)], major=18), "DO ''"),
    *(
        (
            lambda n, letter=letter, word=word, schema=schema: ddl.grant_default(
                DefaultRef(n("a"), n(schema) if schema else "", letter), "U", n("b"), option=True
            ),
            (
                f"ALTER DEFAULT PRIVILEGES FOR ROLE a{f' IN SCHEMA {schema}' if schema else ''} "
                f"GRANT USAGE ON {word} TO b WITH GRANT OPTION"
            ),
        )
        for letter, word, schema in (
            ("r", "TABLES", "s"),
            ("S", "SEQUENCES", "s"),
            ("f", "ROUTINES", ""),
            ("T", "TYPES", "s"),
            ("n", "SCHEMAS", ""),
            ("L", "LARGE OBJECTS", ""),
        )
    ),
    (
        lambda n: ddl.grant_default(DefaultRef(n("a"), "", "r"), "r", PUBLIC),
        "ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT SELECT ON TABLES TO PUBLIC",
    ),
    (
        lambda n: ddl.revoke_default(DefaultRef(n("a"), n("s"), "r"), "r", n("b"), option=True),
        "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s REVOKE GRANT OPTION FOR SELECT ON TABLES FROM b",
    ),
    (
        lambda n: ddl.revoke_default(DefaultRef(n("a"), "", "f"), "X", PUBLIC),
        "ALTER DEFAULT PRIVILEGES FOR ROLE a REVOKE EXECUTE ON ROUTINES FROM PUBLIC",
    ),
    (
        lambda n: ddl.by_hand(f"{hold([table(n)], major=17)}{ddl.grant([table(n)], 'r', n('a'))}"),
        "BEGIN; LOCK TABLE ONLY s.t IN ACCESS SHARE MODE; GRANT SELECT ON TABLE s.t TO a; COMMIT",
    ),
    (
        lambda n: ddl.by_hand(ddl.grant([table(n)], "r", n("a"), grantor=n("b"))),
        "BEGIN; SET LOCAL ROLE b; GRANT SELECT ON TABLE s.t TO a; RESET ROLE; COMMIT",
    ),
    (lambda n: ddl.by_hand(ddl.grant([table(n)], "r", n("a"))), "GRANT SELECT ON TABLE s.t TO a"),
    (lambda n: ddl.let_thin(n("a")), "GRANT DELETE ON TABLE flatsplit.ddl TO a"),
)


@pytest.mark.parametrize("case", RIGHTS, ids=lambda case: case[1][:60])
def test_a_statement_means_what_it_is_for(case: Case) -> None:
    assert_means(case)
