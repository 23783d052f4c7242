"""The fixtures are plugins, one file per theme; look there for what they give."""

pytest_plugins = (
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.cli",
)
