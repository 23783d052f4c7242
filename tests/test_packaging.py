"""What is shipped: the wheel works away from the checkout, and both archives hold what they should."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import flatsplit
from tests.fixtures.databases import ROOT


def run(*arguments: str, packages: Path | None = None) -> str:
    """Run Python from /, with a folder of packages before those of this environment."""
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    if packages:
        environment["PYTHONPATH"] = str(packages)
    done = subprocess.run(
        [sys.executable, *arguments], cwd="/", env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("dist")
    run("-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT))
    (sdist,) = out.glob("*.tar.gz")
    (wheel,) = out.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="session")
def installed(archives: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed in a folder of its own; its dependencies are the ones that are here already."""
    target = tmp_path_factory.mktemp("installed")
    run("-m", "pip", "install", "--no-deps", "--no-index", "--target", str(target), str(archives[1]))
    return target


def source_files(*folders: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_wheel_holds_everything_and_nothing_else(archives: tuple[Path, Path]) -> None:
    names = set(zipfile.ZipFile(archives[1]).namelist())
    shipped = {name for name in names if ".dist-info/" not in name}
    code = source_files("flatsplit")
    data = {f"flatsplit/_data/{name}" for name in source_files("migrations", "templates")}
    assert data
    assert shipped == code | data
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_sdist_holds_everything(archives: tuple[Path, Path]) -> None:
    with tarfile.open(archives[0]) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    wanted = source_files("flatsplit", "migrations", "templates", "tests")
    assert wanted | {"LICENSE", "README.md", "pyproject.toml", ".ci/run"} <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_runs_away_from_the_checkout(installed: Path) -> None:
    assert run(str(installed / "bin/flatsplit"), "--version", packages=installed).strip().endswith("0.1.0")
    assert "0.1.0" in run("-m", "flatsplit", "--version", packages=installed)


def test_finds_its_files_away_from_the_checkout(installed: Path) -> None:
    script = "from flatsplit import resources; print(resources.templates(), resources.migrations())"
    data = installed / "flatsplit/_data"
    assert run("-c", script, packages=installed).split() == [str(data / "templates"), str(data / "migrations")]


def test_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == flatsplit.__version__
