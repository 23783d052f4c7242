"""Code asks for a role by its purpose: only the blueprint and the configuration contain the purposes' keys."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flatsplit import blueprint
from flatsplit.config import PURPOSES, Config, RoleNames

ROOT = Path(__file__).parents[2]
HOMES = ("blueprint/", "config/")

_WHOSE = "names are taken from `roles`, which folders of users' own templates (--templates) know"
TEMPLATES = {
    "clients.md.j2": _WHOSE,
    "clients/django.j2": _WHOSE,
    "clients/flyway.j2": _WHOSE,
    "clients/kubernetes.j2": _WHOSE,
    "clients/liquibase.j2": _WHOSE,
    "clients/node.j2": _WHOSE,
    "clients/pg_hba.j2": _WHOSE,
    "clients/pgbouncer.j2": _WHOSE,
    "clients/rails.j2": _WHOSE,
    "clients/sqlalchemy.j2": _WHOSE,
    "clients/terraform.j2": _WHOSE,
    "index.html.j2": _WHOSE,
    "runbook.md.j2": _WHOSE,
    "steps/split/default-privileges.md.j2": _WHOSE,
    "steps/split/grant-existing.md.j2": _WHOSE,
    "steps/split/lock-legacy.md.j2": _WHOSE,
    "steps/split/switch-connections.md.j2": _WHOSE,
    "steps/split/switch-connections.sql.j2": _WHOSE,
    "steps/split/transfer-ownership.md.j2": _WHOSE,
    "steps/split/verify.md.j2": _WHOSE,
    "steps/tenants/tenant-close.md.j2": _WHOSE,
}
"""Templates that name a purpose, and why they may."""


def in_code(text: str) -> Iterator[str]:
    """Purposes that a module names by a string of their own or by an attribute.

    ``powers.dba`` is no role: it is the key [owner-powers] dba.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and node.value in PURPOSES:
            yield str(node.value)
        if isinstance(node, ast.Attribute) and node.attr in PURPOSES and not _is_power(node.value):
            yield node.attr


def _is_power(value: ast.expr) -> bool:
    return isinstance(value, ast.Attribute) and value.attr == "powers"


def in_template(text: str) -> Iterator[str]:
    """Those that stand inside what Jinja runs."""
    for run in re.findall(r"\{[{%].*?[%}]\}", text, re.DOTALL):
        yield from re.findall(rf"""(?:\.|["'])({"|".join(PURPOSES)})\b""", run)


def test_no_purpose_stands_outside_the_blueprint() -> None:
    package = ROOT / "flatsplit"
    names = {path: path.relative_to(package).as_posix() for path in sorted(package.rglob("*.py"))}
    found = [(name, key) for path, name in names.items() for key in in_code(path.read_text())]
    assert [one for one in found if not one[0].startswith(HOMES)] == []


def test_templates_that_name_one_are_known() -> None:
    folder = ROOT / "templates"
    naming = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*.j2") if any(in_template(path.read_text()))
    }
    assert naming == TEMPLATES.keys()


@pytest.mark.parametrize("key", PURPOSES)
def test_one_that_stood_there_would_be_seen(key: str) -> None:
    assert list(in_code(f'def late(roles):\n    """Of {key}."""\n    return roles.{key}, "{key}"')) == [key, key]
    assert list(in_template(f"{key} {{{{ roles.{key}|code }}}} {{% if one == '{key}' %}}{key}{{% endif %}}")) == [
        key,
        key,
    ]


def test_the_rows_are_those_of_the_configuration_in_its_order() -> None:
    assert tuple(row.key for row in blueprint.ROWS) == PURPOSES
    assert len({row.duty for row in blueprint.ROWS}) == len(PURPOSES)


def test_who_is_left_out_has_no_role() -> None:
    config = Config("shop", "shop", ("public",), roles=RoleNames("u", "m", "r", ""))
    assert [role.name for role in blueprint.roles(config)] == ["u", "m", "r"] == list(blueprint.programs(config))
    assert blueprint.who(config) == ("u", "m", "r", "")
