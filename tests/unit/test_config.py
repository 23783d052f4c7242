"""flatsplit.toml: read strictly, written completely, never overwritten."""

from __future__ import annotations

import dataclasses
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flatsplit.config import (
    Config,
    Gates,
    Grant,
    Locks,
    RoleNames,
    format_duration,
    format_name,
    load,
    parse,
    parse_duration,
    render,
    validate,
    write,
)
from flatsplit.errors import ConfigError
from tests.support.config import LEAST, SHOP


def names() -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=15)


def durations(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda ms: timedelta(milliseconds=ms))


def grants() -> st.SearchStrategy[tuple[Grant, ...]]:
    tables = st.lists(st.builds(format_name, names(), names()), max_size=3).map(tuple)
    routines = st.lists(st.builds(lambda a, b: format_name(a, b, args="integer"), names(), names())).map(tuple)
    return st.tuples(
        st.builds(Grant, st.just("app_user"), st.just("truncate"), tables),
        st.builds(Grant, st.just("app_user"), st.just("execute"), routines),
        st.builds(Grant, st.just("app_readonly"), st.just("select"), tables),
    ).map(lambda given: tuple(sorted(given, key=lambda one: one.purpose != "app_user")))


@st.composite
def configs(draw: st.DrawFn) -> Config:
    roles = draw(st.lists(names(), min_size=5, max_size=5, unique=True))
    dba = draw(st.sampled_from(["", roles[4]]))
    year = 366 * 86_400_000
    return Config(
        name=draw(names()),
        legacy_role=roles[0],
        schemas=tuple(draw(st.lists(names(), min_size=1, max_size=4, unique=True))),
        retire=draw(st.sampled_from(["revoke", "drop", "repurpose"])),
        database_owner=draw(st.sampled_from(["app_migrator", "keep"])),
        roles=RoleNames(roles[1], roles[2], roles[3], dba, dba_login=draw(st.booleans())),
        gates=Gates(
            draw(durations(0, year)),
            draw(durations(0, year)),
            draw(st.booleans()),
            draw(durations(1, year)),
            draw(st.sampled_from(["advised", "required", "off"])),
            draw(durations(1, year)),
        ),
        locks=Locks(draw(durations(1, 999)), draw(durations(0, year)), draw(durations(1, year))),
        auth=draw(st.sampled_from(["password", "external"])),
        grants=draw(grants()),
    )


@given(configs())
def test_what_is_written_is_read_back(config: Config) -> None:
    try:
        validate(config)
    except ConfigError:
        assume(False)  # the names happen to be reserved
    text = render(config)
    assert parse(text) == config
    # no name breaks out of its line: bidi marks, line separators and controls are escapes
    assert len(text.splitlines()) == len(render(SHOP).splitlines()) + 7


def test_every_key_stands_there_once_and_none_is_commented_out() -> None:
    text = render(SHOP)
    keys = [line.split(" = ")[0] for line in text.splitlines() if " = " in line]
    expected = [key for section in tomllib.loads(text).values() for key in section]
    assert keys == expected
    assert len(set(keys)) == len(keys) == 22
    assert not [line for line in text.splitlines() if line.startswith("#")]


def test_the_file_as_init_writes_it() -> None:
    assert 'schemas = ["public"]              # resolved at init\n' in render(SHOP)
    assert 'drain = "24h"                     # legacy unseen' in render(SHOP)


