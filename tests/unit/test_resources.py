"""Where templates and migrations are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from flatsplit import resources
from tests.fixtures.databases import ROOT


def test_in_a_checkout() -> None:
    assert resources.templates() == ROOT / "templates"
    assert resources.migrations() == ROOT / "migrations"


def test_in_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "flatsplit")
    (tmp_path / "templates").mkdir()
    (tmp_path / "flatsplit/_data/templates").mkdir(parents=True)
    assert resources.templates() == tmp_path / "flatsplit/_data/templates"


def test_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "flatsplit")
    with pytest.raises(resources.ResourceMissing, match="no migrations") as caught:
        resources.migrations()
    assert "install it again" in caught.value.fix
