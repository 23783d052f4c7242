"""A few files of the corpus; ``python -m tests.corpus`` plays all of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.corpus.play import ROLES, Player
from tests.corpus.remember import remembering
from tests.corpus.script import statements
from tests.corpus.source import NotToBeHad, regression
from tests.corpus.stage import build, make_cluster

FILES = ("create_cast", "alter_generic", "namespace", "drop_if_exists", "create_type")


def test_scripts_of_psql() -> None:
    text = (
        "\\getenv here PWD\n-- only a remark\n;create rule r as on insert to t do (select 1; select ';');\n"
        "copy t from stdin;\n1\tx;\n\\.\nselect $a$;$a$, E'\\';' as b \\gset\n"
        "create function f() returns int begin atomic select 1; select 2; end;\n\\d t\nselect 1"
    )
    found = list(statements(text + ";"))
    assert found == [
        "create rule r as on insert to t do (select 1; select ';')",
        "copy t from stdin",
        "select $a$;$a$, E'\\';' as b",
        "create function f() returns int begin atomic select 1; select 2; end",
        "select 1",
    ]


@pytest.mark.slow
def test_verdicts_on_the_regression_sql(tmp_path: Path) -> None:
    try:
        folder = regression(Path(tempfile.gettempdir()) / "flatsplit-corpus")
    except NotToBeHad as why:
        pytest.skip(f"the regression SQL is not to be had here: {why}")
    wrong, unknown, total = [], 0, 0
    with make_cluster() as cluster:
        stage = build(tmp_path, cluster, list(statements((folder / "test_setup.sql").read_text())))
        for name in FILES:
            with stage.database() as database, remembering() as memory:
                player = Player(stage, database, memory, 120)
                try:
                    for line in player.play(list(statements((folder / f"{name}.sql").read_text()))):
                        for role in ROLES:
                            verdict = line.verdicts[role]
                            total += 1
                            unknown += verdict.verdict == "unknown"
                            if found := line.wrong(role, verdict.verdict, verdict.reason):
                                wrong.append((name, role, found, line.text, verdict.reason))
                finally:
                    player.close()
    assert wrong == []
    assert total > 500
    assert unknown < 0.03 * total
