"""Files with statements, as people, psql and pg_dump write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flatsplit.rehearsal.grammar import Unparsable, parse_one, split
from flatsplit.rehearsal.sources.files import read_file

PARTS = (
    "a",
    "a$b$c",
    "1.5e3",
    "$1",
    "::text",
    "- 1",
    "/ 2",
    "'it''s; --'",
    "E'a\\';b'",
    "'two\nlines;'",
    '"q;""\'"',
    "$$ ; ' -- $$",
    "$b$ ; $$ ' $b$",
    "/* a; /* ' */ $$; */",
    "-- x; '\r\n",
    "(1, (2))",
    "ärger",
)
STATEMENTS = st.lists(st.sampled_from(PARTS), max_size=6).map(lambda parts: " ".join(("SELECT", *parts)))
BODIES = st.sampled_from(
    (
        "CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2)",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC\n  SELECT 1;\nEND",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1;\nSELECT 2;\n'",
        "DO $$ BEGIN\n  PERFORM 1;\nEND $$",
    )
)
CUT = st.sampled_from(
    ("SELECT a FROM t WHERE b IN ($1, $", "SELECT 'cut", 'SELECT "cut', "DO $x$ cut", "/* cut", "SELEC 1")
)
WHOLE = st.sampled_from(("SELECT 'x' AS y", "SELECT $$;$$", "SELECT (1)", 'SELECT "a" FROM t', "COMMIT"))


@given(st.lists(STATEMENTS | BODIES, max_size=5), st.sampled_from((";", ";\n", " ;\r\n\r\n", "; /* ; */ ;\n")))
def test_every_statement_is_found_as_it_stands(statements: list[str], between: str) -> None:
    text = "".join(f"{one}{between}" for one in statements)
    assert [one.removeprefix("/* ; */ ") for one in split(text)] == [one.strip() for one in statements]


@given(st.lists(WHOLE | BODIES, max_size=3), CUT, st.lists(WHOLE | BODIES, max_size=3))
def test_a_statement_that_was_cut_off_takes_no_other_with_it(before: list[str], cut: str, after: list[str]) -> None:
    found = split("".join(f"{one};\n" for one in (*before, cut, *after)))
    assert [one.rstrip(";\n") for one in found] == [one.rstrip(";") for one in (*before, cut, *after)]


PSQL = r"""\set ON_ERROR_STOP on
\echo it's; here
SELECT 1;
\connect app
SELECT format('ANALYZE %I', relname) FROM pg_class \gexec
SELECT 2 \gset x_ \\ SELECT 3\g
\copy t (a, b) from 'x;y.csv' csv header
\copy (SELECT a FROM t) to program 'gzip' csv
\if :{?x}
SELECT 4 \; SELECT 5;
\endif
COPY t (a) FROM stdin;
it's; $$ /* (
\.

SELECT 6;
COPY u FROM STDIN;
SELECT 7;
\ir other.sql
SELECT 8
"""


def test_what_belongs_to_psql_is_no_statement() -> None:
    assert split(PSQL) == [
        "SELECT 1",
        "SELECT format('ANALYZE %I', relname) FROM pg_class",
        "\\gexec",
        "SELECT 2",
        "SELECT 3",
        "SELECT 4",
        "COPY t (a, b) FROM STDIN csv header",
        "COPY (SELECT a FROM t) TO STDOUT csv",
        "SELECT 5",
        "COPY t (a) FROM stdin",
        "SELECT 6",
        "COPY u FROM STDIN",
        "SELECT 7",
        "SELECT 8",
        "\\ir other.sql",
    ]


@pytest.mark.parametrize(
    ("piece", "said"),
    [
        ("\\gexec", "statements that psql makes of an answer"),
        ("\\ir other.sql", "a file that psql reads"),
        ("SELECT :'name'", "variables of psql's"),
        ("SELECT * FROM :table", "variables of psql's"),
        ("SELECT a[1:n] + 'x:y' FROM WHERE", "syntax error"),
    ],
)
def test_what_cannot_be_known_is_told_as_that(piece: str, said: str) -> None:
    with pytest.raises(Unparsable, match=said):
        parse_one(piece)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_however_it_is_encoded(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "statements.sql"
    file.write_text("-- calls=3 top=true\nSELECT 'ä';\nSELECT 2;\n", encoding=encoding, newline="\r\n")
    kind, found = read_file(file, frozenset({"legacy"}), "app", frozenset())
    assert (kind, [(one.text, one.calls) for one in found]) == ("SQL file", [("SELECT 'ä'", 3), ("SELECT 2", 1)])
