"""The fixtures are plugins, one file per theme; look there for what they give."""

import signal

from hypothesis import HealthCheck, settings

# How fast examples are made says something about the machine only, and nothing about what is tested
settings.register_profile("flatsplit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("flatsplit")

# A job in the background of a script ignores Ctrl-C, and so would every process that a test starts and interrupts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = (
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.cli",
)
