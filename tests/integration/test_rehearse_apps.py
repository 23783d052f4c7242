"""What real applications ran rehearses to a verdict for every statement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase, shared_apps, shared_file
from tests.support.walk import Walk

TRUNCATED = {"pgqueuer": {"pgqueuer", "pgqueuer_log", "pgqueuer_statistics"}}
"""Tables that an application truncates, which app_user may not."""


def rehearse(walk: Walk, app: str, *arguments: str, exit_code: int) -> Any:
    path = shared_file("apps", f"{app}.statements.sql")
    return walk("rehearse", "--file", str(path), "--json", *arguments).check(exit_code).json


@pytest.mark.majors("two")
@pytest.mark.parametrize("app", shared_apps())
def test_statements_of_applications(make_database: MakeDatabase, invoke_cli: InProcess, app: str) -> None:
    walk = Walk(invoke_cli, make_database(app=app)).init()
    truncated = TRUNCATED.get(app, set())
    verdicts = {}
    for stage in ("before", "after"):
        if stage == "after":
            walk.next("--through", "grant-existing")
        found = rehearse(walk, app, exit_code=4 if truncated else 0)
        statements = found["statements"]
        odd = [each for each in statements if each["verdict"] not in ("allowed",)]
        print(stage, found["summary"], *odd, sep="\n")
        assert sum(found["summary"].values()) == len(statements) > 20
        assert found["summary"]["unknown"] < 0.02 * len(statements)
        assert found["summary"]["silent"] == found["summary"]["migrator"] == 0
        denied = [each for each in statements if each["verdict"] == "denied"]
        assert {each["object"] for each in denied} == {f"public.{name}" for name in truncated}
        assert {each["privilege"] for each in denied} == ({"TRUNCATE"} if truncated else set())
        assert found["basis"] == ("blueprint" if stage == "before" else "role")
        verdicts[stage] = {each["query"]: each["verdict"] for each in statements}
    assert verdicts["before"] == verdicts["after"]


@pytest.mark.parametrize("app", [each for each in shared_apps() if each in ("procrastinate", "mlflow")])
def test_upgrades_of_applications_are_the_migrators(
    make_database: MakeDatabase, invoke_cli: InProcess, app: str
) -> None:
    """They are of the older release's schema: a few speak of what is not there any more."""
    walk = Walk(invoke_cli, make_database(app=app)).init()
    path = shared_file("apps", f"{app}.upgrade.sql")
    for stage in ("before", "after"):
        if stage == "after":
            walk.next("--through", "enable-login")
        found = walk("rehearse", "--file", str(path), "--as", "app_migrator", "--json").check(0).json
        odd = [each for each in found["statements"] if each["verdict"] == "unknown"]
        assert all("(any more)" in each["reason"] or "does not exist" in each["reason"] for each in odd)
        assert len(odd) < 0.07 * len(found["statements"])
        as_user = walk("rehearse", "--file", str(path), "--json").check(4).json["summary"]
        assert as_user["migrator"] > 20
        assert as_user["denied"] == as_user["silent"] == 0
