"""The fixtures are plugins, one file per theme; look there for what they give."""

from hypothesis import HealthCheck, settings

# How fast examples are made says something about the machine only, and nothing about what is tested
settings.register_profile("flatsplit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("flatsplit")

pytest_plugins = (
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.cli",
)
