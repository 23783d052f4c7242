"""Settings that hold secrets: what is known of their values, and how they are set without being known."""

import pytest

from flatsplit import ddl

KEY = "s3cr'et \\ %s"
NAMES = (
    "app.jwt_secret",
    "app.settings.jwt_secret",
    "Shop.Signing_KEY",
    "app.api_token",
    "app.key",
    "app.stripe_api_key",
    "my.password",
    "x.db_pwd",
)
PLAIN = ("search_path", "password_encryption", "app.tenant", "pgaudit.log", "plpgsql.check_asserts", "app.keyboard")


@pytest.mark.parametrize("name", NAMES)
def test_the_value_is_in_no_statement(name: str) -> None:
    shown = ddl.withheld(name, KEY)
    statement = ddl.set_setting("app_user", "shop", name, shown)

    assert "s3cr" not in shown + statement
    assert statement.startswith("DO ")
    assert ddl.withheld(name, shown) == shown
    assert ddl.withheld(name, KEY + "x") != shown
    # What is written in flatsplit.toml, or was recorded by an earlier release, is the same value
    assert ddl.same_setting(name, KEY, shown)
    assert not ddl.same_setting(name, KEY + "x", shown)
    assert not ddl.same_setting(name, None, shown)


@pytest.mark.parametrize("name", PLAIN)
def test_other_values_are_shown(name: str) -> None:
    assert ddl.withheld(name, "x") == "x"
    assert ddl.set_setting("app_user", "shop", name, "x").startswith("ALTER ROLE ")
