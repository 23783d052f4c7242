"""A State as rows of JSON and back, without loss.

Driven by the types in flatsplit.model: a field that a State gains there is kept without a change here, and rows that
were written before take its default. The placeholder for the owner holds a NUL, which jsonb cannot; it is written as
null in the place of a name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints

from flatsplit.model import OWNER, AclItem, State, Target, intern_acl

_Convert: TypeAlias = Callable[[Any], Any]
"""Any: one side is a value of a type known at run time only, the other is JSON."""


class Row(NamedTuple):
    """One fact: which mapping or set of the State it is in, its key and its value there, both as JSON text."""

    section: str
    key: str
    payload: str


def encode(state: State) -> Iterator[Row]:
    """The rows of a State, all but its target; keys and payloads of equal facts are equal text."""
    for section, (write_key, write_value) in _writers().items():
        content = getattr(state, section)
        items = content.items() if isinstance(content, Mapping) else ((key, None) for key in content)
        known: dict[Any, str] = {}  # 20,000 objects have a few hundred distinct facts
        for key, value in items:
            payload = known.get(value)
            if payload is None:
                payload = known[value] = _json(write_value(value))
            yield Row(section, _json(write_key(key)), payload)


def decode(target: Target, rows: Iterable[Row]) -> State:
    """The State that these rows describe. Sections that this version does not know are left out."""
    readers = _readers()
    found: dict[str, dict[Any, Any]] = {section: {} for section in readers}
    known: dict[tuple[str, str], Any] = {}
    loads = json.loads
    for section, key, payload in rows:
        if section not in readers:
            continue
        read_key, read_value = readers[section]
        value = known.get((section, payload), known)
        if value is known:
            value = known[section, payload] = read_value(loads(payload))
        found[section][read_key(loads(key))] = value
    return State(target, **{name: build(found[name]) for name, build in _containers().items()})


def canonical(text: str) -> str:
    """The same for equal JSON, however its author (or jsonb) laid it out."""
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def _sections() -> dict[str, tuple[Any, Any, _Convert]]:
    """Per field of State: type of the key, type of the value (None for a set), what makes the field of a dict."""
    hints = get_type_hints(State)
    sections: dict[str, tuple[Any, Any, _Convert]] = {}
    for name in (field.name for field in fields(State) if field.name != "target"):
        hint = hints[name]
        if get_origin(hint) is frozenset:
            sections[name] = (get_args(hint)[0], NoneType, frozenset)
        else:
            key, value = get_args(hint)
            sections[name] = (key, value, _same)
    return sections


@cache
def _containers() -> dict[str, _Convert]:
    return {name: build for name, (_, _, build) in _sections().items()}


@cache
def _writers() -> dict[str, tuple[_Convert, _Convert]]:
    return {name: (_writer(key), _top_writer(value)) for name, (key, value, _) in _sections().items()}


@cache
def _readers() -> dict[str, tuple[_Convert, _Convert]]:
    return {name: (_reader(key), _reader(value)) for name, (key, value, _) in _sections().items()}


def _same(value: Any) -> Any:
    return value


def _is_record(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")


def _top_writer(hint: Any) -> _Convert:
    """Like _writer, but with the names of the fields, for people who read the table."""
    if not _is_record(hint):
        return _writer(hint)
    named = [(name, _writer(part)) for name, part in get_type_hints(hint).items()]
    return lambda record: {name: write(part) for (name, write), part in zip(named, record, strict=True)}


def _writer(hint: Any) -> _Convert:
    if hint is str or get_origin(hint) is Literal:
        return lambda text: None if text == OWNER else text
    if _is_record(hint):
        writers = [_writer(part) for part in get_type_hints(hint).values()]
        return lambda record: [write(part) for write, part in zip(writers, record, strict=True)]
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if parts[-1] is Ellipsis:
            write_each = _writer(parts[0])
            return lambda items: [write_each(item) for item in items]
        each = [_writer(part) for part in parts]
        return lambda items: [write(item) for write, item in zip(each, items, strict=True)]
    if get_origin(hint) is frozenset:
        write_member = _writer(get_args(hint)[0])
        return lambda items: [write_member(item) for item in sorted(items)]
    return _plain(hint)


def _reader(hint: Any) -> _Convert:
    if hint is str or get_origin(hint) is Literal:
        return lambda text: OWNER if text is None else text
    if _is_record(hint):
        return _record_reader(hint)
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if parts[-1] is Ellipsis:
            read_each = _reader(parts[0])
            if parts[0] is AclItem:
                return lambda items: intern_acl(read_each(item) for item in items)
            return lambda items: tuple(read_each(item) for item in items)
        each = [_reader(part) for part in parts]
        return lambda items: tuple(read(item) for read, item in zip(each, items, strict=True))
    if get_origin(hint) is frozenset:
        read_member = _reader(get_args(hint)[0])
        return lambda items: frozenset(read_member(item) for item in items)
    return _plain(hint)


def _record_reader(kind: Any) -> _Convert:
    readers = {name: _reader(part) for name, part in get_type_hints(kind).items()}
    in_order = list(readers.values())

    def read(value: Any) -> Any:
        if isinstance(value, dict):
            return kind(**{name: readers[name](part) for name, part in value.items() if name in readers})
        return kind(*[convert(part) for convert, part in zip(in_order, value, strict=False)])

    return read


def _plain(hint: Any) -> _Convert:
    """Types that JSON has: numbers, truth values, and text that may be missing."""
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if not set(options) <= {str, int, bool, NoneType}:
        raise TypeError(f"the journal cannot keep a {hint}")
    return _same
