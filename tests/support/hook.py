"""Compiles a module for the server that refuses passwords that are not clear text."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flatsplit.demo.server import embedded_folder

SAID = "password has to be given in clear text"
_SOURCE = """
#include "postgres.h"
#include "fmgr.h"
#include "commands/user.h"
PG_MODULE_MAGIC;
void _PG_init(void);
static void
check(const char *username, const char *shadow_pass, PasswordType type, Datum until, bool until_null)
{
    if (type != PASSWORD_TYPE_PLAINTEXT)
        ereport(ERROR, (errcode(ERRCODE_@code), errmsg("@said")));
}
void _PG_init(void) { check_password_hook = check; }
"""


@contextmanager
def refusing_module(code: str) -> Iterator[str]:
    """The module's path for shared_preload_libraries; ``code`` is how its error is classed."""
    folder = embedded_folder()
    compiler = shutil.which("cc") or shutil.which("gcc")
    headers = folder.parent / "include" / "server" if folder else None
    if compiler is None or headers is None or not (headers / "commands" / "user.h").exists():
        pytest.skip("no compiler, or no headers of the server, on this machine")
    place = Path(tempfile.mkdtemp(prefix="fsh"))
    try:
        place.chmod(0o755)  # the server runs as another user
        source = place / "refuses.c"
        source.write_text(_SOURCE.replace("@code", code).replace("@said", SAID))
        command = [compiler, "-shared", "-fPIC", f"-I{headers}", "-o", str(place / "refuses.so"), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        yield str(place / "refuses")
    finally:
        shutil.rmtree(place)
