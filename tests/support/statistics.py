"""Whether the server that the stories run on can remember statements at all."""

from __future__ import annotations

import pytest

from flatsplit.demo.server import find_binaries


def require_statements() -> None:
    """Skip where the installation brings no pg_stat_statements, judged by its files and not by what a story says."""
    if not any(find_binaries().prefix.rglob("pg_stat_statements.control")):
        pytest.skip("this installation has no pg_stat_statements, and the story is about learning from it")