def test_left_out_keys_have_the_documented_defaults() -> None:
    assert parse(LEAST) == SHOP


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0s", timedelta()),
        ("200ms", timedelta(milliseconds=200)),
        ("10m", timedelta(minutes=10)),
        ("24h", timedelta(days=1)),
        ("7d", timedelta(days=7)),
        ("1h30m", timedelta(minutes=90)),
        ("1d2h3m4s5ms", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
    ],
)
def test_durations(text: str, value: timedelta) -> None:
    assert parse_duration(text) == value
    assert parse_duration(format_duration(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "7 d",
        " 7d",
        "7d\n",
        "-7d",
        "+7d",
        "1.5h",
        "7D",
        "30m1h",
        "1h1h",
        "h",
        "7days",
        "٣d",
        "999999999d",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def with_line(section: str, line: str) -> str:
    """LEAST with one line put into (or replaced in) a section."""
    key = line.split(" ")[0]
    body = "\n".join(old for old in LEAST.splitlines() if not old.startswith(f"{key} "))
    return body.replace("[cutover]", f"[cutover]\n{line}") if section == "cutover" else f"{body}\n[{section}]\n{line}\n"


@pytest.mark.parametrize(
    ("section", "line", "what", "fix"),
    [
        ("gates", 'soka = "7d"', "unknown key [gates] soka", "did you mean soak?"),
        ("gates", "x = 1", "unknown key [gates] x", "known are drain, soak, largest_hole, rehearsal, rehearsal_age"),
        ("gate", 'soak = "7d"', "unknown section [gate]", "did you mean [gates]?"),
        (
            "gates",
            'lock_timeout = "1ms"',
            "[gates] lock_timeout is in the wrong section",
            "move it to [locks]",
        ),
        ("gates", 'soak = "7 days"', '[gates] soak = "7 days" is not a duration', '"7d"'),
        ("gates", "soak = 7", "[gates] soak = 7 is not a duration", '"7d"'),
        (
            "gates",
            'require_approval = "yes"',
            'require_approval = "yes" is neither true nor false',
            "without quotes",
        ),
        ("cutover", "name = 1", "[cutover] name = 1 is not a string", "double quotes"),
        ("cutover", 'name = ""', "[cutover] name is empty", "name the cutover"),
        ("cutover", 'schemas = "public"', "[cutover] schemas", '["public", "shop"]'),
        ("cutover", "schemas = []", "[cutover] schemas is empty", '["public"]'),
        ("cutover", "schemas = [1]", "[cutover] schemas = [1] is not a list of names", "write it like"),
        ("cutover", 'schemas = ["a", "a"]', '[cutover] schemas names "a" twice', "once"),
        (
            "cutover",
            'schemas = ["pg_catalog"]',
            '[cutover] schemas = "pg_catalog" is reserved',
            "another schema",
        ),
        (
            "cutover",
            'schemas = ["flatsplit"]',
            '[cutover] schemas = "flatsplit" is reserved',
            "another schema",
        ),
        ("cutover", 'retire = "delete"', '[cutover] retire = "delete"', '"revoke", "drop", "repurpose"'),
        ("cutover", "retire = []", "[cutover] retire = [] is not one of its values", '"revoke"'),
        ("cutover", 'legacy_role = ""', "[cutover] legacy_role is empty", "give the role a name"),
        ("cutover", 'legacy_role = "a\\u0000b"', "[cutover] legacy_role holds a NUL", "correct the name"),
        ("roles", 'app_user = "shop"', '[roles] app_user = "shop" is also legacy_role', "name of its own"),
        ("roles", 'app_user = "dba"', '[roles] dba = "dba" is also app_user', "name of its own"),
        ("roles", 'app_user = ""', "[roles] app_user is empty", "give the role a name"),
        ("roles", 'app_user = "pg_app"', '[roles] app_user = "pg_app" is reserved', "another role"),
        ("roles", 'app_user = "public"', '[roles] app_user = "public" is reserved', "another role"),
        ("roles", f'app_user = "{"é" * 32}"', "is 64 bytes long, PostgreSQL keeps 63", "shorten the name"),
        ("roles", "dba_login = 1", "[roles] dba_login = 1 is neither true nor false", "true or false"),
        ("roles", 'auth = "md5"', '[roles] auth = "md5" is not one of its values', '"password", "external"'),
        ("locks", 'lock_timeout = "0s"', "[locks] lock_timeout is not above 0", '"200ms"'),
        ("locks", 'lock_timeout = "1s"', "[locks] lock_timeout is not above 0 and below", '"200ms"'),
        ("locks", 'max_replication_lag = "0s"', "[locks] max_replication_lag is not above 0", '"10s"'),
    ],
)
def test_mistakes_name_file_key_and_fix(section: str, line: str, what: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(with_line(section, line), "a/b.toml")
    assert caught.value.what.startswith("a/b.toml: ")
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert "\n" not in caught.value.what + caught.value.fix


@pytest.mark.parametrize("key", ["name", "legacy_role", "schemas"])
def test_missing_keys(key: str) -> None:
    text = "\n".join(line for line in LEAST.splitlines() if not line.startswith(f"{key} "))
    with pytest.raises(ConfigError, match=rf"\[cutover\] {key} is missing"):
        parse(text)


def test_a_dba_that_is_left_out_cannot_own_the_database() -> None:
    without = dataclasses.replace(SHOP, database_owner="dba", roles=RoleNames(dba=""))
    with pytest.raises(ConfigError, match="no such role"):
        validate(without)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"[cutover\n", "broken TOML: expected"),
        (b"name = 1\nname = 2\n", "broken TOML"),
        (b"a = " + b"[" * 100_000, "broken TOML: too deeply nested"),
        (b"\xff\xfe", "not UTF-8"),
        (b"cutover = 1", "cutover is a value, not a section"),
        (b"[[cutover]]\nname = 'x'", "cutover is a value, not a section"),
    ],
)
def test_broken_files(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "flatsplit.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.what.startswith(f"{path}: {what}")
    assert caught.value.fix


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file") as caught:
        load(tmp_path / "none.toml")
    assert "flatsplit init --legacy-role" in caught.value.fix
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "flatsplit.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load(path) == SHOP


def test_writing_keeps_what_says_the_same_and_refuses_what_does_not(tmp_path: Path) -> None:
    path = tmp_path / "flatsplit.toml"
    write(SHOP, path)
    assert path.read_text(encoding="utf-8") == render(SHOP)
    commented = render(SHOP) + "# note of an operator\n"
    path.write_text(commented, encoding="utf-8")
    write(SHOP, path)
    with pytest.raises(ConfigError, match="says something else"):
        write(dataclasses.replace(SHOP, name="other"), path)
    assert path.read_text(encoding="utf-8") == commented
    assert [entry.name for entry in tmp_path.iterdir()] == ["flatsplit.toml"]


def test_writing_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write(SHOP, tmp_path / "missing" / "flatsplit.toml")


def test_a_config_that_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is empty"):
        write(dataclasses.replace(SHOP, schemas=()), tmp_path / "flatsplit.toml")
    assert not list(tmp_path.iterdir())


def test_role_names() -> None:
    roles = RoleNames()
    assert roles.new == roles.login == ("app_user", "app_migrator", "app_readonly", "dba")
    assert dataclasses.replace(roles, dba_login=False).login == ("app_user", "app_migrator", "app_readonly")
    without = dataclasses.replace(roles, dba="")
    assert without.new == without.login == ("app_user", "app_migrator", "app_readonly")
    assert RoleNames("a", "b", "c", "d").purpose("b") == "app_migrator"
    assert without.purpose("") == without.purpose("x") == ""
