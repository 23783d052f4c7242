"""Settings that hold secrets: what is known of their values, and how they are set without being known."""

from pathlib import Path

import pytest

from flatsplit import ddl
from flatsplit.config import Special, load, parse
from flatsplit.config.special import refuse_secrets
from flatsplit.errors import ConfigError
from tests.support.config import LEAST

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


SHAPES = (
    *("sk_live_51HqLyjWDarjtT1z", "AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    *("glpat-ABCDEFGHIJKLMNOPQRST", "xoxb-17653672481-19874698323", "AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe"),
    *("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"),
    *("postgres://shop:geheim@db.internal/shop", "redis://:geheim@cache:6379", "host=db password=geheim user=shop"),
)


@pytest.mark.parametrize("value", SHAPES)
def test_a_value_of_a_known_shape_is_a_secret_under_any_name(value: str) -> None:
    for name in ("app.stripe", "search_path"):
        shown = ddl.withheld(name, value)
        assert value not in shown + ddl.set_setting("app_user", "shop", "app.stripe", shown)
        with pytest.raises(ConfigError, match=f"{name} is a secret"):
            refuse_secrets((Special("app_jobs", settings=((name, value),)),), "flatsplit.toml")


def test_the_file_says_no_secret(tmp_path: Path) -> None:
    """Plan, runbook and journal repeat what it says. What it said earlier is read from the journal all the same."""
    text = f'{LEAST}[role.app_jobs]\nsettings = {{ "app.jwt_secret" = "geheim" }}\n'
    (tmp_path / "flatsplit.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "flatsplit.toml")
    assert "geheim" not in raised.value.what + raised.value.fix
    assert parse(text, "the journal").special[0].settings == (("app.jwt_secret", "geheim"),)


@pytest.mark.parametrize(
    "value", ["1h", '"$user", public', "https://shop.example/a:b@c", "sk_rebuild_indexes", "en-US"]
)
def test_an_ordinary_value_is_shown(value: str) -> None:
    assert ddl.withheld("app.stripe", value) == value


@pytest.mark.parametrize("name", PLAIN)
def test_other_values_are_shown(name: str) -> None:
    assert ddl.withheld(name, "x") == "x"
    assert ddl.set_setting("app_user", "shop", name, "x").startswith("ALTER ROLE ")
