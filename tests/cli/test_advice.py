"""Advice that helps where it is given."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from flatsplit.config import parse
from flatsplit.connection.failures import connect_failed
from flatsplit.errors import ConfigError
from tests.fixtures.cli import InProcess


def test_init_without_a_terminal_does_not_point_to_a_status_that_is_not_there(invoke_cli: InProcess) -> None:
    result = invoke_cli("init", "--legacy-role", "shop").check(2)
    assert result.stderr.splitlines()[-1] == "  fix: give --yes"


@pytest.mark.parametrize(("key", "section"), [("name", "cutover"), ("drain", "gates"), ("nonsense", "cutover")])
def test_a_key_above_the_first_section(key: str, section: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f'{key} = "x"\n[roles]\n')
    assert caught.value.what == f"flatsplit.toml: {key} stands above the first section"
    assert f"[{section}]" in caught.value.fix


def test_a_socket_in_a_folder_that_cannot_be_entered(tmp_path: Path) -> None:
    said = f'connection failed: connection to server on socket "{tmp_path}/.s.PGSQL.5432" failed: Permission denied'
    error = connect_failed(f"host={tmp_path}", psycopg.OperationalError(said))
    assert "may enter the socket's folder" in error.fix
