"""Virtual environments, kept between runs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.live.apps import Release


def environment(folder: Path, name: str, release: Release) -> Path:
    """The Python of an environment with this release in it; made where it is not there yet."""
    key = hashlib.sha256(" ".join(release.requirements).encode()).hexdigest()[:8]
    place = folder / f"{name}-{release.label}-{key}"
    python = place / "bin" / "python"
    ready = place / "ready"
    if not ready.exists():
        print(f"  installing {' '.join(release.requirements)}", file=sys.stderr, flush=True)
        _run([sys.executable, "-m", "venv", "--clear", str(place)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *release.requirements])
        ready.touch()
    return python


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr[-3000:]}")


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without what would lead a program to another database or to our modules."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PG", "FLATSPLIT_", "PYTHON", "MLFLOW_", "PREFECT_"))
    }
    return kept | more
