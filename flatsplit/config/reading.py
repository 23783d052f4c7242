"""From TOML text to a Config, strictly: a typing error must never be a silent default."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from flatsplit.config import accept, grants, owner_powers, people, rotation, set_role, special, tenants, trail
from flatsplit.config.checks import show, validate
from flatsplit.config.text import parse_duration
from flatsplit.config.values import PURPOSES, SECTIONS, Config, Gates, Locks, RoleNames
from flatsplit.errors import ConfigError

_REQUIRED = ("name", "legacy_role", "schemas")


def load(path: Path) -> Config:
    """Read and check the file; every ConfigError names it."""
    config = parse(_text(path), str(path))
    special.refuse_secrets(config.special, str(path))
    return config


def document(path: Path) -> dict[str, Any]:
    """The sections of a file that could be loaded, as they stand there."""
    return tomllib.loads(_text(path))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file",
            "run `flatsplit init --legacy-role ROLE` first, or point to the file with --config",
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start})", "save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})", "give a readable file with --config") from None


def parse(text: str, source: str = "flatsplit.toml") -> Config:
    """The Config of this TOML text; ``source`` is the file to name in errors."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        why = "too deeply nested" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(
            f"{source}: broken TOML: {why[:1].lower()}{why[1:]}",
            "correct that place; strings stand in double quotes",
        ) from None
    values: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    specials = special.read(document.pop("role", {}), source)
    extra = grants.read(document.pop("grants", {}), source, (*PURPOSES, *(one.name for one in specials)))
    accepted = accept.read(document.pop("hazards", {}), source)
    members = people.read_members(document.pop("members", {}), source, PURPOSES)
    persons = people.read_people(document.pop("people", {}), source, PURPOSES)
    become = set_role.read(document.pop("become", {}), source, PURPOSES)
    groups = people.read_groups(document.pop("group", {}), source, PURPOSES)
    rotating = rotation.read(document.pop("rotation", {}), source)
    decided = owner_powers.read(document.pop("owner-powers", {}), source)
    multitenant = tenants.read(document.pop("tenants", None), source)
    wishes = trail.read(document.pop("trail", {}), source)
    for section, content in document.items():
        if not isinstance(content, dict) and section not in SECTIONS:
            home = next((known for known, keys in SECTIONS.items() if section in keys), "cutover")
            raise ConfigError(
                f"{source}: {section} stands above the first section", f"write it under its section, such as [{home}]"
            )
        if section not in SECTIONS:
            raise _unknown(source, f"section [{section}]", section, SECTIONS, "[{}]")
        if not isinstance(content, dict):
            raise ConfigError(f"{source}: {section} is a value, not a section", f"write [{section}] above its keys")
        for key, value in content.items():
            if key not in SECTIONS[section]:
                raise _unknown_key(source, section, key)
            values[section][key] = _value(value, SECTIONS[section][key], f"{source}: [{section}] {key}")
    cutover = values["cutover"]
    for key in _REQUIRED:
        if key not in cutover:
            example = '["public"]' if key == "schemas" else '"shop"'
            raise ConfigError(f"{source}: [cutover] {key} is missing", f"add {key} = {example} under [cutover]")
    roles = values["roles"]
    auth = roles.pop("auth", "password")
    config = Config(
        **cutover,
        roles=RoleNames(**roles),
        gates=Gates(**values["gates"]),
        locks=Locks(**values["locks"]),
        auth=auth,
        allow_new_objects=values["approval"].get("allow_new_objects", False),
        grants=extra,
        powers=decided,
        accept=accepted,
        members=members,
        groups=groups,
        people=persons,
        become=become,
        tenants=multitenant,
        special=specials,
        rotation=rotating,
        trail=wishes,
    )
    validate(config, source)
    return config


def _unknown(source: str, what: str, word: str, known: Collection[str], shape: str) -> ConfigError:
    near = difflib.get_close_matches(word, known, 1)
    fix = f"did you mean {shape.format(near[0])}?" if near else f"known are {', '.join(map(shape.format, known))}"
    return ConfigError(f"{source}: unknown {what}", fix)


def _unknown_key(source: str, section: str, key: str) -> ConfigError:
    home = next((other for other, keys in SECTIONS.items() if key in keys), None)
    if home:
        return ConfigError(f"{source}: [{section}] {key} is in the wrong section", f"move it to [{home}]")
    return _unknown(source, f"key [{section}] {key}", key, SECTIONS[section], "{}")


def _value(value: Any, kind: Any, where: str) -> Any:
    """The TOML value as the type that Config wants."""
    if isinstance(kind, tuple):
        if value not in kind or not isinstance(value, str):
            raise ConfigError(f"{where} = {show(value)} is not one of its values", f"use {_either(kind)}")
    elif kind is bool:
        if not isinstance(value, bool):
            raise ConfigError(
                f"{where} = {show(value)} is neither true nor false", "write true or false, without quotes"
            )
    elif kind is timedelta:
        try:
            return parse_duration(value if isinstance(value, str) else "")
        except ValueError:
            raise ConfigError(
                f"{where} = {show(value)} is not a duration",
                'write it like "200ms", "10m", "24h", "7d" or "1h30m"',
            ) from None
    elif kind is list:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{where} = {show(value)} is not a list of names", 'write it like ["public", "shop"]')
        return tuple(value)
    elif not isinstance(value, str):
        raise ConfigError(f"{where} = {show(value)} is not a string", "put it in double quotes")
    return value


def _either(words: Collection[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
