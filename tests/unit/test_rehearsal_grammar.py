"""Texts as pg_stat_statements keeps them, which are not always statements."""

from __future__ import annotations

import pytest

from flatsplit.rehearsal.grammar import Unparsable, parse_nested, parse_one


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SAVEPOINT $1", "transaction_stmt"),
        ("release savepoint $1", "transaction_stmt"),
        ("ROLLBACK TO SAVEPOINT $1", "transaction_stmt"),
        ("PREPARE TRANSACTION $1", "transaction_stmt"),
        ("/* a remark: $1 */ COMMIT PREPARED $1", "transaction_stmt"),
        ("DEALLOCATE $1", "deallocate_stmt"),
        ("FETCH $1 FROM c", "fetch_stmt"),
    ],
)
def test_a_name_may_be_hidden_where_none_can_stand(text: str, kind: str) -> None:
    assert parse_one(text).kind == kind


@pytest.mark.parametrize("text", ["TRUNCATE $1", "LOAD $1", "SELEC $1", "DROP TABLE $1", "SAVEPOINT $1; TRUNCATE $2"])
def test_but_not_where_it_tells_what_is_touched(text: str) -> None:
    with pytest.raises(Unparsable):
        parse_one(text)


@pytest.mark.parametrize(
    "text", ["EXISTS (SELECT FROM t)", "n := (SELECT count(*) FROM t)", "new.a[1] = NEW.b + 1", "SELECT 1 FROM t"]
)
def test_expressions_of_routines(text: str) -> None:
    assert parse_nested(text).kind == "select_stmt"


def test_what_is_no_expression_stays_unread() -> None:
    with pytest.raises(Unparsable, match="syntax error"):
        parse_nested("TRUNCATE $1 $2")
