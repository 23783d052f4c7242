"""Loads the fixtures, which are plugins in tests/fixtures, one file per subject."""

import os
import signal

from hypothesis import HealthCheck, Phase, settings

# How fast examples are generated depends on the machine only
settings.register_profile("flatsplit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("unshrunk", settings.get_profile("flatsplit"), phases=[Phase.generate])
settings.load_profile("flatsplit")

# A job in the background of a script ignores Ctrl-C, and so would every process that a test starts and interrupts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A test and its server take turns, message by message, and waking up another processor each time takes a tenth of what
# the tests need. Where there are workers enough to keep all processors busy, each stays on one, and its servers with it
if (_worker := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")) and hasattr(os, "sched_setaffinity"):
    _processors = sorted(os.sched_getaffinity(0))
    if int(os.environ["PYTEST_XDIST_WORKER_COUNT"]) >= len(_processors):
        os.sched_setaffinity(0, {_processors[int(_worker) % len(_processors)]})

pytest_plugins = (
    "tests.fixtures.servers",
    "tests.fixtures.thinning",
    "tests.fixtures.databases",
    "tests.fixtures.cli",
    "tests.fixtures.partial_looks",
    "tests.fixtures.sessions",
)
