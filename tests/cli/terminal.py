"""flatsplit at a real (pseudo) terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.fixtures.cli import Result, Target, environment
from tests.support.patience import PATIENCE, sleeping, until


def type_at(
    cwd: Path,
    *arguments: str,
    dsn: Target = None,
    answers: Sequence[tuple[str, str | Callable[[], object]]] = (),
    timeout: float = PATIENCE,
) -> Result:
    """Run a command and type each answer when its prompt appears; stdout and stderr come as one, as on a screen.

    An answer may also be something to do. The command has to leave the terminal's settings as they were.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 120))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        [sys.executable, "-m", "flatsplit", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        # without a controlling terminal Ctrl-C is just a character, and there is no /dev/tty to ask for passwords on
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env=environment(dsn, {"TERM": "xterm"}),
        cwd=cwd,
    )
    os.close(theirs)
    waiting = list(answers)
    screen = ""
    looked = 0
    deadline = time.monotonic() + timeout
    with contextlib.suppress(OSError):  # EIO: the other side is closed
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            data = os.read(ours, 65536)
            if not data:
                break
            screen += data.decode(errors="replace")
            while waiting and (found := re.search(waiting[0][0], screen[looked:])):
                looked += found.end()
                answer = waiting.pop(0)[1]
                if not isinstance(answer, str):
                    answer()
                    continue
                if answer == "\x03":
                    until(partial(sleeping, process.pid), "a prompt that waits")  # a signal before that is lost
                os.write(ours, answer.encode())
    if waiting:
        process.kill()
    code = process.wait(PATIENCE)
    after = termios.tcgetattr(ours)
    os.close(ours)
    assert not waiting, f"never asked: {waiting[0][0]}\n{screen}"
    assert after == before, f"the terminal's settings are others than before\n{screen}"
    return Result(code, screen, "")
