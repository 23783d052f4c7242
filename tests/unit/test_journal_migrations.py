"""The migrations as files: the newest is the one that the package expects, and they form one line."""

from __future__ import annotations

import subprocess
import sys

from alembic.config import Config
from alembic.script import ScriptDirectory

from flatsplit import resources
from flatsplit.journal import HEAD


def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(resources.migrations()))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def test_head_is_the_newest_migration() -> None:
    assert scripts().get_heads() == [HEAD]


def test_revisions_count_upwards_without_gaps() -> None:
    # "older" and "newer" are told apart by number
    found = [script.revision for script in scripts().walk_revisions()]
    assert found == [f"{number:04d}" for number in range(len(found), 0, -1)]


def test_working_with_the_journal_does_not_import_alembic() -> None:
    heavy = "{'alembic', 'mako', 'click', 'rich', 'jinja2'}"
    program = f"import sys, flatsplit.connection, flatsplit.journal; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
