"""The applications: which releases, how they make their schema, how they work, how they migrate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

WORKLOADS = Path(__file__).with_name("workloads")


@dataclass(frozen=True)
class Release:
    """What pip installs."""

    label: str
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class App:
    """One application. Its workload is a script with three verbs: ``install``, ``work SECONDS`` and ``migrate``.

    It finds the database in the environment: ``PGHOST``, ``PGPORT``, ``PGDATABASE``, ``PGUSER``, ``PGPASSWORD``.
    """

    name: str
    old: Release
    new: Release
    sequences: tuple[str, ...] = ()
    """Those that statements use without saying so in what pg_stat_statements keeps, as the makers tell."""

    @property
    def workload(self) -> Path:
        """The script that an environment of this application runs."""
        return WORKLOADS / f"{self.name}_app.py"


def _release(package: str, version: str, *more: str) -> Release:
    return Release(version, (f"{package}=={version}", *more))


APPS = {
    app.name: app
    for app in (
        App(
            "procrastinate",
            _release("procrastinate", "3.2.2", "psycopg[binary]"),
            _release("procrastinate", "3.10.0", "psycopg[binary]"),
        ),
        App(
            "pgqueuer",
            _release("pgqueuer", "0.24.3", "psycopg[binary]"),
            _release("pgqueuer", "1.6.0", "psycopg[binary]"),
            ("public.pgqueuer_id_seq",),
        ),
        App(
            "mlflow",
            _release("mlflow-skinny", "3.1.4", "sqlalchemy<2.1", "alembic", "psycopg2-binary"),
            _release("mlflow-skinny", "3.17.2", "sqlalchemy<2.1", "alembic", "psycopg2-binary"),
        ),
        App(
            "prefect",
            _release("prefect", "3.4.0", "asyncpg", "importlib_metadata", "fastapi<0.116"),
            _release("prefect", "3.7.0", "asyncpg", "fastapi<0.120"),
        ),
    )
}
